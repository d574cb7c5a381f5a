//! The Amazon States Language as data: paths, intrinsic functions, payload templates.

mod cursor;
pub mod intrinsic;
pub mod path;
pub mod template;

pub use intrinsic::{Intrinsic, IntrinsicError, IntrinsicFailure, Random};
pub use path::{Path, PathError, PathFailure, ReferencePath, ResultPathFailure, Scope};
pub use template::{Expression, ExpressionFailure, Template, TemplateError, TemplateFailure};
