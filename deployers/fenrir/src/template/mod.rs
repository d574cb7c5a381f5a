//! Reads templates into a tree of values with their positions.
//!
//! A template is YAML or JSON in a file, or JSON in a release. Each of them becomes a [`Node`], in which intrinsic functions
//! have their long form (`{"Ref": …}`, `{"Fn::GetAtt": ["a", "b"]}`), whether they were written as a YAML tag or, by the
//! client of Go Fenrir, as base64.

mod codes;
#[cfg(feature = "cli")]
mod core_tag;
mod finding;
mod json;
#[cfg(feature = "cli")]
mod layout;
mod node;
#[cfg(feature = "cli")]
mod report;
#[cfg(feature = "cli")]
mod scalar;
#[cfg(feature = "cli")]
mod source;
#[cfg(feature = "cli")]
mod syntax;
#[cfg(feature = "cli")]
mod warnings;
#[cfg(feature = "cli")]
mod yaml;
#[cfg(feature = "cli")]
mod yaml_1_1;

pub use codes::FindingCode;
pub use finding::{Findings, Severity, TemplateFinding, nearest};
pub use json::of_release;
pub use node::{Content, Entry, Intrinsic, Mapping, Node, Span};
#[cfg(feature = "cli")]
pub use report::ReportStyle;
#[cfg(feature = "cli")]
pub use source::{OpenError, Source};
#[cfg(feature = "cli")]
pub use warnings::warnings;
#[cfg(feature = "cli")]
pub use yaml::read;
