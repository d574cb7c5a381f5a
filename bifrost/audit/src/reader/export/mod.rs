//! Exports for other programs: CSV, JSON lines, and in-toto statements.

mod csv;
mod statement;

pub use csv::{acts_csv, deploys_csv};
pub use statement::{
    Envelope, EnvelopeSignature, PAYLOAD_TYPE, PREDICATE_TYPE, StatementError, StatementSigner, envelope, statement,
};

use bifrost_core::strip_control::escape_json;
use serde::Serialize;

/// One JSON value a line. Control characters are escaped.
#[must_use]
pub fn json_lines<T: Serialize>(rows: impl IntoIterator<Item = T>) -> String {
    // Rows have text, numbers and times only, so that they always are JSON.
    let lines = rows.into_iter().filter_map(|row| serde_json::to_string(&row).ok());
    lines.fold(String::new(), |all, line| all + &escape_json(line) + "\n")
}
