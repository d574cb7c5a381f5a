//! From a template file to a release: what the client does before anything is uploaded.

mod attach;
mod opened;

pub use attach::{attach, units};
pub use opened::{Opened, Unread, read};
