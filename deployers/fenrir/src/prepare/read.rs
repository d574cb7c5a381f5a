//! A template as a release.

use super::Opened;
use serde_json::{Map, Value};
use std::path::Path;

/// Reads a template, and gives the release that it says. Whether it keeps the rules is asked when its files are attached:
/// a deploy can be halted whose template does not.
///
/// # Errors
/// What keeps it from being read, with its lines.
pub fn read(file: &Path) -> Result<Map<String, Value>, String> {
    Opened::open(file).map_err(|unread| unread.to_string())?.release()
}
