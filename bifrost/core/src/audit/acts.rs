//! The records of acts of people: one object and one entry each, beside the chains of executions.

use super::chain::{MAX_OBJECT_BYTES, read_lines};
use super::record::{Draft, Record, SCHEMA};
use super::{AuditPorts, LogEntry, damaged_log, safe_text};
use crate::cloud::{AuditStore, CloudError, ErrorKind, PutNew};
use crate::release::Sha256;
use chrono::{DateTime, NaiveDateTime, Utc};
use std::fmt;
use std::str::FromStr;

/// What the keys of these records begin with.
pub const PEOPLE: &str = "records/_people/";

/// What the key of a result has after the key of its act.
const RESULT: &str = "-result";

/// RFC 3339 in its basic form, in UTC: ids sort by time.
const TIME: &str = "%Y%m%dT%H%M%SZ";

/// How many hex digits follow the time.
const DIGITS: usize = 16;

/// The id of an act: `<time>-<16 hex digits>`, such as `20260301T120000Z-0123456789abcdef`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActId(String);

/// A text is not the id of an act.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the id of an act, such as 20260301T120000Z-0123456789abcdef")]
pub struct InvalidActId(String);

impl ActId {
    /// The id of an act at this time. The first bytes of the digest tell it from others in the same second: the digest is of
    /// something random, or of a request that must not be used twice.
    #[must_use]
    pub fn new(time: DateTime<Utc>, digest: &Sha256) -> Self {
        let digits: String = digest.to_string().chars().take(DIGITS).collect();
        Self(format!("{}-{digits}", time.format(TIME)))
    }

    /// The id of the act with this key. `None` for other keys, such as that of a result.
    #[must_use]
    pub fn of_key(key: &str) -> Option<Self> {
        key.strip_prefix(PEOPLE)?.parse().ok()
    }

    /// The key of the act's record, which is also the name of its chain in the log.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{PEOPLE}{self}")
    }

    /// The key of the record of how the act ended.
    #[must_use]
    pub fn result_key(&self) -> String {
        format!("{PEOPLE}{self}{RESULT}")
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ActId {
    type Err = InvalidActId;

    fn from_str(text: &str) -> Result<Self, InvalidActId> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let is_valid = text.split_once('-').is_some_and(|(time, digits)| {
            let parsed = NaiveDateTime::parse_from_str(time, TIME);
            // Parsing allows more than one form of a time, and keys must be unique.
            let is_time = parsed.is_ok_and(|parsed| parsed.format(TIME).to_string() == time);
            is_time && digits.len() == DIGITS && digits.bytes().all(is_digit)
        });
        if is_valid { Ok(Self(text.to_owned())) } else { Err(InvalidActId(safe_text(text))) }
    }
}

impl fmt::Display for ActId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The result of [`write_act`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ActWritten {
    /// The log has the record.
    Recorded,
    /// Another record has this key.
    Exists,
    /// The log does not have the record. Its object may exist: then `reconcile` appends the entry.
    Unrecorded {
        /// Whether the object exists.
        is_written: bool,
        /// Why.
        error: CloudError,
    },
}

/// Writes the record of an act, or of its result, and appends its entry.
pub(crate) async fn write_act(ports: &AuditPorts, key: &str, draft: Draft) -> ActWritten {
    let unwritten = |error| ActWritten::Unrecorded { is_written: false, error };
    let record = Record { schema: SCHEMA, number: 1, previous: None, draft };
    let line = match serde_json::to_vec(&record) {
        Ok(line) => line,
        Err(error) => return unwritten(damaged_log("s3:GetObject", key, &error.to_string())),
    };
    let mut body = line.clone();
    body.push(b'\n');
    let is_stored = || async {
        let found = ports.store.get(key, MAX_OBJECT_BYTES).await?;
        Ok::<_, CloudError>(found.is_some_and(|found| found == body))
    };
    let is_ours = match ports.store.put_new(key, body.clone()).await {
        Ok(PutNew::Written) => Ok(true),
        // The answer to an earlier request of this call may have been lost.
        Ok(PutNew::Exists) => is_stored().await,
        // All answers may have been lost.
        Err(error) if error.kind == ErrorKind::Unavailable => match is_stored().await {
            Ok(true) => Ok(true),
            _ => Err(error),
        },
        Err(error) => Err(error),
    };
    match is_ours {
        Ok(true) => {}
        Ok(false) => return ActWritten::Exists,
        Err(error) => return unwritten(error),
    }
    match append(ports, key, &record, &line).await {
        Ok(()) => ActWritten::Recorded,
        Err(error) => ActWritten::Unrecorded { is_written: true, error },
    }
}

async fn append(ports: &AuditPorts, key: &str, record: &Record, line: &[u8]) -> Result<(), CloudError> {
    let Some(entry) = LogEntry::for_record(key, record, line) else { return Ok(()) };
    ports.log.append(&entry).await.map(drop)
}

/// Appends the entry of the record with this key, in case its writer could not.
///
/// # Errors
/// [`CloudError`] if it is not known whether the log has it; `AuditLogDamaged` if the object is not one record.
pub(crate) async fn append_act(ports: &AuditPorts, key: &str) -> Result<(), CloudError> {
    let Some((record, line)) = read(ports.store.as_ref(), key).await? else { return Ok(()) };
    append(ports, key, &record, &line).await
}

/// The record of an act, or of its result. `None` if there is none with this key.
///
/// # Errors
/// [`CloudError`] from S3; `AuditLogDamaged` if the object is not one record.
pub async fn read_act(store: &dyn AuditStore, key: &str) -> Result<Option<Record>, CloudError> {
    Ok(read(store, key).await?.map(|(record, _)| record))
}

async fn read(store: &dyn AuditStore, key: &str) -> Result<Option<(Record, Vec<u8>)>, CloudError> {
    let Some(body) = store.get(key, MAX_OBJECT_BYTES).await? else { return Ok(None) };
    let lines = read_lines(&body)
        .map_err(|(line, error)| damaged_log("s3:GetObject", key, &format!("line {line}: {error}")))?;
    match <[_; 1]>::try_from(lines) {
        Ok([(record, line)]) => Ok(Some((record, line.to_vec()))),
        Err(lines) => Err(damaged_log("s3:GetObject", key, &format!("it has {} records instead of one", lines.len()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_has_time_and_digits() {
        let time = DateTime::from_timestamp(1_772_366_400, 999).unwrap();
        let id = ActId::new(time, &Sha256::of(b"request"));
        assert_eq!(id.as_str().len(), 33);
        assert!(id.as_str().starts_with("20260301T120000Z-"), "{id}");
        assert_eq!(ActId::of_key(&id.key()), Some(id.clone()));
        assert_eq!(ActId::of_key(&id.result_key()), None);
    }

    #[test]
    fn other_text_is_no_id() {
        for text in [
            "",
            "20260301T120000Z",
            "20260301T120000Z-0123456789abcde",
            "20260301T120000Z-0123456789ABCDEF",
            "20260301T120000Z-0123456789abcdef-result",
            "20261301T120000Z-0123456789abcdef",
            "+2026301T120000Z-0123456789abcdef",
            "../../etc/x-0123456789abcdef",
        ] {
            assert!(text.parse::<ActId>().is_err(), "{text}");
        }
    }
}
