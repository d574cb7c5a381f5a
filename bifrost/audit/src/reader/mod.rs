//! What auditors read: lists, the story of a deploy, comparisons, exports, samples, and reports.
//!
//! Everything comes from a [`LogSource`](crate::source::LogSource): the bucket, or a copy of it. Lists come from an [`Index`], which is
//! made from the log at will and is never the truth. What is shown is evidence only together with the result of
//! verification; this module does not check signatures.
//!
//! | module | contents |
//! | --- | --- |
//! | `rows` | what a list shows: [`Deploy`], [`Act`], and the [`Filter`] |
//! | `index` | the [`Index`] in SQLite |
//! | `show` | finds a deploy and reads its story |
//! | `chain` | the records of one execution, from their objects or the bundles of a copy: [`ExecutionRecords`] |
//! | `story` | the [`Story`] of a deploy, with its evidence |
//! | `diff` | the [`Comparison`] of two deploys |
//! | `sample` | a [`Sample`] that anybody can draw again |
//! | [`export`] | CSV, JSON lines, in-toto statements |
//! | `report` | the [`Report`] as one HTML file |
//! | `error` | [`IndexError`], [`ShowError`] |
//! | `plain_text` | wrapped text, times and durations |

mod chain;
mod diff;
mod error;
pub mod export;
mod index;
mod plain_text;
mod report;
mod rows;
mod sample;
mod show;
mod story;

pub use chain::{ExecutionRecords, StoredRecord};
pub use diff::{ChangeDifference, Comparison, Difference, SameValue};
pub use error::{IndexError, ShowError};
pub use index::{Index, Notice};
pub use plain_text::{counted, paragraph};
pub use report::{Report, VerificationResult};
pub use rows::{Act, CommittedRecord, Deploy, Filter, OutcomeFilter, Review, UnknownOutcome};
pub use sample::{Sample, SampledDeploy};
pub use show::{show, show_one};
pub use story::{CauseOf, Evidence, MayChange, RefusalReason, Step, Story, UnconcludedAttempt};

/// The JSON schema of records and entries, version 1.
pub const SCHEMA_V1: &str = include_str!("../../schema/record-v1.json");
