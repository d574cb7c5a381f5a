//! The chain of an execution's records: where it is stored, and how records are added to it.

use super::record::{Draft, Record, SCHEMA};
use super::{AuditPorts, LogEntry, safe_text};
use crate::cloud::{CloudError, ErrorKind, PutNew};
use crate::release::Sha256;

/// The largest object with records, in bytes. An attempt writes less than a thousandth of it.
pub const MAX_OBJECT_BYTES: u64 = 32 * 1024 * 1024;

/// How often a writer looks for the end of the chain again, because another attempt of the same execution wrote there.
const MAX_COLLISIONS: u32 = 8;

/// The directory of an execution's records, `records/<deployer>/<execution name>`.
///
/// `arns` is what the ARNs of the deployer's executions begin with. An execution with another ARN, or whose name does not fit into a
/// key, gets a name that is made of its hash.
#[must_use]
pub fn execution_key(deployer: &str, arns: &str, execution: &str) -> String {
    let name = execution.strip_prefix(arns).filter(|name| is_safe(name));
    let name = name.map_or_else(|| hashed(execution), ToOwned::to_owned);
    format!("records/{deployer}/{name}")
}

fn hashed(execution: &str) -> String {
    let digest: String = Sha256::of(execution.as_bytes()).to_string().chars().take(40).collect();
    format!("_{digest}")
}

/// Names of executions may have more characters, but our clients use only these.
fn is_safe(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "+-=._@".contains(c);
    !name.is_empty() && name.len() <= 80 && !name.starts_with(['_', '.']) && name.chars().all(is_plain)
}

/// The records of an object with their exact bytes, without the line ends.
///
/// # Errors
/// The number of the line, from 1, that is no record, and what is wrong with it.
pub fn read_lines(body: &[u8]) -> Result<Vec<(Record, &[u8])>, (usize, serde_json::Error)> {
    let body = body.strip_suffix(b"\n").unwrap_or(body);
    let lines = body.split(|byte| *byte == b'\n').enumerate();
    // Through a `Value`: enums that serde buffers cannot read numbers of arbitrary precision from text.
    let read = |line: &[u8]| serde_json::from_slice(line).and_then(serde_json::from_value);
    lines.map(|(index, line)| Ok((read(line).map_err(|error| (index + 1, error))?, line))).collect()
}

/// The chain of one execution, as one attempt writes it.
pub struct Chain {
    ports: AuditPorts,
    dir: String,
    end: Option<ChainEnd>,
}

/// The end of a chain.
#[derive(Debug, Clone, Default)]
struct ChainEnd {
    /// The number of its last object; 0 if there is none.
    object: u32,
    /// The records of that object, with their lines.
    last: Vec<(Record, Vec<u8>)>,
}

impl ChainEnd {
    /// The number of the next record, and the hash of the one before it.
    fn next(&self) -> (u64, Option<Sha256>) {
        self.last.last().map_or((1, None), |(record, line)| (record.number + 1, Some(Sha256::of(line))))
    }
}

impl Chain {
    /// The chain in this directory.
    #[must_use]
    pub fn new(ports: AuditPorts, dir: String) -> Self {
        Self { ports, dir, end: None }
    }

    /// Adds records, in one object. Where another attempt of the execution wrote at the same time, they come after its records.
    ///
    /// # Errors
    /// [`CloudError`] from S3, or `AuditLogDamaged` if the chain's last object cannot be read.
    pub async fn add(&mut self, drafts: &[Draft]) -> Result<(), CloudError> {
        for _ in 0..MAX_COLLISIONS {
            let end = self.end().await?;
            let (object, added) = (end.object, number(end, drafts));
            let added = added.map_err(|error| self.damaged(object, &error.to_string()))?;
            let (object, mut body) = (object + 1, Vec::new());
            for (_, line) in &added {
                body.extend_from_slice(line);
                body.push(b'\n');
            }
            let key = self.object_key(object);
            let is_ours = match self.ports.store.put_new(&key, body.clone()).await? {
                PutNew::Written => true,
                // The answer to an earlier request may have been lost.
                PutNew::Exists => self.ports.store.get(&key, MAX_OBJECT_BYTES).await?.is_some_and(|found| found == body),
            };
            if is_ours {
                self.end = Some(ChainEnd { object, last: added });
                return Ok(());
            }
            self.end = None;
        }
        Err(self.error(ErrorKind::Conflict, "AuditChainContended", "other attempts of the execution write at the same time"))
    }

    /// Appends the entries of the last object's records to the log.
    ///
    /// # Errors
    /// [`CloudError`] if it is not known whether the log has them.
    pub async fn commit(&mut self) -> Result<(), CloudError> {
        let end = self.end().await?.clone();
        for (record, line) in &end.last {
            self.append(record, line).await?;
        }
        Ok(())
    }

    /// Whether the chain has no records.
    ///
    /// # Errors
    /// [`CloudError`] from S3, or `AuditLogDamaged`.
    pub async fn is_empty(&mut self) -> Result<bool, CloudError> {
        Ok(self.end().await?.object == 0)
    }

    /// The first record of the chain: the start of the execution. `None` if the chain is empty.
    ///
    /// # Errors
    /// [`CloudError`] from S3, or `AuditLogDamaged`.
    pub async fn first(&mut self) -> Result<Option<Record>, CloudError> {
        if self.is_empty().await? {
            return Ok(None);
        }
        Ok(self.object(1).await?.into_iter().next().map(|(record, _)| record))
    }

    /// Appends the entries of all records to the log, in case an earlier writer could not, and returns the records.
    ///
    /// # Errors
    /// [`CloudError`] if it is not known whether the log has them, or `AuditLogDamaged`.
    pub async fn commit_all(&mut self) -> Result<Vec<Record>, CloudError> {
        let mut records = Vec::new();
        for object in 1..=self.end().await?.object {
            for (record, line) in self.object(object).await? {
                self.append(&record, &line).await?;
                records.push(record);
            }
        }
        Ok(records)
    }

    async fn append(&self, record: &Record, line: &[u8]) -> Result<(), CloudError> {
        let Some(entry) = LogEntry::for_record(&self.dir, record, line) else { return Ok(()) };
        self.ports.log.append(&entry).await.map(drop)
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
        let keys = self.ports.store.list(&format!("{}/", self.dir)).await?;
        let object = keys.iter().filter_map(|key| self.object_number(key)).max().unwrap_or(0);
        let last = if object == 0 { Vec::new() } else { self.object(object).await? };
        Ok(ChainEnd { object, last })
    }

    /// The records of an object, with their lines.
    async fn object(&self, number: u32) -> Result<Vec<(Record, Vec<u8>)>, CloudError> {
        let key = self.object_key(number);
        let body = self.ports.store.get(&key, MAX_OBJECT_BYTES).await?;
        let body = body.ok_or_else(|| self.damaged(number, "the object is missing"))?;
        let lines = read_lines(&body).map_err(|(line, error)| self.damaged(number, &format!("line {line}: {error}")))?;
        Ok(lines.into_iter().map(|(record, line)| (record, line.to_vec())).collect())
    }

    fn object_key(&self, number: u32) -> String {
        format!("{}/{number:06}", self.dir)
    }

    fn object_number(&self, key: &str) -> Option<u32> {
        let number = key.strip_prefix(&self.dir)?.strip_prefix('/')?;
        number.parse().ok().filter(|_| number.len() == 6 && number.bytes().all(|byte| byte.is_ascii_digit()))
    }

    fn damaged(&self, object: u32, problem: &str) -> CloudError {
        let message = format!("object {}: {}; find out what happened with `audit verify`", self.object_key(object), safe_text(problem));
        self.error(ErrorKind::Invalid, "AuditLogDamaged", &message)
    }

    fn error(&self, kind: ErrorKind, code: &str, message: &str) -> CloudError {
        CloudError {
            operation: "s3:PutObject",
            resource: self.dir.clone(),
            kind,
            code: code.into(),
            message: message.into(),
            request_id: None,
        }
    }
}

/// Gives drafts their places after the end of a chain.
fn number(end: &ChainEnd, drafts: &[Draft]) -> serde_json::Result<Vec<(Record, Vec<u8>)>> {
    let (mut next, mut previous) = end.next();
    let mut added = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let record = Record { schema: SCHEMA, number: next, previous, draft: draft.clone() };
        let line = serde_json::to_vec(&record)?;
        (next, previous) = (next + 1, Some(Sha256::of(&line)));
        added.push((record, line));
    }
    Ok(added)
}
