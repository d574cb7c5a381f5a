//! The log as its writers use it.

use super::backoff::Backoff;
use super::publish::Published;
use super::refused;
use super::tree::next_head;
use async_trait::async_trait;
use bifrost_core::audit::{Appended, AuditLog, LogEntry};
use bifrost_core::cloud::{
    AuditStore, CloudError, ErrorKind, LogHead, LogSigner, MAX_ENTRY_BYTES, NewEntry, Sequenced,
};
use bifrost_core::release::Sha256;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// How often a writer tries to add its entry while others add theirs. Of 50 writers at once, none needs more than about 10 attempts.
const MAX_SEQUENCE_ATTEMPTS: u32 = 100;

/// The Merkle log of a deployer account and region. See the [module](super).
pub struct TiledLog {
    pub(super) store: Arc<dyn AuditStore>,
    pub(super) signer: Arc<dyn LogSigner>,
    pub(super) origin: String,
    pub(super) key: OnceCell<[u8; 32]>,
}

/// An entry that has its place.
struct Place {
    index: u64,
    /// A head that includes it.
    head: LogHead,
    /// The checkpoint, if it was read a moment ago.
    published: Option<Published>,
}

impl TiledLog {
    /// The log in this storage. `origin` is its name, and that of its key.
    #[must_use]
    pub fn new(store: Arc<dyn AuditStore>, signer: Arc<dyn LogSigner>, origin: String) -> Self {
        Self { store, signer, origin, key: OnceCell::new() }
    }

    /// Publishes all entries that have their place in the log. Does nothing if the checkpoint covers them.
    ///
    /// # Errors
    /// [`CloudError`] from S3, DynamoDB or KMS; `AuditLogDamaged`, and nothing is published, if tiles, checkpoint and table do not fit
    /// each other; `AuditLogContended` if other writers are faster each time.
    pub async fn publish(&self) -> Result<(), CloudError> {
        let published = self.published().await?;
        let head = self.store.head().await?;
        let backoff = Backoff::new(Sha256::of(self.origin.as_bytes()));
        self.publish_head(head, Some(published), backoff).await
    }

    /// Gives an entry its place.
    async fn sequence(&self, entry: Vec<u8>) -> Result<Place, CloudError> {
        let sha256 = Sha256::of(&entry);
        let mut backoff = Backoff::new(sha256);
        // Before the head: a checkpoint never covers more than the head that is read after it.
        let mut published = Some(self.published().await?);
        for _ in 0..MAX_SEQUENCE_ATTEMPTS {
            let head = self.store.head().await?;
            if let Some(published) = &published {
                // A table that was lost or restored would begin a second history.
                published.check(&head)?;
            }
            let next = next_head(&head, &entry)?;
            let new = NewEntry { head, next, entry: entry.clone(), sha256 };
            match self.store.sequence(&new).await? {
                Sequenced::Added => return Ok(Place { index: new.head.size, head: new.next, published }),
                Sequenced::Found(index) if index < new.head.size => {
                    return Ok(Place { index, head: new.head, published });
                }
                Sequenced::Found(index) => return Ok(Place { index, head: self.store.head().await?, published: None }),
                Sequenced::HeadMoved => backoff.wait(self.store.as_ref()).await,
            }
            published = None;
        }
        Err(contended("dynamodb:TransactWriteItems"))
    }
}

#[async_trait]
impl AuditLog for TiledLog {
    async fn append(&self, entry: &LogEntry) -> Result<Appended, CloudError> {
        let entry = encode(entry)?;
        let seed = Sha256::of(&entry);
        let Place { index, head, published } = self.sequence(entry).await?;
        let unpublished = self.publish_head(head, published, Backoff::new(seed)).await.err();
        Ok(Appended { index, unpublished })
    }

    async fn publish(&self) -> Result<(), CloudError> {
        Self::publish(self).await
    }
}

fn encode(entry: &LogEntry) -> Result<Vec<u8>, CloudError> {
    let invalid = |message: String| {
        refused("dynamodb:TransactWriteItems", &entry.records, ErrorKind::Invalid, "AuditEntryInvalid", &message)
    };
    let bytes = serde_json::to_vec(entry).map_err(|error| invalid(error.to_string()))?;
    if bytes.len() > MAX_ENTRY_BYTES {
        return Err(invalid(format!(
            "the entry has {} bytes, and the log takes at most {MAX_ENTRY_BYTES}",
            bytes.len()
        )));
    }
    Ok(bytes)
}

/// Other writers were faster each time.
pub(super) fn contended(operation: &'static str) -> CloudError {
    let message = "other writers were faster at every attempt; try again";
    refused(operation, "audit log", ErrorKind::Conflict, "AuditLogContended", message)
}
