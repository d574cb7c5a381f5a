//! An audit log in memory: the state of bucket and table as one value.
//!
//! The local cloud stores [`AuditState`] in its file; tests and benchmarks use it through [`MemoryStore`].

mod body;
mod store;

pub use body::Body;
pub use store::MemoryStore;

use crate::log::{next_head, refused};
use bifrost_core::audit::damaged_log;
use bifrost_core::cloud::{
    CHECKPOINT_KEY, CloudError, ErrorKind, LogHead, NewEntry, ObjectVersion, PutNew, Sequenced, StoredCheckpoint,
};
use bifrost_core::release::Sha256;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The state of an audit log: objects with their versions, and the items of the table.
///
/// Its operations are those of [`AuditStore`](bifrost_core::cloud::AuditStore), with the same results, but without a lock and with the
/// time as a parameter.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditState {
    /// The versions of each object by its key, the oldest first.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub objects: BTreeMap<String, Vec<Version>>,
    /// The head of the log.
    #[serde(default)]
    pub head: LogHead,
    /// The entries by their index.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub entries: BTreeMap<u64, Body>,
    /// The index of each entry by the SHA-256 of the entry.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub index: BTreeMap<Sha256, u64>,
    /// The private key that signs checkpoints, as [`LocalKey`](crate::key::LocalKey) writes it, if this state has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// A version of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// Its id: a number that no other version of the object has.
    pub id: u64,
    /// When it was written.
    pub last_modified: DateTime<Utc>,
    /// Its bytes; `None` for a delete marker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
}

impl AuditState {
    /// Writes an object unless one with this key exists.
    pub fn put_new(&mut self, key: &str, body: Vec<u8>, now: DateTime<Utc>) -> PutNew {
        if self.current(key).is_some() {
            return PutNew::Exists;
        }
        self.put(key, body, now);
        PutNew::Written
    }

    /// Writes a new version of an object, which only tests and the checkpoint do.
    pub fn put(&mut self, key: &str, body: Vec<u8>, now: DateTime<Utc>) {
        self.add_version(key, Some(body.into()), now);
    }

    /// Deletes an object as S3 does in a versioned bucket: with a delete marker. Nothing but a test does.
    pub fn delete(&mut self, key: &str, now: DateTime<Utc>) {
        self.add_version(key, None, now);
    }

    fn add_version(&mut self, key: &str, body: Option<Body>, last_modified: DateTime<Utc>) {
        let versions = self.objects.entry(key.to_owned()).or_default();
        let id = versions.last().map_or(1, |last| last.id.saturating_add(1));
        versions.push(Version { id, last_modified, body });
    }

    /// The current version of an object, if it exists and is not deleted.
    fn current(&self, key: &str) -> Option<(&Version, &Body)> {
        let version = self.objects.get(key)?.last()?;
        version.body.as_ref().map(|body| (version, body))
    }

    /// The current version of an object.
    ///
    /// # Errors
    /// [`CloudError::object_too_large`].
    pub fn get(&self, key: &str, limit_bytes: u64) -> Result<Option<Vec<u8>>, CloudError> {
        self.current(key).map(|(_, body)| within(key, body, limit_bytes)).transpose()
    }

    /// The keys that begin with the prefix, sorted, without deleted objects.
    #[must_use]
    pub fn list(&self, prefix: &str) -> Vec<String> {
        let keys = self.under(prefix).map(|(key, _)| key);
        keys.filter(|key| self.current(key).is_some()).cloned().collect()
    }

    fn under(&self, prefix: &str) -> impl Iterator<Item = (&String, &Vec<Version>)> {
        self.objects.range(prefix.to_owned()..).take_while(move |(key, _)| key.starts_with(prefix))
    }

    /// The checkpoint.
    #[must_use]
    pub fn checkpoint(&self) -> Option<StoredCheckpoint> {
        let (version, body) = self.current(CHECKPOINT_KEY)?;
        Some(StoredCheckpoint { body: body.to_vec(), tag: version.id.to_string() })
    }

    /// Replaces the checkpoint, if it is the one with this tag, or if there is none. The replaced version is not kept: S3 expires
    /// it after a day.
    pub fn put_checkpoint(&mut self, body: Vec<u8>, replaces: Option<&str>, now: DateTime<Utc>) -> bool {
        let tag = self.current(CHECKPOINT_KEY).map(|(version, _)| version.id.to_string());
        if tag.as_deref() != replaces {
            return false;
        }
        self.put(CHECKPOINT_KEY, body, now);
        if let Some(versions) = self.objects.get_mut(CHECKPOINT_KEY) {
            versions.drain(..versions.len().saturating_sub(1));
        }
        true
    }

    /// The head.
    #[must_use]
    pub fn head(&self) -> LogHead {
        self.head.clone()
    }

    /// Adds an entry if the head is still the one that its writer read.
    pub fn sequence(&mut self, entry: &NewEntry) -> Sequenced {
        match self.index.get(&entry.sha256) {
            Some(index) if *index == entry.head.size => return Sequenced::Added,
            Some(index) => return Sequenced::Found(*index),
            None if self.head != entry.head => return Sequenced::HeadMoved,
            None => {}
        }
        let index = entry.head.size;
        self.entries.insert(index, entry.entry.clone().into());
        self.index.insert(entry.sha256, index);
        self.head.clone_from(&entry.next);
        Sequenced::Added
    }

    /// Adds entries without a writer, for tests and benchmarks; the next publication covers them.
    ///
    /// # Errors
    /// `AuditLogDamaged` if the head is not valid.
    pub fn extend(&mut self, entries: impl IntoIterator<Item = Vec<u8>>) -> Result<(), CloudError> {
        for entry in entries {
            let (head, sha256) = (self.head(), Sha256::of(&entry));
            let next = next_head(&head, &entry)?;
            self.sequence(&NewEntry { head, next, entry, sha256 });
        }
        Ok(())
    }

    /// The entries with the indexes `from..to`.
    ///
    /// # Errors
    /// `AuditLogDamaged` if one is missing.
    pub fn entries(&self, from: u64, to: u64) -> Result<Vec<Vec<u8>>, CloudError> {
        let missing =
            |index| damaged_log("dynamodb:BatchGetItem", &format!("entry {index}"), "the table does not have it");
        let entry = |index| self.entries.get(&index).map(|body| body.to_vec()).ok_or_else(|| missing(index));
        (from..to).map(entry).collect()
    }

    /// All versions of the objects whose keys begin with the prefix, sorted by key, the oldest first.
    #[must_use]
    pub fn versions(&self, prefix: &str) -> Vec<ObjectVersion> {
        let version = |key: &str, version: &Version| ObjectVersion {
            key: key.to_owned(),
            version: version.id.to_string(),
            last_modified: version.last_modified,
            is_delete_marker: version.body.is_none(),
            size: version.body.as_ref().map_or(0, |body| body.len() as u64),
        };
        self.under(prefix)
            .flat_map(|(key, versions)| versions.iter().map(|each| version(key, each)).collect::<Vec<_>>())
            .collect()
    }

    /// One version of an object.
    ///
    /// # Errors
    /// `NoSuchVersion`; `MethodNotAllowed` for a delete marker, as S3 answers; [`CloudError::object_too_large`].
    pub fn get_version(&self, key: &str, version: &str, limit_bytes: u64) -> Result<Vec<u8>, CloudError> {
        let found =
            self.objects.get(key).and_then(|versions| versions.iter().find(|each| each.id.to_string() == version));
        match found {
            None => Err(refused(
                "s3:GetObjectVersion",
                key,
                ErrorKind::NotFound,
                "NoSuchVersion",
                "the object has no such version",
            )),
            Some(Version { body: None, .. }) => Err(refused(
                "s3:GetObjectVersion",
                key,
                ErrorKind::Invalid,
                "MethodNotAllowed",
                "the version is a delete marker",
            )),
            Some(Version { body: Some(body), .. }) => within(key, body, limit_bytes),
        }
    }
}

fn within(key: &str, body: &Body, limit_bytes: u64) -> Result<Vec<u8>, CloudError> {
    let size = body.len() as u64;
    if size > limit_bytes {
        return Err(CloudError::object_too_large(key, Some(size), limit_bytes));
    }
    Ok(body.to_vec())
}
