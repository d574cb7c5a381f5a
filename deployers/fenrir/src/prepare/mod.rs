//! From a template file to a release: what the client does before anything is uploaded.

mod attach;
mod template_file;

pub use attach::{attach, units};
pub use template_file::{Opened, TemplateFileError, read};
