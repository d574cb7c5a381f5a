//! Makes rows of entries.

use super::{Index, people};
use crate::log::{self, SignedCheckpoint, TILE_HEIGHT, TILE_WIDTH, decode_bundle, next_head, tile_key};
use crate::reader::error::IndexError;
use crate::reader::rows::person_name;
use crate::source::{LogSource, SourceError};
use bifrost_core::audit::{EntryKind, LogEntry, SCHEMA};
use bifrost_core::cloud::LogHead;
use bifrost_core::json;
use futures_util::{StreamExt, TryStreamExt, stream};
use rusqlite::{Connection, named_params, params};
use serde::Deserialize;
use tlog_tiles::Tile;

/// How many objects are read at once.
const CONCURRENT: usize = 16;

/// Adds the entries after this head, and checks that they have the root of the checkpoint.
pub(super) async fn extend(
    index: &mut Index,
    source: &dyn LogSource,
    mut head: LogHead,
    to: &SignedCheckpoint,
) -> Result<LogHead, IndexError> {
    let mut people = Vec::new();
    for (number, entry) in index.sql(take_unread)? {
        people.extend(index.sql(|db| add_entry(db, number, &entry))?);
    }
    let first = if head.size < to.size { head.size / TILE_WIDTH } else { to.size.div_ceil(TILE_WIDTH) };
    let bundles = first..to.size.div_ceil(TILE_WIDTH);
    let mut bundles = stream::iter(bundles).map(|number| bundle(source, number, to.size)).buffered(CONCURRENT);
    while let Some((first, entries)) = bundles.try_next().await? {
        for (number, entry) in (first..).zip(&entries) {
            if number < head.size {
                continue;
            }
            head = next_head(&head, entry).map_err(SourceError::Cloud)?;
            people.extend(index.sql(|db| add_entry(db, number, entry))?);
        }
    }
    drop(bundles);
    let root = log::root(&head).map_err(SourceError::Cloud)?;
    if root != to.root {
        let (found, expected) = (root.to_string(), to.root.to_string());
        return Err(IndexError::RootDiffers { size: to.size, found, expected });
    }
    people::add(index, source, &people).await?;
    Ok(head)
}

/// The entries of the bundle with this number, and the index of the first.
async fn bundle(source: &dyn LogSource, number: u64, size: u64) -> Result<(u64, Vec<Vec<u8>>), IndexError> {
    let first = number * TILE_WIDTH;
    let width = (size - first).min(TILE_WIDTH);
    let key = |width: u64| tile_key(&Tile::new(TILE_HEIGHT, 0, number, u32::try_from(width).unwrap_or(u32::MAX), true));
    let mut keys = vec![key(width)];
    if width < TILE_WIDTH {
        // The copy may have been made while the log grew.
        keys.push(key(TILE_WIDTH));
    }
    for key in keys {
        let Some(body) = source.get(&key).await? else { continue };
        let damaged = |problem: String| IndexError::DamagedEntries { key: key.clone(), problem };
        let mut entries = decode_bundle(&body).map_err(|error| damaged(error.to_string()))?;
        let width = usize::try_from(width).unwrap_or(usize::MAX);
        if entries.len() < width {
            return Err(damaged(format!("it has {} entries, but the checkpoint counts {width}", entries.len())));
        }
        entries.truncate(width);
        return Ok((first, entries));
    }
    Err(IndexError::MissingEntries { key: key(width) })
}

/// Takes out entries of which something could not be read, so that they are read again.
fn take_unread(db: &Connection) -> rusqlite::Result<Vec<(u64, Vec<u8>)>> {
    let mut taken = db.prepare_cached("DELETE FROM unread RETURNING entry, body")?;
    let taken = taken.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let taken = taken.collect::<rusqlite::Result<Vec<(u64, Vec<u8>)>>>()?;
    for (number, _) in &taken {
        db.prepare_cached("DELETE FROM act WHERE entry = ?")?.execute([number])?;
        db.prepare_cached("DELETE FROM notice WHERE entry = ?")?.execute([number])?;
    }
    Ok(taken)
}

/// Notes an entry of which something could not be read.
pub(super) fn add_unread(db: &Connection, number: u64, entry: &[u8]) -> rusqlite::Result<usize> {
    db.prepare_cached("INSERT OR REPLACE INTO unread (entry, body) VALUES (?, ?)")?.execute(params![number, entry])
}

/// Adds an entry. Returns it if a person's record belongs to it.
fn add_entry(db: &Connection, number: u64, bytes: &[u8]) -> rusqlite::Result<Option<(u64, LogEntry)>> {
    let entry = match read_entry(bytes) {
        Ok(entry) => entry,
        Err(notice) => {
            db.prepare_cached("INSERT INTO notice (entry, text) VALUES (?, ?)")?.execute(params![number, notice])?;
            add_unread(db, number, bytes)?;
            return Ok(None);
        }
    };
    if matches!(entry.kind, EntryKind::Act | EntryKind::Review | EntryKind::Event) {
        return Ok(Some((number, entry)));
    }
    let chain = add_to_chain(db, number, &entry)?;
    let kind = kind_name(entry.kind);
    db.prepare_cached("INSERT INTO entry (number, chain, kind, record, sha256) VALUES (?, ?, ?, ?, ?)")?
        .execute(params![number, chain, kind, entry.number, entry.sha256.to_string()])?;
    Ok(None)
}

/// Reads an entry. The error is for people.
fn read_entry(bytes: &[u8]) -> Result<LogEntry, String> {
    #[derive(Deserialize)]
    struct Version {
        schema: u32,
    }
    match json::from_slice::<LogEntry>(bytes) {
        // SQLite has no larger numbers, and no chain has so many records.
        Ok(entry) if i64::try_from(entry.number).is_ok() => Ok(entry),
        _ => Err(match json::from_slice(bytes) {
            Ok(Version { schema }) if schema > SCHEMA => format!(
                "the entry has schema {schema}, and this program reads up to {SCHEMA}: use a later version to see it"
            ),
            _ => "the entry is not one of a deployer: run `bifrost audit verify`".to_owned(),
        }),
    }
}

/// The name of a kind in the index, as in an entry.
pub(super) fn kind_name(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Started => "started",
        EntryKind::Ended => "ended",
        EntryKind::Refused => "refused",
        EntryKind::Closed => "closed",
        EntryKind::Act => "act",
        EntryKind::Review => "review",
        EntryKind::Event => "event",
    }
}

// The record with the highest number decides on the outcome, except that a refused release stays refused when its execution ends
// cleanly. A closure with the recorded outcome only covers what an attempt recorded after the end.
const ADD_TO_CHAIN: &str = "
INSERT INTO chain (records, deployer, execution, release_id, release_sha256, project_name, config_name, aws_account_id, aws_region,
    started_by, person, time, started, ended, outcome, code, closed, start_entry, end_entry, end_record, record_count)
VALUES (:records, :deployer, :execution, :release_id, :release_sha256, :project_name, :config_name, :aws_account_id, :aws_region,
    :started_by, :person, :time, :started, :ended, :outcome, :code, :closed, :start_entry, :end_entry, :end_record, :number)
ON CONFLICT (records) DO UPDATE SET
    execution = coalesce(execution, excluded.execution),
    release_id = coalesce(release_id, excluded.release_id),
    release_sha256 = coalesce(release_sha256, excluded.release_sha256),
    project_name = coalesce(project_name, excluded.project_name),
    config_name = coalesce(config_name, excluded.config_name),
    aws_account_id = coalesce(aws_account_id, excluded.aws_account_id),
    aws_region = coalesce(aws_region, excluded.aws_region),
    started_by = coalesce(started_by, excluded.started_by),
    person = coalesce(person, excluded.person),
    time = CASE WHEN started IS NULL AND excluded.started IS NOT NULL THEN excluded.started ELSE time END,
    started = coalesce(started, excluded.started),
    start_entry = coalesce(start_entry, excluded.start_entry),
    ended = CASE WHEN excluded.end_record <= end_record OR excluded.closed AND outcome IS excluded.outcome
        THEN ended ELSE excluded.ended END,
    outcome = CASE WHEN excluded.end_record <= end_record OR outcome = 'Refused' AND excluded.outcome = 'FailureClean'
        THEN outcome ELSE excluded.outcome END,
    code = coalesce(excluded.code, code),
    closed = CASE WHEN excluded.end_record <= end_record OR excluded.closed AND outcome IS excluded.outcome
        THEN closed ELSE excluded.closed END,
    end_entry = CASE WHEN excluded.end_record > end_record THEN excluded.end_entry ELSE end_entry END,
    end_record = max(end_record, excluded.end_record),
    record_count = max(record_count, excluded.record_count)
RETURNING id";

fn add_to_chain(db: &Connection, number: u64, entry: &LogEntry) -> rusqlite::Result<i64> {
    let time = entry.time.timestamp_micros();
    let is_start = entry.kind == EntryKind::Started;
    let (started, start_entry) = (is_start.then_some(time), is_start.then_some(number));
    let (ended, end_entry) = ((!is_start).then_some(time), (!is_start).then_some(number));
    db.prepare_cached(ADD_TO_CHAIN)?.query_row(
        named_params! {
            ":records": entry.records,
            ":deployer": entry.deployer,
            ":execution": entry.execution,
            ":release_id": entry.release_id,
            ":release_sha256": entry.release_sha256.map(|hash| hash.to_string()),
            ":project_name": entry.project_name,
            ":config_name": entry.config_name,
            ":aws_account_id": entry.aws_account_id,
            ":aws_region": entry.aws_region,
            ":started_by": entry.started_by,
            ":person": entry.started_by.as_deref().map(|who| person_name(who).to_ascii_lowercase()),
            ":time": time,
            ":started": started,
            ":ended": ended,
            ":outcome": entry.outcome.map(bifrost_core::audit::Outcome::name),
            ":code": entry.code,
            ":closed": entry.kind == EntryKind::Closed,
            ":start_entry": start_entry,
            ":end_entry": end_entry,
            ":end_record": if is_start { 0 } else { entry.number },
            ":number": entry.number,
        },
        |row| row.get(0),
    )
}
