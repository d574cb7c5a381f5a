//! The audit log on the local cloud, behind its ports.

use super::LocalAudit;
use crate::error::ServiceError;
use crate::session::LocalSession;
use crate::state::{LocalState, Resources};
use async_trait::async_trait;
use bifrost_audit::key::LocalKey;
use bifrost_audit::memory::AuditState;
use bifrost_core::cloud::{
    AuditStore, CHECKPOINT_KEY, CloudError, LogHead, LogSigner, NewEntry, ObjectVersion, PutNew, Sequenced,
    StoredCheckpoint,
};
use chrono::{DateTime, Utc};
use std::sync::Arc;
use std::time::Duration;

/// The resource of calls about the head of the log, as the table names its item.
const HEAD: &str = "head";

/// Where an audit log of a local cloud is: in the state that a session of a deployer uses, or in a file without a deployer.
pub(crate) trait AuditAccess: Send + Sync {
    /// The name of the log.
    fn origin(&self) -> &str;

    /// Changes the log in one transaction.
    fn change<T: Send>(
        &self,
        operation: &'static str,
        resource: &str,
        change: impl FnOnce(&mut LocalAudit, DateTime<Utc>) -> T + Send,
    ) -> impl Future<Output = Result<T, CloudError>> + Send;

    /// Reads the log.
    fn read<T: Send>(
        &self,
        operation: &'static str,
        resource: &str,
        read: impl Fn(&AuditState) -> T + Send + Sync,
    ) -> impl Future<Output = Result<T, CloudError>> + Send;
}

/// Bucket, table and key of an audit log of a local cloud.
pub struct LocalAuditStore<A>(pub(crate) A);

/// An audit log as an attempt or a client uses it.
pub(crate) struct SessionAudit<R> {
    pub(crate) session: LocalSession<R>,
    /// The name of the log.
    pub(crate) origin: Arc<str>,
}

impl<R: Resources> AuditAccess for SessionAudit<R> {
    fn origin(&self) -> &str {
        &self.origin
    }

    async fn change<T: Send>(
        &self,
        operation: &'static str,
        resource: &str,
        change: impl FnOnce(&mut LocalAudit, DateTime<Utc>) -> T + Send,
    ) -> Result<T, CloudError> {
        let effect = |state: &mut LocalState<R>| {
            let now = state.clock;
            Ok(change(Arc::make_mut(state.audit.entry(self.origin.to_string()).or_default()), now))
        };
        self.session.invoke(operation, resource, effect).await
    }

    async fn read<T: Send>(
        &self,
        operation: &'static str,
        resource: &str,
        read: impl Fn(&AuditState) -> T + Send + Sync,
    ) -> Result<T, CloudError> {
        let effect = |state: &LocalState<R>| -> Result<T, ServiceError> {
            let audit = state.audit.get(&*self.origin);
            Ok(audit.map_or_else(|| read(&AuditState::default()), |audit| read(audit.state())))
        };
        self.session.invoke_read(operation, resource, effect).await
    }
}

/// The key of the log.
async fn key(log: &impl AuditAccess, operation: &'static str) -> Result<LocalKey, CloudError> {
    let origin = log.origin();
    log.change(operation, origin, |audit, _| audit.key(origin)).await?
}

#[async_trait]
impl<A: AuditAccess> AuditStore for LocalAuditStore<A> {
    async fn put_new(&self, key: &str, body: Vec<u8>) -> Result<PutNew, CloudError> {
        self.0.change("s3:PutObject", key, |audit, now| audit.put_new(key, body, now)).await
    }

    async fn get(&self, key: &str, limit_bytes: u64) -> Result<Option<Vec<u8>>, CloudError> {
        self.0.read("s3:GetObject", key, |state| state.get(key, limit_bytes)).await?
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, CloudError> {
        self.0.read("s3:ListObjectsV2", prefix, |state| state.list(prefix)).await
    }

    async fn checkpoint(&self) -> Result<Option<StoredCheckpoint>, CloudError> {
        self.0.read("s3:GetObject", CHECKPOINT_KEY, AuditState::checkpoint).await
    }

    async fn put_checkpoint(&self, body: Vec<u8>, replaces: Option<&str>) -> Result<bool, CloudError> {
        let put = |audit: &mut LocalAudit, now| audit.put_checkpoint(body, replaces, now);
        self.0.change("s3:PutObject", CHECKPOINT_KEY, put).await
    }

    async fn head(&self) -> Result<LogHead, CloudError> {
        self.0.read("dynamodb:GetItem", HEAD, AuditState::head).await
    }

    async fn sequence(&self, entry: &NewEntry) -> Result<Sequenced, CloudError> {
        self.0.change("dynamodb:TransactWriteItems", HEAD, |audit, _| audit.sequence(entry)).await
    }

    async fn entries(&self, from: u64, to: u64) -> Result<Vec<Vec<u8>>, CloudError> {
        let first = format!("entry/{from:020}");
        self.0.read("dynamodb:BatchGetItem", &first, |state| state.entries(from, to)).await?
    }

    async fn versions(&self, prefix: &str) -> Result<Vec<ObjectVersion>, CloudError> {
        self.0.read("s3:ListObjectVersions", prefix, |state| state.versions(prefix)).await
    }

    async fn get_version(&self, key: &str, version: &str, limit_bytes: u64) -> Result<Vec<u8>, CloudError> {
        self.0.read("s3:GetObjectVersion", key, |state| state.get_version(key, version, limit_bytes)).await?
    }

    /// Calls of the local cloud are transactions one after the other: the next attempt meets nobody, and the clock must not move for
    /// it.
    async fn wait(&self, _: Duration) {}
}

#[async_trait]
impl<A: AuditAccess> LogSigner for LocalAuditStore<A> {
    async fn public_key(&self) -> Result<[u8; 32], CloudError> {
        key(&self.0, "kms:GetPublicKey").await?.public_key().await
    }

    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], CloudError> {
        key(&self.0, "kms:Sign").await?.sign(message).await
    }
}
