//! From a template file to a release: what the client does before anything is uploaded.

mod attach;
mod opened;
mod read;
mod units;

pub use attach::attach;
pub use opened::{Opened, Unread};
pub use read::read;
pub use units::units;
