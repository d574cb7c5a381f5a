//! The audit log: a Merkle log of entries in the formats of C2SP, its verification, and what auditors read.
//!
//! | module | contents |
//! | --- | --- |
//! | [`log`] | appends entries, publishes tiles and signs checkpoints |
//! | [`key`] | local keys, and the text formats of keys |
//! | [`memory`] | a log in memory: the state of bucket and table as one value |
//! | [`source`] | where a reader finds the objects of a log: in the bucket, or in a copy |
//! | [`policy`] | which keys may sign the checkpoints of a log |
//! | [`bundle`] | bundles of records, so that a reader need not fetch millions of objects |
//! | [`find`] | the end of one execution, without an index |
//! | [`receipt`] | proofs that the log has an entry, which verify without network |
//! | [`verify`] | verifies a whole log |
//! | `reader` | what auditors use: index, lists, exports and reports; needs feature `reader` |

pub mod bundle;
pub mod find;
pub mod key;
pub mod log;
pub mod memory;
pub mod policy;
#[cfg(feature = "reader")]
pub mod reader;
pub mod receipt;
pub mod source;
pub mod verify;

use bifrost_core::error_code::{Coded, ErrorCode};

/// The codes of the errors of this crate.
#[doc(hidden)]
pub const ERROR_CODES: &[&[ErrorCode]] = &[
    bundle::BundleMakeError::CODES,
    find::FindError::CODES,
    key::KeyError::CODES,
    policy::PolicyError::CODES,
    receipt::ReceiptError::CODES,
    receipt::ReceiptInvalid::CODES,
    source::SourceError::CODES,
    verify::Problem::CODES,
    verify::TreeProblem::CODES,
    verify::VerifyError::CODES,
    #[cfg(feature = "reader")]
    reader::IndexError::CODES,
    #[cfg(feature = "reader")]
    reader::ShowError::CODES,
    #[cfg(feature = "reader")]
    reader::export::StatementError::CODES,
];
