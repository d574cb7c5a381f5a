//! Tests of chains, on a store in memory.

mod damage;
mod links;
mod repeated;

use super::*;
use crate::audit::record::{AttemptOutcome, DeployerVersion, Outcome, Subject, TouchedResource};
use crate::audit::{Appended, AuditLog, Event};
use crate::cloud::{AuditStore, LogHead, NewEntry, ObjectVersion, Sequenced, StoredCheckpoint};
use crate::release::Sha256;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

const DIR: &str = "records/coinbase-odin/deploy-1";

/// Objects in memory, and the entries that were appended. The calls in `failing` fail: before the effect, or after it.
#[derive(Default)]
struct Memory {
    objects: Mutex<BTreeMap<String, Vec<u8>>>,
    entries: Mutex<Vec<LogEntry>>,
    failing: Mutex<Option<Failing>>,
    gets: Mutex<u32>,
}

#[derive(Clone, Copy, PartialEq)]
enum Failing {
    Puts,
    AnswersToPuts,
    Appends,
}

impl Memory {
    fn fails(&self, what: Failing) -> Result<(), CloudError> {
        if *self.failing.lock().unwrap() != Some(what) {
            return Ok(());
        }
        Err(CloudError {
            operation: "s3:PutObject",
            resource: String::new(),
            kind: ErrorKind::Unavailable,
            code: "ServiceUnavailable".into(),
            message: "not now".into(),
            request_id: None,
        })
    }

    fn put(&self, name: &str, body: &[u8]) {
        self.objects.lock().unwrap().insert(format!("{DIR}/{name}"), body.to_vec());
    }

    /// The kinds of records by object.
    fn kinds(&self) -> Vec<(String, Vec<u64>)> {
        let objects = self.objects.lock().unwrap();
        let numbers =
            |body: &Vec<u8>| read_lines(body).map(|lines| lines.iter().map(|(record, _)| record.number).collect());
        let name = |key: &String| key.strip_prefix(DIR).unwrap_or(key).trim_start_matches('/').to_owned();
        objects.iter().map(|(key, body)| (name(key), numbers(body).unwrap_or_default())).collect()
    }
}

#[async_trait]
impl AuditStore for Memory {
    async fn put_new(&self, key: &str, body: Vec<u8>) -> Result<PutNew, CloudError> {
        self.fails(Failing::Puts)?;
        let mut objects = self.objects.lock().unwrap();
        if objects.contains_key(key) {
            return Ok(PutNew::Exists);
        }
        objects.insert(key.to_owned(), body);
        self.fails(Failing::AnswersToPuts)?;
        Ok(PutNew::Written)
    }

    async fn get(&self, key: &str, limit_bytes: u64) -> Result<Option<Vec<u8>>, CloudError> {
        *self.gets.lock().unwrap() += 1;
        let found = self.objects.lock().unwrap().get(key).cloned();
        match found {
            Some(body) if body.len() as u64 > limit_bytes => Err(CloudError::object_too_large(key, None, limit_bytes)),
            found => Ok(found),
        }
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, CloudError> {
        Ok(self.objects.lock().unwrap().keys().filter(|key| key.starts_with(prefix)).cloned().collect())
    }

    async fn checkpoint(&self) -> Result<Option<StoredCheckpoint>, CloudError> {
        Ok(None)
    }

    async fn put_checkpoint(&self, _: Vec<u8>, _: Option<&str>) -> Result<bool, CloudError> {
        Ok(false)
    }

    async fn head(&self) -> Result<LogHead, CloudError> {
        Ok(LogHead::default())
    }

    async fn sequence(&self, _: &NewEntry) -> Result<Sequenced, CloudError> {
        Ok(Sequenced::HeadMoved)
    }

    async fn entries(&self, _: u64, _: u64) -> Result<Vec<Vec<u8>>, CloudError> {
        Ok(Vec::new())
    }

    async fn versions(&self, _: &str) -> Result<Vec<ObjectVersion>, CloudError> {
        Ok(Vec::new())
    }

    async fn get_version(&self, _: &str, _: &str, _: u64) -> Result<Vec<u8>, CloudError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl AuditLog for Memory {
    async fn append(&self, entry: &LogEntry) -> Result<Appended, CloudError> {
        self.fails(Failing::Appends)?;
        let mut entries = self.entries.lock().unwrap();
        let index = entries.iter().position(|known| known == entry).unwrap_or_else(|| {
            entries.push(entry.clone());
            entries.len() - 1
        });
        Ok(Appended { index: index as u64, unpublished: None })
    }
}

fn chain(memory: &Arc<Memory>) -> Chain {
    let (store, log) = (Arc::clone(memory), Arc::clone(memory));
    Chain::new(AuditPorts { store, log }, DIR.to_owned())
}

fn at(second: i64, event: Event) -> Draft {
    let deployer = DeployerVersion { name: "coinbase-odin".into(), ..DeployerVersion::default() };
    Draft { time: DateTime::from_timestamp(second, 0).unwrap(), deployer, subject: Subject::default(), event }
}

fn attempt(state: &str) -> Draft {
    at(
        0,
        Event::Attempt {
            state: state.into(),
            attempt: 0,
            duration_ms: 0,
            outcome: AttemptOutcome::Succeeded,
            error: None,
            code: None,
            cause: None,
            cause_sha256: None,
        },
    )
}

/// The start of an execution with this release.
fn start(release: &str) -> Draft {
    let release_sha256 = Some(Sha256::of(release.as_bytes()));
    at(0, Event::Start { release_sha256, definition_sha256: None, claims: super::super::Claims::default() })
}

fn end(second: i64) -> Draft {
    at(second, Event::End { outcome: Outcome::Success, release_sha256: None })
}

fn closure(outcome: Outcome) -> Draft {
    at(0, Event::Closure { outcome, status: "SUCCEEDED".into(), error: None, left_over: Vec::new() })
}

fn refusal() -> Draft {
    at(0, Event::Refusal { state: "Validate".into(), error: "BadReleaseError".into(), code: None })
}

fn may_change() -> Draft {
    let (account, region) = ("222222222222".into(), "us-east-1".into());
    at(0, Event::MayChange { state: "Deploy".into(), attempt: 0, account, region, operations: Vec::new() })
}

/// The numbers of records by object.
fn objects(expected: &[(&str, &[u64])]) -> Vec<(String, Vec<u64>)> {
    expected.iter().map(|(name, numbers)| ((*name).to_owned(), numbers.to_vec())).collect()
}
