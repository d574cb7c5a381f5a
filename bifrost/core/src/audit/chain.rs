//! The chain of an execution's records: where it is stored, and how records are added to it.

use super::record::{Draft, Event, Record, SCHEMA};
use super::{AuditPorts, LogEntry, safe_text};
use crate::cloud::{CloudError, ErrorKind, PutNew};
use crate::release::Sha256;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// The largest object with records, in bytes. An attempt writes less than a thousandth of it.
pub const MAX_OBJECT_BYTES: u64 = 32 * 1024 * 1024;

/// The highest number of an object: keys have six digits.
const MAX_OBJECT: u32 = 999_999;

/// How many objects are listed at once: as many as S3 lists in one request.
const BLOCK: u32 = 1000;

/// How often a writer looks for the end of the chain again, because another attempt of the same execution wrote there.
const MAX_COLLISIONS: u32 = 8;

/// The records of an object with their exact bytes, without the line ends.
///
/// # Errors
/// The number of the line, from 1, that is no record, and what is wrong with it.
#[allow(clippy::type_complexity, reason = "each part is named in the line above")]
pub fn read_lines(body: &[u8]) -> Result<Vec<BorrowedLine<'_>>, (usize, serde_json::Error)> {
    let body = body.strip_suffix(b"\n").unwrap_or(body);
    let lines = body.split(|byte| *byte == b'\n').enumerate();
    // Through a `Value`: enums that serde buffers cannot read numbers of arbitrary precision from text.
    let read = |line: &[u8]| serde_json::from_slice(line).and_then(serde_json::from_value);
    lines.map(|(index, line)| Ok((read(line).map_err(|error| (index + 1, error))?, line))).collect()
}

/// How far back a writer looks for records that must not be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookBack {
    /// At all records of the chain: an earlier attempt, whose answer was lost, may have written any of them.
    All,
    /// At the objects that other attempts wrote since this attempt began, at this time.
    Since(DateTime<Utc>),
}

/// As [`Line`], with the bytes of an object.
type BorrowedLine<'b> = (Record, &'b [u8]);

/// A stored record with its exact bytes, without the line end.
type Line = (Record, Vec<u8>);

/// The chain of one execution, as one writer sees it.
///
/// Objects are numbered from 1 without gaps. An object that cannot be read is passed over: the records after it continue those before
/// it, and `audit verify` names the object.
pub struct Chain {
    ports: AuditPorts,
    dir: String,
    end: Option<ChainEnd>,
    /// Records that are not known to be stored.
    queue: Vec<Draft>,
    /// Stored records that the log is not known to have, if they get an entry.
    uncommitted: Vec<Line>,
}

/// The end of a chain.
#[derive(Debug, Clone, Default)]
struct ChainEnd {
    /// The number of its last object; 0 if there is none.
    object: u32,
    /// The number of the last object that can be read; 0 if there is none.
    readable: u32,
    /// The records of that object.
    last: Vec<Line>,
}

impl ChainEnd {
    /// The number of the next record, and the hash of the one before it.
    fn next(&self) -> (u64, Option<Sha256>) {
        self.last.last().map_or((1, None), |(record, line)| (record.number.saturating_add(1), Some(Sha256::of(line))))
    }
}

impl Chain {
    /// The chain in this directory. See [`execution_key`](super::execution_key).
    #[must_use]
    pub fn new(ports: AuditPorts, dir: String) -> Self {
        Self { ports, dir, end: None, queue: Vec::new(), uncommitted: Vec::new() }
    }

    /// Adds records, in one object. Where another attempt of the execution wrote at the same time, they come after its records.
    /// The start, a refusal and the end of the execution are left out if the chain has them already, as far as the writer looks back.
    ///
    /// If it fails, the records are kept in memory, and the next call adds them, too, unless they were stored after all.
    ///
    /// # Errors
    /// [`CloudError`] from S3; `AuditChainContended` or `AuditChainFull`.
    pub async fn add(&mut self, drafts: Vec<Draft>, look_back: LookBack) -> Result<(), CloudError> {
        self.queue.extend(drafts);
        for _ in 0..MAX_COLLISIONS {
            self.drop_repeated(look_back).await?;
            if self.queue.is_empty() || self.write().await? {
                return Ok(());
            }
        }
        Err(self.error("AuditChainContended", "other attempts of the execution write at the same time"))
    }

    /// Appends the entries of the records that were added, and of those that were left out, to the log.
    ///
    /// # Errors
    /// [`CloudError`] if it is not known whether the log has them.
    pub async fn commit(&mut self) -> Result<(), CloudError> {
        while let Some((record, line)) = self.uncommitted.first() {
            self.append(record, line).await?;
            self.uncommitted.remove(0);
        }
        Ok(())
    }

    /// Appends the entries of all records to the log, in case an earlier writer could not, and returns the records.
    ///
    /// # Errors
    /// [`CloudError`] from S3, or if it is not known whether the log has the entries.
    pub async fn commit_all(&mut self) -> Result<Vec<Record>, CloudError> {
        self.uncommitted = self.earlier(LookBack::All).await?;
        let records = self.uncommitted.iter().map(|(record, _)| record.clone()).collect();
        self.commit().await?;
        Ok(records)
    }

    /// Whether the chain has no records.
    ///
    /// # Errors
    /// [`CloudError`] from S3.
    pub async fn is_empty(&mut self) -> Result<bool, CloudError> {
        Ok(self.end().await?.object == 0)
    }

    /// The first record of the chain: the start of the execution, if it could be recorded.
    ///
    /// # Errors
    /// [`CloudError`] from S3.
    pub async fn first(&mut self) -> Result<Option<Record>, CloudError> {
        if self.is_empty().await? {
            return Ok(None);
        }
        Ok(self.object(1).await?.into_iter().next().map(|(record, _)| record))
    }

    async fn append(&self, record: &Record, line: &[u8]) -> Result<(), CloudError> {
        let Some(entry) = LogEntry::for_record(&self.dir, record, line) else { return Ok(()) };
        let appended = self.ports.log.append(&entry).await?;
        if let Some(error) = appended.unpublished {
            tracing::warn!(%error, index = appended.index, "the next writer of the audit log publishes this entry");
        }
        Ok(())
    }

    /// Writes the queue as the next object. Returns `false` if not all of it is stored, because another attempt wrote there.
    async fn write(&mut self) -> Result<bool, CloudError> {
        let end = self.end().await?.clone();
        let (object, added) = (end.object + 1, number(&end, &self.queue));
        if object > MAX_OBJECT {
            return Err(self.error("AuditChainFull", "the chain has the highest number of objects"));
        }
        let added = added.map_err(|error| self.error("AuditRecordInvalid", &error.to_string()))?;
        let (key, mut body) = (self.object_key(object), Vec::new());
        for (_, line) in &added {
            body.extend_from_slice(line);
            body.push(b'\n');
        }
        let stored = match self.ports.store.put_new(&key, body).await? {
            PutNew::Written => added.len(),
            // The answer to an earlier request may have been lost.
            PutNew::Exists => {
                self.ports.store.get(&key, MAX_OBJECT_BYTES).await.map_or_else(unless_too_large, |found| {
                    Ok(found.map_or(0, |found| lines_in_common(&found, &added)))
                })?
            }
        };
        if stored == 0 {
            self.end = None;
            return Ok(false);
        }
        self.queue.drain(..stored);
        let last: Vec<Line> = added.into_iter().take(stored).collect();
        self.uncommitted.extend(last.iter().cloned());
        self.end = Some(ChainEnd { object, readable: object, last });
        Ok(self.queue.is_empty())
    }

    /// Drops records from the queue that must not be repeated and are stored already.
    async fn drop_repeated(&mut self, look_back: LookBack) -> Result<(), CloudError> {
        if !self.queue.iter().any(|draft| is_unique(&draft.event)) {
            return Ok(());
        }
        // What could not be written before may be in the queue twice.
        let mut queue: Vec<Draft> = Vec::with_capacity(self.queue.len());
        for draft in self.queue.drain(..) {
            if !queue.iter().any(|earlier| repeats(&draft.event, &earlier.event)) {
                queue.push(draft);
            }
        }
        self.queue = queue;
        let earlier = self.earlier(look_back).await?;
        let stored_as = |draft: &Draft| earlier.iter().find(|(record, _)| repeats(&draft.event, &record.draft.event));
        self.uncommitted.extend(self.queue.iter().filter_map(stored_as).cloned());
        self.queue.retain(|draft| stored_as(draft).is_none());
        Ok(())
    }

    /// Earlier records, oldest first.
    async fn earlier(&mut self, look_back: LookBack) -> Result<Vec<Line>, CloudError> {
        let ChainEnd { readable, last, .. } = self.end().await?.clone();
        let (mut found, mut next) = (vec![last], readable);
        while next > 1 {
            let oldest = found.last().and_then(|lines| lines.first());
            if let (LookBack::Since(since), Some((record, _))) = (look_back, oldest)
                && record.draft.time < since
            {
                break;
            }
            next -= 1;
            found.push(self.object(next).await?);
        }
        found.reverse();
        Ok(found.concat())
    }

    /// Finds the end of the chain. The first call asks S3, later ones share its answer.
    async fn end(&mut self) -> Result<&ChainEnd, CloudError> {
        let end = match self.end.take() {
            Some(end) => end,
            None => self.find_end().await?,
        };
        Ok(self.end.insert(end))
    }

    async fn find_end(&self) -> Result<ChainEnd, CloudError> {
        let object = self.last_object().await?;
        let (mut readable, mut last) = (object, Vec::new());
        while readable > 0 {
            last = self.object(readable).await?;
            if !last.is_empty() {
                break;
            }
            readable -= 1;
        }
        Ok(ChainEnd { object, readable, last })
    }

    /// The number of the last object of the chain. An object after a gap is not part of it: nobody can end a chain by writing the highest
    /// number.
    ///
    /// A deploy of a day may have thousands of objects, so they are listed by thousands: those that may be the last.
    async fn last_object(&self) -> Result<u32, CloudError> {
        let mut last = self.run_in_block(0).await?;
        let (mut full, mut step) = (0, 1);
        while last == end_of_block(full) {
            let next = self.run_in_block(full + step).await?;
            if next > 0 && (step == 1 || self.run_in_block(full + step - 1).await? == end_of_block(full + step - 1)) {
                (last, full, step) = (next, full + step, step * 2);
            } else if step == 1 {
                break;
            } else {
                step = 1;
            }
        }
        Ok(last)
    }

    /// The last number of those in a block of a thousand numbers that follow each other from its start. 0 if there is none.
    async fn run_in_block(&self, block: u32) -> Result<u32, CloudError> {
        let first = (block * BLOCK).max(1);
        if first > MAX_OBJECT {
            return Ok(0);
        }
        let keys = self.ports.store.list(&format!("{}/{block:03}", self.dir)).await?;
        let numbers: BTreeSet<u32> =
            keys.iter().filter_map(|key| self.object_number(key)).filter(|number| *number >= first).collect();
        let run = (first..).zip(&numbers).take_while(|(expected, number)| expected == *number);
        Ok(run.last().map_or(0, |(number, _)| number))
    }

    /// The records of an object. None, if it does not exist, or somebody else wrote it.
    async fn object(&self, number: u32) -> Result<Vec<Line>, CloudError> {
        let key = self.object_key(number);
        let body = self.ports.store.get(&key, MAX_OBJECT_BYTES).await;
        let problem = match body {
            Ok(Some(body)) => match read_lines(&body) {
                Ok(lines) => return Ok(lines.into_iter().map(|(record, line)| (record, line.to_vec())).collect()),
                Err((line, error)) => format!("line {line} is not a record: {}", safe_text(&error.to_string())),
            },
            Ok(None) => "it does not exist".to_owned(),
            Err(error) if error.is_too_large() => error.message,
            Err(error) => return Err(error),
        };
        tracing::error!(%key, problem, "an object of the audit log is damaged; find out what happened with `audit verify`");
        Ok(Vec::new())
    }

    fn object_key(&self, number: u32) -> String {
        format!("{}/{number:06}", self.dir)
    }

    fn object_number(&self, key: &str) -> Option<u32> {
        let number = key.strip_prefix(&self.dir)?.strip_prefix('/')?;
        number.parse().ok().filter(|_| number.len() == 6 && number.bytes().all(|byte| byte.is_ascii_digit()))
    }

    fn error(&self, code: &str, message: &str) -> CloudError {
        CloudError {
            operation: "s3:PutObject",
            resource: self.dir.clone(),
            kind: ErrorKind::Conflict,
            code: code.into(),
            message: message.into(),
            request_id: None,
        }
    }
}

fn end_of_block(block: u32) -> u32 {
    block * BLOCK + (BLOCK - 1)
}

/// An object that is too large is not ours.
fn unless_too_large(error: CloudError) -> Result<usize, CloudError> {
    if error.is_too_large() { Ok(0) } else { Err(error) }
}

/// Gives drafts their places after the end of a chain.
fn number(end: &ChainEnd, drafts: &[Draft]) -> serde_json::Result<Vec<Line>> {
    let (mut next, mut previous) = end.next();
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
fn lines_in_common(found: &[u8], lines: &[Line]) -> usize {
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

/// Whether a chain has an event of this kind once.
fn is_unique(event: &Event) -> bool {
    matches!(event, Event::Start { .. } | Event::Refusal { .. } | Event::End { .. } | Event::Closure { .. })
}

/// Whether a chain that has the `stored` event must not have the `new` one.
fn repeats(new: &Event, stored: &Event) -> bool {
    match (new, stored) {
        // The name of an execution may be used again after 90 days, for another release.
        (Event::Start { release_sha256: new, .. }, Event::Start { release_sha256: stored, .. }) => {
            new.is_none() || new == stored
        }
        // An invocation that was given up does not refuse what went on without it.
        (Event::Refusal { .. }, Event::MayChange { .. } | Event::End { .. } | Event::Closure { .. }) => true,
        (
            Event::Refusal { state, error, code },
            Event::Refusal { state: stored_state, error: stored_error, code: stored_code },
        ) => (state, error, code) == (stored_state, stored_error, stored_code),
        (
            Event::End { outcome, .. } | Event::Closure { outcome, .. },
            Event::End { outcome: stored, .. } | Event::Closure { outcome: stored, .. },
        ) => outcome == stored,
        _ => false,
    }
}

#[cfg(test)]
#[path = "chain_tests.rs"]
mod tests;
