//! JSON as deployers need it: strict to read, exact to compare.
//!
//! - [`parse`] reads text from outside and refuses what is ambiguous, such as a key that stands twice.
//! - [`read`] turns a value into a Rust type; a [`ReadError`] knows the path and the kind of what is wrong.
//! - [`same`] compares values by meaning: `1` is `1.0`, and no digit is rounded away.
//! - [`size`] counts the bytes of a value's rendering without rendering it; [`exceeds`] holds them against a limit.

mod compare;
mod decimal;
mod parse;
mod path;
mod read;
mod refusal;
mod size;

pub use compare::{Difference, difference, same};
pub use parse::{ParseError, ParseProblem, parse};
pub use read::{read, read_members};
pub use refusal::{ReadError, ReadErrorKind};
pub use size::{exceeds, size};
