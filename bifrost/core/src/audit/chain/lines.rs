//! Records as lines of an object.

use crate::audit::record::{DeployerVersion, Draft, Event, Record, SCHEMA, Subject};
use crate::json;
use crate::release::Sha256;
use chrono::{DateTime, Utc};
use serde::Deserialize;

/// The records of an object with their exact bytes, without the line ends.
///
/// # Errors
/// The number of the line, from 1, that is no record, and what is wrong with it.
#[allow(clippy::type_complexity, reason = "each part is named in the line above")]
pub fn read_lines(body: &[u8]) -> Result<Vec<BorrowedLine<'_>>, (usize, serde_json::Error)> {
    split(body, read)
}

/// As [`read_lines`], for a writer. Of a record that a newer version wrote it reads only the number: all else may mean something that this
/// version does not know, and a writer that takes the record for damage continues the chain before it, and forks it.
pub(super) fn stored_lines(body: &[u8]) -> Result<Vec<Line>, (usize, serde_json::Error)> {
    let read = |line: &[u8]| newer(line).map_or_else(|| read(line), Ok);
    Ok(split(body, read)?.into_iter().map(|(record, line)| (record, line.to_vec())).collect())
}

/// As [`Line`], with the bytes of an object.
type BorrowedLine<'b> = (Record, &'b [u8]);

/// A stored record with its exact bytes, without the line end.
pub(super) type Line = (Record, Vec<u8>);

fn split(
    body: &[u8],
    read: impl Fn(&[u8]) -> serde_json::Result<Record>,
) -> Result<Vec<BorrowedLine<'_>>, (usize, serde_json::Error)> {
    let body = body.strip_suffix(b"\n").unwrap_or(body);
    let lines = body.split(|byte| *byte == b'\n').enumerate();
    lines.map(|(index, line)| Ok((read(line).map_err(|error| (index + 1, error))?, line))).collect()
}

fn read(line: &[u8]) -> serde_json::Result<Record> {
    // Through a `Value`: enums that serde buffers cannot read numbers of arbitrary precision from text.
    json::from_slice(line).and_then(json::from_value)
}

/// The place of a record that a newer version wrote. `None` if it did not.
fn newer(line: &[u8]) -> Option<Record> {
    #[derive(Deserialize)]
    struct Place {
        schema: u32,
        number: u64,
    }
    let Place { schema, number } = json::from_slice(line).ok().filter(|place: &Place| place.schema > SCHEMA)?;
    // No record is as late, so a search for records since some time does not stop here.
    let time = DateTime::<Utc>::MAX_UTC;
    let (deployer, subject) = (DeployerVersion::default(), Subject::default());
    Some(Record { schema, number, previous: None, draft: Draft { time, deployer, subject, event: Event::Unknown } })
}

/// Gives drafts their places after the record before them.
pub(super) fn number(last: Option<&Line>, drafts: &[Draft]) -> serde_json::Result<Vec<Line>> {
    let (mut next, mut previous) =
        last.map_or((1, None), |(record, line)| (record.number.saturating_add(1), Some(Sha256::of(line))));
    let mut added = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let record = Record { schema: SCHEMA, number: next, previous, draft: draft.clone() };
        let line = serde_json::to_vec(&record)?;
        (next, previous) = (next.saturating_add(1), Some(Sha256::of(&line)));
        added.push((record, line));
    }
    Ok(added)
}

/// How many of the lines an object has, if it has nothing else: an earlier request may have had fewer.
pub(super) fn lines_in_common(found: &[u8], lines: &[Line]) -> usize {
    let mut rest = found;
    for (index, (_, line)) in lines.iter().enumerate() {
        if rest.is_empty() {
            return index;
        }
        match rest.strip_prefix(line.as_slice()).and_then(|rest| rest.strip_prefix(b"\n")) {
            Some(after) => rest = after,
            None => return 0,
        }
    }
    if rest.is_empty() { lines.len() } else { 0 }
}
