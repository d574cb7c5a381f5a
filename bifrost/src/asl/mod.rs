//! The Amazon States Language as data: paths, intrinsic functions, payload templates.

pub mod intrinsic;
pub mod path;
mod syntax;
pub mod template;

pub use intrinsic::{Intrinsic, IntrinsicFailure, Random};
pub use path::{Path, PathFailure, ReferencePath, ResultPathFailure, Scope};
pub use syntax::SyntaxError;
pub use template::{Expression, ExpressionFailure, Template, TemplateError, TemplateFailure};
