//! A template as its author wrote it: a tree of values that know where they stand.
//!
//! A template is YAML or JSON in a file, or JSON in a release. Whichever it was, it becomes a [`Node`]: intrinsic functions
//! are in their long form (`{"Ref": …}`, `{"Fn::GetAtt": ["a", "b"]}`), also those that a short tag or, from the original's
//! client, a base64 text said.

mod finding;
mod nearest;
mod node;

pub use finding::{Finding, Findings, Severity};
pub use nearest::nearest;
pub use node::{Content, Entry, Intrinsic, Mapping, Node, Span};
