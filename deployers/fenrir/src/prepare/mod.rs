//! Turns a template file into a release, in the client and before the upload.

mod attach;
mod local_files;
mod template_file;

pub use attach::{AttachError, artifacts, attach};
pub use template_file::{Opened, RefusedTemplate, TemplateFileError, read, today};
