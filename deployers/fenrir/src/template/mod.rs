//! A template as its author wrote it: a tree of values that know where they stand.
//!
//! A template is YAML or JSON in a file, or JSON in a release. Whichever it was, it becomes a [`Node`]: intrinsic functions
//! are in their long form (`{"Ref": …}`, `{"Fn::GetAtt": ["a", "b"]}`), also those that a short tag or, from the original's
//! client, a base64 text said.

mod finding;
mod json;
mod node;
#[cfg(feature = "cli")]
mod report;
#[cfg(feature = "cli")]
mod scalar;
#[cfg(feature = "cli")]
mod source;
#[cfg(feature = "cli")]
mod yaml;

pub use finding::{Findings, Severity, TemplateFinding, nearest};
pub use json::of_release;
pub use node::{Content, Entry, Intrinsic, Mapping, Node, Span};
#[cfg(feature = "cli")]
pub use report::ReportStyle;
#[cfg(feature = "cli")]
pub use source::{OpenError, Source};
#[cfg(feature = "cli")]
pub use yaml::read;
