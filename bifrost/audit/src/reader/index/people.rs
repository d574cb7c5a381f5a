//! Acts of people, their results and reviews. Their entries do not have all of it, so that their records are read, too.

use super::Index;
use super::fill::add_unread;
use crate::reader::error::IndexError;
use crate::reader::rows::person_name;
use crate::source::{LogSource, SourceError};
use bifrost_core::audit::{EntryKind, Event, LogEntry, read_lines};
use bifrost_core::release::Sha256;
use futures_util::{StreamExt, TryStreamExt, stream};
use rusqlite::{Connection, named_params, params};

/// How many objects are read at once.
const CONCURRENT: usize = 16;

/// Adds acts, results and reviews.
pub(super) async fn add(
    index: &mut Index,
    source: &dyn LogSource,
    entries: &[(u64, LogEntry)],
) -> Result<(), IndexError> {
    let mut found = stream::iter(entries).map(|entry| read(source, entry)).buffered(CONCURRENT);
    while let Some((number, entry, event)) = found.try_next().await? {
        index.sql(|db| add_event(db, number, entry, event))?;
    }
    Ok(())
}

/// What the entry's record says; otherwise what is wrong with the record.
async fn read<'e>(
    source: &dyn LogSource,
    (number, entry): &'e (u64, LogEntry),
) -> Result<(u64, &'e LogEntry, Result<Event, &'static str>), SourceError> {
    let body = source.get(&entry.records).await?;
    Ok((*number, entry, body.ok_or("the record is missing").and_then(|body| event(&body, entry.sha256))))
}

fn event(body: &[u8], sha256: Sha256) -> Result<Event, &'static str> {
    let line = body.strip_suffix(b"\n").unwrap_or(body);
    if Sha256::of(line) != sha256 {
        return Err("the record is not the one to which the log commits");
    }
    let lines = read_lines(line).map_err(|_| "the record cannot be read: a later version may have written it")?;
    match <[_; 1]>::try_from(lines) {
        Ok([(record, _)]) => Ok(record.draft.event),
        Err(_) => Err("the object has more than one record"),
    }
}

fn add_event(
    db: &Connection,
    number: u64,
    entry: &LogEntry,
    event: Result<Event, &'static str>,
) -> rusqlite::Result<usize> {
    match (entry.kind, event) {
        (EntryKind::Act, Ok(event @ Event::Act { .. })) => add_act(db, number, entry, Ok(event)),
        (EntryKind::Act, Ok(_)) => add_act(db, number, entry, Err("the record is not an act")),
        (EntryKind::Act, Err(problem)) => add_act(db, number, entry, Err(problem)),
        (_, Ok(Event::Review { act, identity, confirmed, note, .. })) => db
            .prepare_cached(
                "INSERT INTO review (entry, act, time, identity, person, confirmed, note) VALUES (?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                number,
                act,
                entry.time.timestamp_micros(),
                identity,
                person_name(&identity).to_ascii_lowercase(),
                confirmed,
                note
            ]),
        (_, Ok(Event::ActResult { act, done, code })) => db
            .prepare_cached("INSERT INTO result (entry, act, done, code) VALUES (?, ?, ?, ?)")?
            .execute(params![number, act, done, code]),
        (_, event) => {
            let problem = event.err().unwrap_or("the record is of a kind that this program does not know");
            let text = format!("{}: {problem}; run `bifrost audit verify`", entry.records);
            add_unread(db, number, &serde_json::to_vec(entry).unwrap_or_default())?;
            db.prepare_cached("INSERT INTO notice (entry, text) VALUES (?, ?)")?.execute(params![number, text])
        }
    }
}

// An act cannot be read without its record, but its entry has who did what. It counts as one that must be reviewed.
fn add_act(
    db: &Connection,
    number: u64,
    entry: &LogEntry,
    event: Result<Event, &'static str>,
) -> rusqlite::Result<usize> {
    let problem = event.as_ref().err().copied();
    if problem.is_some() {
        add_unread(db, number, &serde_json::to_vec(entry).unwrap_or_default())?;
    }
    let (action, identity) = (entry.action.clone().unwrap_or_default(), entry.identity.clone().unwrap_or_default());
    let (action, identity, confirmed, reason, ticket, break_glass) = match event {
        Ok(Event::Act { action, identity, confirmed, reason, ticket, break_glass, .. }) => {
            (action, identity, Some(confirmed), reason, ticket, break_glass)
        }
        _ => (action, identity, None, None, None, true),
    };
    let id = entry.records.rsplit('/').next().unwrap_or_default();
    db.prepare_cached(
        "INSERT OR IGNORE INTO act (id, entry, sha256, time, deployer, release_id, project_name, config_name, aws_account_id, aws_region,
            action, identity, person, confirmed, reason, ticket, break_glass, problem)
        VALUES (:id, :entry, :sha256, :time, :deployer, :release_id, :project_name, :config_name, :aws_account_id, :aws_region,
            :action, :identity, :person, :confirmed, :reason, :ticket, :break_glass, :problem)",
    )?
    .execute(named_params! {
        ":id": id,
        ":entry": number,
        ":sha256": entry.sha256.to_string(),
        ":time": entry.time.timestamp_micros(),
        ":deployer": entry.deployer,
        ":release_id": entry.release_id,
        ":project_name": entry.project_name,
        ":config_name": entry.config_name,
        ":aws_account_id": entry.aws_account_id,
        ":aws_region": entry.aws_region,
        ":action": action,
        ":identity": identity,
        ":person": person_name(&identity).to_ascii_lowercase(),
        ":confirmed": confirmed,
        ":reason": reason,
        ":ticket": ticket,
        ":break_glass": break_glass,
        ":problem": problem,
    })
}
