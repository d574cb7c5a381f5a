//! Reads the records of one execution, as far as they can be read: from its objects, or from the bundles of a copy without them.

use crate::bundle::{BUNDLES, read_bundle};
use crate::source::{LogSource, SourceError};
use bifrost_core::audit::{Record, SCHEMA, read_lines};
use bifrost_core::json;
use bifrost_core::release::Sha256;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The records of one execution, as they are stored.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExecutionRecords {
    /// The records, in order.
    pub records: Vec<StoredRecord>,
    /// What is wrong with the chain, in the order of its objects.
    pub problems: Vec<String>,
}

/// A record and where it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRecord {
    /// The key of its object.
    pub key: String,
    /// Its line in the object, from 1.
    pub line: usize,
    /// The SHA-256 of its exact bytes.
    pub sha256: Sha256,
    /// The record.
    pub record: Record,
}

impl ExecutionRecords {
    /// Reads the records in this directory, `records/<deployer>/<execution>`. What cannot be read as a record is a problem, not an error.
    ///
    /// # Errors
    /// [`SourceError`].
    pub async fn read(source: &dyn LogSource, dir: &str) -> Result<Self, SourceError> {
        Self::read_bundled(source, dir, &mut BundledDay::default(), &[]).await
    }

    /// Reads them as [`read`](Self::read) does, or from the bundles of these days, if the copy does not have the directory.
    pub(super) async fn read_bundled(
        source: &dyn LogSource,
        dir: &str,
        bundles: &mut BundledDay,
        days: &[DateTime<Utc>],
    ) -> Result<Self, SourceError> {
        let prefix = format!("{dir}/");
        let mut objects = BTreeMap::new();
        for version in source.list(&prefix).await? {
            // The first version counts: nobody but its writer wrote it.
            if !version.is_delete_marker {
                objects.entry(version.key.clone()).or_insert(version);
            }
        }
        let mut all = Self::default();
        for (key, version) in &objects {
            match source.read(version).await? {
                Some(body) => all.add(key, &body),
                None => all.problems.push(format!("{key} was deleted while it was read")),
            }
        }
        let mut days = days.iter();
        while objects.is_empty() && all.records.is_empty() {
            let Some(day) = days.next() else {
                all.problems.push(format!("no records of this execution are in {dir}: the copy may be incomplete"));
                break;
            };
            for (key, body) in bundles.objects(source, *day, &prefix).await? {
                all.add(key, body);
            }
        }
        Ok(all)
    }

    /// Adds the lines of an object.
    fn add(&mut self, key: &str, body: &[u8]) {
        let body = body.strip_suffix(b"\n").unwrap_or(body);
        for (index, line) in body.split(|byte| *byte == b'\n').enumerate() {
            let sha256 = Sha256::of(line);
            let Ok(Some((record, _))) = read_lines(line).map(|mut lines| lines.pop()) else {
                self.problems.push(format!("{key}, line {}: {}", index + 1, unreadable(line)));
                continue;
            };
            self.check(key, index + 1, &record);
            self.records.push(StoredRecord { key: key.to_owned(), line: index + 1, sha256, record });
        }
    }

    fn check(&mut self, key: &str, line: usize, record: &Record) {
        let before = self.records.last();
        let (number, previous) = before.map_or((1, None), |it| (it.record.number.saturating_add(1), Some(it.sha256)));
        let problem = if record.number != number {
            format!("record {} follows where record {number} is expected", record.number)
        } else if record.previous != previous {
            format!("record {number} does not have the hash of the record before it")
        } else {
            return;
        };
        self.problems.push(format!("{key}, line {line}: {problem}"));
    }
}

/// Why a line is not a record that this program can read.
fn unreadable(line: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Version {
        schema: u32,
    }
    match json::from_slice(line) {
        Ok(Version { schema }) if schema > SCHEMA => {
            format!(
                "the record has schema {schema}, and this program reads up to {SCHEMA}: use a later version to see it"
            )
        }
        _ => "the line is not a record".to_owned(),
    }
}

/// The objects in the bundles of one day. They are kept, because stories of one day are often read one after the other.
#[derive(Debug, Default)]
pub(super) struct BundledDay {
    day: Option<NaiveDate>,
    objects: BTreeMap<String, Vec<u8>>,
}

impl BundledDay {
    /// The objects whose keys begin with the prefix, in the bundles of the day of this time.
    pub(super) async fn objects(
        &mut self,
        source: &dyn LogSource,
        time: DateTime<Utc>,
        prefix: &str,
    ) -> Result<impl Iterator<Item = (&String, &Vec<u8>)>, SourceError> {
        let day = time.date_naive();
        if self.day != Some(day) {
            *self = Self::default();
            for bundle in source.list(&format!("{BUNDLES}{}/", day.format("%Y-%m-%d"))).await? {
                let Some(body) = source.read(&bundle).await? else { continue };
                // Lines that cannot be read are for `verify`.
                for object in read_bundle(&body).flatten() {
                    self.objects.entry(object.key).or_insert(object.body);
                }
            }
            self.day = Some(day);
        }
        let from = self.objects.range(prefix.to_owned()..);
        Ok(from.take_while(move |(key, _)| key.starts_with(prefix)))
    }
}
