//! The chain of an execution's records: where it is stored, and how records are added to it.

mod lines;
mod place;
mod repeats;
#[cfg(test)]
mod tests;

pub use lines::read_lines;
pub use place::MAX_OBJECT_BYTES;
pub use repeats::is_name_used_again;
pub(crate) use repeats::since_last_start;

use super::record::{Draft, Record, SCHEMA};
use super::{AuditPorts, LogEntry};
use crate::cloud::{CloudError, ErrorKind, PutNew};
use chrono::{DateTime, Utc};
use lines::{Line, lines_in_common, number};
use place::{ChainEnd, MAX_OBJECT};
use repeats::{drop_doubled, is_unique, take_repeated};
use std::collections::VecDeque;

/// How often a writer looks for the end of the chain again, because another attempt of the same execution wrote there.
const MAX_COLLISIONS: u32 = 8;

/// How far back a writer looks for records that must not be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookBack {
    /// At all records of the chain: an earlier attempt, whose answer was lost, may have written any of them.
    All,
    /// At the objects that other attempts wrote since this attempt began, at this time.
    Since(DateTime<Utc>),
}

/// The chain of one execution, as one writer sees it.
///
/// Objects are numbered from 1 without gaps. An object that cannot be read is passed over: the records after it continue those before
/// it, and `audit verify` names the object. Records that a newer version of the deployer wrote are continued, and not understood.
///
/// An execution whose name is used again, when Step Functions has forgotten it, continues the chain with a second start.
pub struct Chain {
    ports: AuditPorts,
    dir: String,
    end: Option<ChainEnd>,
    /// Records that are not known to be stored.
    queue: Vec<Draft>,
    /// Stored records that the log is not known to have, if they get an entry.
    uncommitted: VecDeque<Line>,
}

impl Chain {
    /// The chain in this directory. See [`execution_key`](super::execution_key).
    #[must_use]
    pub fn new(ports: AuditPorts, dir: String) -> Self {
        Self { ports, dir, end: None, queue: Vec::new(), uncommitted: VecDeque::new() }
    }

    /// Adds records, in one object. Where another attempt of the execution wrote at the same time, they come after its records.
    /// The start, a refusal and the end of the execution are left out if the chain has them already, as far as the writer looks back; a
    /// closure only if no record follows the end that the chain has.
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
        while let Some((record, line)) = self.uncommitted.front() {
            self.append(record, line).await?;
            self.uncommitted.pop_front();
        }
        Ok(())
    }

    /// Appends the entries of all records to the log, in case an earlier writer could not, and returns the records.
    ///
    /// # Errors
    /// [`CloudError`] from S3, or if it is not known whether the log has the entries.
    pub async fn commit_all(&mut self) -> Result<Vec<Record>, CloudError> {
        self.uncommitted = self.earlier(LookBack::All).await?.into();
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

    /// The record with which the execution that runs at this time began: its start, if it could be recorded.
    ///
    /// # Errors
    /// [`CloudError`] from S3.
    pub async fn first(&mut self, now: DateTime<Utc>) -> Result<Option<Record>, CloudError> {
        if self.is_empty().await? {
            return Ok(None);
        }
        let first = self.object(1).await?.into_iter().next().map(|(record, _)| record);
        if first.as_ref().is_none_or(|first| !is_name_used_again(first.draft.time, now)) {
            return Ok(first);
        }
        let records = self.earlier(LookBack::All).await?;
        Ok(since_last_start(&records, |(record, _)| &record.draft.event).first().map(|(record, _)| record.clone()))
    }

    async fn append(&self, record: &Record, line: &[u8]) -> Result<(), CloudError> {
        // The entry of a newer record may have more than this version knows.
        let entry = LogEntry::for_record(&self.dir, record, line).filter(|_| record.schema <= SCHEMA);
        let Some(entry) = entry else { return Ok(()) };
        let appended = self.ports.log.append(&entry).await?;
        if let Some(error) = appended.unpublished {
            tracing::warn!(%error, index = appended.index, "the next writer of the audit log publishes this entry");
        }
        Ok(())
    }

    /// Writes the queue as the next object. Returns `false` if not all of it is stored, because another attempt wrote there.
    async fn write(&mut self) -> Result<bool, CloudError> {
        let end = self.end().await?.clone();
        let (object, added) = (end.object + 1, number(end.last.last(), &self.queue));
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
        drop_doubled(&mut self.queue);
        let earlier = self.earlier(look_back).await?;
        self.uncommitted.extend(take_repeated(&mut self.queue, &earlier));
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

/// An object that is too large is not ours.
fn unless_too_large(error: CloudError) -> Result<usize, CloudError> {
    if error.is_too_large() { Ok(0) } else { Err(error) }
}
