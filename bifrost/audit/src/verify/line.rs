//! Records as a verification reads them: only what every record needs, because there are millions.

use super::entries::newer_schema;
use super::problem::Problem;
use bifrost_core::audit::{Record, SCHEMA};
use bifrost_core::json;
use bifrost_core::release::Sha256;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::borrow::Cow;

/// An object with records.
#[derive(Debug, Clone)]
pub(super) struct RecordObject {
    pub(super) key: String,
    /// Its number in the chain.
    pub(super) number: u32,
    pub(super) body: Vec<u8>,
}

/// What a verification reads of every record.
#[derive(Deserialize)]
struct Light<'l> {
    schema: u32,
    number: u64,
    #[serde(default)]
    previous: Option<Sha256>,
    #[serde(borrow)]
    kind: Cow<'l, str>,
    time: DateTime<Utc>,
}

/// The kinds of records that a verification distinguishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Start,
    Refusal,
    End,
    Closure,
    Act,
    ActResult,
    Review,
    Other,
}

impl Kind {
    fn of(name: &str) -> Self {
        match name {
            "start" => Self::Start,
            "refusal" => Self::Refusal,
            "end" => Self::End,
            "closure" => Self::Closure,
            "act" => Self::Act,
            "act_result" => Self::ActResult,
            "review" => Self::Review,
            _ => Self::Other,
        }
    }

    /// Whether the record says how the execution ended.
    pub(super) fn is_end(self) -> bool {
        matches!(self, Self::Refusal | Self::End | Self::Closure)
    }

    /// Whether the log has an entry for the record.
    pub(super) fn has_entry(self) -> bool {
        self != Self::Other
    }
}

/// A record in its place.
pub(super) struct Line<'b> {
    pub(super) bytes: &'b [u8],
    /// The index of its object.
    pub(super) object: usize,
    /// Its line, from 1.
    pub(super) at: usize,
    pub(super) sha256: Sha256,
    pub(super) number: u64,
    pub(super) previous: Option<Sha256>,
    pub(super) kind: Kind,
    pub(super) time: DateTime<Utc>,
    /// Whether attempts write such records until they end, and may do so after the execution has ended.
    pub(super) is_of_attempt: bool,
    /// Whether something before it could not be read, so that nothing is known about what it follows.
    pub(super) after_hole: bool,
}

impl<'b> Line<'b> {
    /// Reads a record.
    pub(super) fn read(bytes: &'b [u8], object: usize, line: usize) -> Result<Self, Problem> {
        match json::from_slice::<Light<'_>>(bytes) {
            Ok(light) if light.schema <= SCHEMA => Ok(Self {
                bytes,
                object,
                at: line,
                sha256: Sha256::of(bytes),
                number: light.number,
                previous: light.previous,
                kind: Kind::of(&light.kind),
                time: light.time,
                is_of_attempt: matches!(&*light.kind, "attempt" | "change" | "lock_freed" | "may_change"),
                after_hole: false,
            }),
            Ok(light) => Err(Problem::SchemaUnknown { found: light.schema.into(), known: SCHEMA }),
            Err(error) => Err(unreadable(bytes, &error)),
        }
    }

    /// Reads the whole record.
    pub(super) fn record(&self) -> Result<Record, Problem> {
        // Through a `Value`: enums that serde buffers cannot read numbers of arbitrary precision from text.
        let read = json::from_slice(self.bytes).and_then(json::from_value);
        read.map_err(|error| unreadable(self.bytes, &error))
    }

    /// The execution and the release that the record names.
    pub(super) fn subject(&self) -> (Option<String>, Option<String>) {
        #[derive(Deserialize)]
        struct Names {
            #[serde(default)]
            execution: Option<String>,
            #[serde(default)]
            release_id: Option<String>,
        }
        json::from_slice(self.bytes).map_or((None, None), |names: Names| (names.execution, names.release_id))
    }
}

fn unreadable(bytes: &[u8], error: &serde_json::Error) -> Problem {
    match newer_schema(bytes) {
        Some(found) => Problem::SchemaUnknown { found, known: SCHEMA },
        None => Problem::RecordMalformed(error.to_string()),
    }
}

/// The lines of an object. The problem of a line that cannot be read has its number.
pub(super) fn read_object<'b>(body: &'b [u8], object: usize, mut found: impl FnMut(usize, Result<Line<'b>, Problem>)) {
    let Some(whole) = body.strip_suffix(b"\n") else {
        let lines = body.split(|byte| *byte == b'\n').count();
        let problem = if body.is_empty() { "the object is empty" } else { "the object does not end with a line end" };
        // The lines before the last are whole.
        let before = body.iter().rposition(|byte| *byte == b'\n').and_then(|end| body.get(..end));
        if let Some(before) = before {
            let read = |(index, line)| found(index + 1, Line::read(line, object, index + 1));
            before.split(|byte| *byte == b'\n').enumerate().for_each(read);
        }
        return found(lines, Err(Problem::RecordMalformed(problem.into())));
    };
    for (index, line) in whole.split(|byte| *byte == b'\n').enumerate() {
        found(index + 1, Line::read(line, object, index + 1));
    }
}
