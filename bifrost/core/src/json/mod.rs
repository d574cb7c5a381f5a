//! JSON as deployers need it: strict to read, exact to compare.
//!
//! - [`parse`] parses text and refuses ambiguous documents, for example with the same key twice in an object.
//! - [`read`] turns a value into a Rust type. A [`ReadError`] has the path and the kind of fault.
//! - [`from_slice`] and [`from_value`] read what a program wrote as serde does, but, as [`read`], structs from objects only.
//! - [`same`] compares values by meaning: `1` equals `1.0`, and no digit is rounded.
//! - [`size`] counts the bytes of a serialized value without serializing it; [`exceeds`] compares them with a limit.

mod by_name;
mod compare;
mod decimal;
mod parse;
mod path;
mod read;
mod read_error;
mod size;
mod taken_out;

pub use by_name::{by_name, from_slice, from_value};
pub use compare::{Difference, difference, same};
pub use parse::{ParseError, ParseProblem, parse};
pub use read::{read, read_members};
pub use read_error::{ReadError, ReadErrorKind};
pub use size::{exceeds, size};
pub(crate) use taken_out::{TakenOut, Unused};
