//! An audit log of which a part cannot be written, as a client sees it. Faults of a scenario are only for tasks.

use crate::acts::Board;
use async_trait::async_trait;
use bifrost::audit::{Appended, AuditLog, AuditPorts, LogEntry};
use bifrost::cloud::{
    AuditStore, CloudError, ErrorKind, LogHead, NewEntry, ObjectVersion, PutNew, Sequenced, StoredCheckpoint,
};
use std::sync::Arc;

/// The client with a part of the audit log that does not work: its objects, the order of its entries, or the answers to writes, which
/// never come, or are lost after the write.
pub(crate) fn without(client: &Board, part: Part) -> Board {
    let mut client = client.clone();
    let ports = client.account.audit.ports.take().unwrap();
    let broken = Arc::new(Broken { part, ports: ports.clone() });
    client.account.audit.ports = Some(match part {
        Part::Objects | Part::Answers | Part::LostAnswers => AuditPorts { store: broken, log: ports.log },
        Part::Order => AuditPorts { store: ports.store, log: broken },
    });
    client
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Part {
    Objects,
    Order,
    Answers,
    LostAnswers,
}

struct Broken {
    part: Part,
    ports: AuditPorts,
}

impl Broken {
    fn error(&self) -> CloudError {
        CloudError {
            operation: "s3:PutObject",
            resource: format!("{:?}", self.part),
            kind: ErrorKind::AccessDenied,
            code: "AccessDenied".into(),
            message: "no".into(),
            request_id: None,
        }
    }
}

#[async_trait]
impl AuditLog for Broken {
    async fn append(&self, _: &LogEntry) -> Result<Appended, CloudError> {
        Err(self.error())
    }
}

#[async_trait]
impl AuditStore for Broken {
    async fn put_new(&self, key: &str, body: Vec<u8>) -> Result<PutNew, CloudError> {
        if self.part == Part::LostAnswers {
            self.ports.store.put_new(key, body).await?;
            return Err(CloudError { kind: ErrorKind::Unavailable, ..self.error() });
        }
        if self.part == Part::Answers {
            std::future::pending::<()>().await;
        }
        Err(self.error())
    }

    async fn get(&self, key: &str, limit_bytes: u64) -> Result<Option<Vec<u8>>, CloudError> {
        self.ports.store.get(key, limit_bytes).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, CloudError> {
        self.ports.store.list(prefix).await
    }

    async fn checkpoint(&self) -> Result<Option<StoredCheckpoint>, CloudError> {
        self.ports.store.checkpoint().await
    }

    async fn put_checkpoint(&self, _: Vec<u8>, _: Option<&str>) -> Result<bool, CloudError> {
        Err(self.error())
    }

    async fn head(&self) -> Result<LogHead, CloudError> {
        self.ports.store.head().await
    }

    async fn sequence(&self, _: &NewEntry) -> Result<Sequenced, CloudError> {
        Err(self.error())
    }

    async fn entries(&self, from: u64, to: u64) -> Result<Vec<Vec<u8>>, CloudError> {
        self.ports.store.entries(from, to).await
    }

    async fn versions(&self, prefix: &str) -> Result<Vec<ObjectVersion>, CloudError> {
        self.ports.store.versions(prefix).await
    }

    async fn get_version(&self, key: &str, version: &str, limit_bytes: u64) -> Result<Vec<u8>, CloudError> {
        self.ports.store.get_version(key, version, limit_bytes).await
    }
}
