//! Fenrir's own commands, beside those that every deployer has.

mod outputs;
mod package;
mod template_file;
mod validate;

pub use outputs::Outputs;
pub use package::Package;
pub use validate::Validate;
