//! Compares an entry with what its record says, field by field.

use super::VerifyError;
use super::entries::read_entry;
use super::problem::Problem;
use super::report::Finding;
use crate::source::LogSource;
use bifrost_core::audit::LogEntry;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// An entry whose bytes are not those that its record gives.
pub(super) struct Differing {
    pub(super) index: u32,
    pub(super) expected: LogEntry,
    /// The object and line of the record.
    pub(super) key: String,
    pub(super) line: usize,
}

/// Says in which fields an entry differs from what its record says. `None` if it only is written in another way.
pub(super) async fn compare(
    source: &dyn LogSource,
    size: u64,
    differing: Differing,
) -> Result<Option<Finding>, VerifyError> {
    let Differing { index, expected, key, line } = differing;
    let Some(found) = read_entry(source, index, size).await? else { return Ok(None) };
    let fields = |entry: &LogEntry| match serde_json::to_value(entry) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let (found, expected) = (fields(&found), fields(&expected));
    // A newer version may have written the entry again, with its own schema.
    let names =
        found.keys().chain(expected.keys()).filter(|name| *name != "schema" && found.get(*name) != expected.get(*name));
    let names: BTreeSet<&str> = names.map(String::as_str).collect();
    if names.is_empty() {
        return Ok(None);
    }
    let number = expected.get("number").and_then(Value::as_u64).unwrap_or_default();
    let fields = names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let problem = Problem::EntryForged { index: index.into(), number, fields };
    Ok(Some(Finding::at(&problem, &key).line(line).entry(index.into())))
}
