//! A template as a release.

use super::Opened;
use serde_json::{Map, Value};
use std::io::{Write, stderr};
use std::path::Path;

/// Reads a template, holds it against all rules that need no AWS, and gives the release that it says. What its author should
/// know, and is no reason to refuse it, is told on standard error.
///
/// # Errors
/// All that is wrong with it, with its lines.
pub fn read(file: &Path) -> Result<Map<String, Value>, String> {
    let opened = Opened::open(file)?;
    let findings = opened.check().map_err(|error| error.to_string())?;
    let report = opened.report(&findings);
    if findings.refuse() {
        return Err(report);
    }
    // If nobody listens, nothing is lost that would stop the deploy.
    let _ = stderr().write_all(report.as_bytes());
    opened.release()
}
