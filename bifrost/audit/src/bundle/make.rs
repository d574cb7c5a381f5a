//! Makes the bundles of a day.

use super::{BUNDLE_BYTES, BUNDLES, read_bundle, write_line};
use crate::log::{MAX_BUNDLE_BYTES, SignedCheckpoint, TILE_HEIGHT, TILE_WIDTH, decode_bundle, tile_key};
use bifrost_core::audit::{EntryKind, LogEntry, read_lines};
use bifrost_core::cloud::{AuditStore, CloudError, PutNew};
use bifrost_core::error_code::Coded;
use bifrost_core::json;
use bifrost_core::release::Sha256;
use chrono::{Days, NaiveDate};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use std::collections::{BTreeMap, BTreeSet};
use tlog_tiles::Tile;

/// The largest object that is put into a bundle, in bytes. A larger one is read by itself.
const MAX_BUNDLED_BYTES: u64 = 4 * 1024 * 1024;

/// How many executions are read at once.
const AT_ONCE: usize = 8;

/// What [`make_bundles`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BundlesMade {
    /// The keys of the bundles that it wrote.
    pub written: Vec<String>,
    /// The executions in them.
    pub executions: u64,
    /// The executions that ended on that day and are not in a bundle, because an object is missing, too large, or not the one that the
    /// log committed to. A verification says more about them.
    pub skipped: u64,
}

/// The bundles of a day cannot be made.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub enum BundleMakeError {
    /// AWS refused a call.
    #[error(transparent)]
    #[code(source)]
    Cloud(#[from] CloudError),
}

/// The records with which executions ended on a day: directory of the chain, numbers and hashes.
type Ends = BTreeMap<String, Vec<(u64, Sha256)>>;

/// Writes the records of the executions that ended on this day, in UTC, into bundles. Call it when the day is over. If it runs again,
/// it adds only executions that no bundle of the day has.
///
/// # Errors
/// [`BundleMakeError`], if it is not known whether all bundles are written. Run it again.
pub async fn make_bundles(store: &dyn AuditStore, day: NaiveDate) -> Result<BundlesMade, BundleMakeError> {
    let mut ends = ended_on(store, day).await?;
    let prefix = format!("{BUNDLES}{day}/");
    let mut number: u32 = 0;
    for key in store.list(&prefix).await? {
        number = key.strip_prefix(&prefix).and_then(|name| name.parse::<u32>().ok()).unwrap_or_default().max(number);
        let Some(bundle) = store.get(&key, crate::source::MAX_READ_BYTES).await? else { continue };
        let dirs: BTreeSet<String> = read_bundle(&bundle).flatten().filter_map(|object| dir(&object.key)).collect();
        ends.retain(|dir, _| !dirs.contains(dir));
    }
    let mut made = BundlesMade::default();
    let mut writer = Writer { store, prefix, number, body: Vec::new(), executions: 0 };
    let lines = stream::iter(ends).map(|(dir, ends)| async move { lines(store, &dir, &ends).await });
    let mut lines = lines.buffered(AT_ONCE);
    while let Some(lines) = lines.try_next().await? {
        match lines {
            Some(lines) => writer.add(&lines, &mut made).await?,
            None => made.skipped += 1,
        }
    }
    writer.flush(&mut made).await?;
    Ok(made)
}

fn dir(key: &str) -> Option<String> {
    key.rsplit_once('/').map(|(dir, _)| dir.to_owned())
}

/// The executions that ended on a day, by the entries that are published.
async fn ended_on(store: &dyn AuditStore, day: NaiveDate) -> Result<Ends, CloudError> {
    let mut ends = Ends::new();
    let Some(checkpoint) = store.checkpoint().await? else { return Ok(ends) };
    let size = SignedCheckpoint::parse(&checkpoint.body).map_or(0, |checkpoint| checkpoint.size);
    // Entries are in the order of their appends, and an append may be late. Of executions that ended on the day, those with very late
    // entries are not found, and are read by themselves.
    let long_before = day.checked_sub_days(Days::new(1)).unwrap_or(day);
    for number in (0..size.div_ceil(TILE_WIDTH)).rev() {
        let entries = entries(store, number, size).await?;
        for entry in entries.iter().filter(|entry| entry.time.date_naive() == day) {
            if matches!(entry.kind, EntryKind::Ended | EntryKind::Closed | EntryKind::Refused) {
                ends.entry(entry.records.clone()).or_default().push((entry.number, entry.sha256));
            }
        }
        if !entries.is_empty() && entries.iter().all(|entry| entry.time.date_naive() < long_before) {
            break;
        }
    }
    Ok(ends)
}

async fn entries(store: &dyn AuditStore, number: u64, size: u64) -> Result<Vec<LogEntry>, CloudError> {
    let width = TILE_WIDTH.min(size - number * TILE_WIDTH);
    for width in [width, TILE_WIDTH] {
        let width = u32::try_from(width).unwrap_or(1);
        let key = tile_key(&Tile::new(TILE_HEIGHT, 0, number, width, true));
        if let Some(body) = store.get(&key, MAX_BUNDLE_BYTES).await? {
            let decoded = decode_bundle(&body).unwrap_or_default();
            return Ok(decoded.iter().filter_map(|entry| json::from_slice(entry).ok()).collect());
        }
    }
    Ok(Vec::new())
}

/// The lines of a chain for a bundle. `None` if it does not have the records with which it ended.
async fn lines(store: &dyn AuditStore, dir: &str, ends: &[(u64, Sha256)]) -> Result<Option<Vec<u8>>, CloudError> {
    let (mut lines, mut previous, mut found) = (Vec::new(), None, Vec::new());
    for key in store.list(&format!("{dir}/")).await? {
        let body = match store.get(&key, MAX_BUNDLED_BYTES).await {
            Ok(Some(body)) => body,
            Err(error) if !error.is_too_large() => return Err(error),
            _ => return Ok(None),
        };
        let Ok(records) = read_lines(&body) else { return Ok(None) };
        for (record, line) in records {
            if record.previous != previous {
                return Ok(None);
            }
            let sha256 = Sha256::of(line);
            found.push((record.number, sha256));
            previous = Some(sha256);
        }
        let Ok(line) = write_line(&key, &body) else { return Ok(None) };
        lines.extend(line);
    }
    Ok(ends.iter().all(|end| found.contains(end)).then_some(lines))
}

/// Writes bundles one after the other.
struct Writer<'s> {
    store: &'s dyn AuditStore,
    prefix: String,
    /// The number of the bundle before.
    number: u32,
    body: Vec<u8>,
    executions: u64,
}

impl Writer<'_> {
    /// Adds an execution, which is never split.
    async fn add(&mut self, lines: &[u8], made: &mut BundlesMade) -> Result<(), CloudError> {
        if self.body.len() + lines.len() > BUNDLE_BYTES {
            self.flush(made).await?;
        }
        self.body.extend_from_slice(lines);
        self.executions += 1;
        Ok(())
    }

    async fn flush(&mut self, made: &mut BundlesMade) -> Result<(), CloudError> {
        if self.body.is_empty() {
            return Ok(());
        }
        loop {
            self.number += 1;
            let key = format!("{}{:06}", self.prefix, self.number);
            match self.store.put_new(&key, self.body.clone()).await? {
                PutNew::Written => {
                    made.written.push(key);
                    break;
                }
                // Another writer was here, or the answer to an earlier request was lost.
                PutNew::Exists => {
                    if self.store.get(&key, crate::source::MAX_READ_BYTES).await?.as_ref() == Some(&self.body) {
                        break;
                    }
                }
            }
        }
        made.executions += std::mem::take(&mut self.executions);
        self.body.clear();
        Ok(())
    }
}
