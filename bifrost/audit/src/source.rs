//! Where a reader finds the objects of an audit log: in the bucket, or in a copy of it.

mod folder;

pub use folder::Folder;

use async_trait::async_trait;
use bifrost_core::audit::safe_text;
use bifrost_core::cloud::{AuditStore, CHECKPOINT_KEY, CloudError, ObjectVersion};
use bifrost_core::error_code::Coded;
use std::path::PathBuf;
use std::sync::Arc;

/// The largest object that a reader reads, in bytes.
pub const MAX_READ_BYTES: u64 = 64 * 1024 * 1024;

/// The objects of an audit log, for readers.
#[async_trait]
pub trait LogSource: Send + Sync {
    /// Reads the first version of an object, because that is the one its writer wrote; the latest of the checkpoint. `None` if there is
    /// no such object.
    ///
    /// # Errors
    /// [`SourceError`], if it is not known whether the object exists, or it cannot be read.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SourceError>;

    /// Starts to list all versions of the objects whose keys begin with the prefix: in the order of their keys' bytes, the oldest version
    /// of each key first.
    ///
    /// # Errors
    /// [`SourceError`], if the log cannot be listed.
    async fn pages<'s>(&'s self, prefix: &str) -> Result<Box<dyn Pages + 's>, SourceError>;

    /// Lists all versions of the objects whose keys begin with the prefix. Use [`pages`](Self::pages) where there may be many.
    ///
    /// # Errors
    /// [`SourceError`], if the log cannot be listed.
    async fn list(&self, prefix: &str) -> Result<Vec<ObjectVersion>, SourceError> {
        let (mut pages, mut all) = (self.pages(prefix).await?, Vec::new());
        while let Some(page) = pages.next().await? {
            all.extend(page);
        }
        Ok(all)
    }

    /// Reads this version of an object. `None` if it has been deleted since it was listed.
    ///
    /// # Errors
    /// [`SourceError`], as for [`get`](Self::get).
    async fn read(&self, object: &ObjectVersion) -> Result<Option<Vec<u8>>, SourceError> {
        self.get(&object.key).await
    }

    /// Whether the listing shows deleted and replaced versions. A copy does not have them.
    fn has_versions(&self) -> bool;
}

/// A listing in pages, so that a large one need not fit into memory.
#[async_trait]
pub trait Pages: Send {
    /// The next page: not empty, and with all versions of each of its keys. `None` after the last.
    ///
    /// # Errors
    /// [`SourceError`], if the log cannot be listed.
    async fn next(&mut self) -> Result<Option<Vec<ObjectVersion>>, SourceError>;
}

/// The audit log cannot be read.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub enum SourceError {
    /// AWS refused a call.
    #[error(transparent)]
    #[code(source)]
    Cloud(#[from] CloudError),
    /// A file or directory of the copy cannot be read.
    #[error("cannot read {} of the copy of the audit log", path.display())]
    #[code("audit/copy-unreadable", "correct the path or the permissions, or copy the log again")]
    Copy {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// The path of the copy is not a directory.
    #[error("{} is not a directory with a copy of an audit log", .0.display())]
    #[code("audit/no-copy", "pass the directory that has the directories `log` and `records` of the bucket")]
    NoCopy(PathBuf),
    /// An object is larger than any that a deployer writes.
    #[error("{} has {size} bytes, and at most {MAX_READ_BYTES} are read", safe_text(key))]
    #[code("audit/object-too-large", "find out who wrote the object: no deployer writes such large ones")]
    TooLarge {
        /// Its key.
        key: String,
        /// Its size in bytes.
        size: u64,
    },
}

/// The audit log in its bucket.
#[derive(Clone)]
pub struct StoreSource(Arc<dyn AuditStore>);

impl StoreSource {
    /// The log in this store.
    #[must_use]
    pub fn new(store: Arc<dyn AuditStore>) -> Self {
        Self(store)
    }
}

#[async_trait]
impl LogSource for StoreSource {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SourceError> {
        if key == CHECKPOINT_KEY {
            return Ok(self.0.checkpoint().await?.map(|checkpoint| checkpoint.body));
        }
        let versions = self.0.versions(key).await?;
        let first = versions.iter().find(|version| version.key == key && !version.is_delete_marker);
        match first {
            Some(first) => self.read(first).await,
            None => Ok(None),
        }
    }

    async fn pages<'s>(&'s self, prefix: &str) -> Result<Box<dyn Pages + 's>, SourceError> {
        Ok(Box::new(StorePages { store: &*self.0, prefix: prefix.to_owned(), after: None, is_done: false }))
    }

    async fn read(&self, object: &ObjectVersion) -> Result<Option<Vec<u8>>, SourceError> {
        if object.size > MAX_READ_BYTES {
            return Err(SourceError::TooLarge { key: object.key.clone(), size: object.size });
        }
        match self.0.get_version(&object.key, &object.version, MAX_READ_BYTES).await {
            Ok(body) => Ok(Some(body)),
            // A missing bucket is an error of every call; only a missing object means that.
            Err(error) if error.is_not_found() && error.code != "NoSuchBucket" => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn has_versions(&self) -> bool {
        true
    }
}

struct StorePages<'s> {
    store: &'s dyn AuditStore,
    prefix: String,
    after: Option<String>,
    is_done: bool,
}

#[async_trait]
impl Pages for StorePages<'_> {
    async fn next(&mut self) -> Result<Option<Vec<ObjectVersion>>, SourceError> {
        while !self.is_done {
            let page = self.store.versions_page(&self.prefix, self.after.as_deref()).await?;
            self.is_done = page.next.is_none();
            self.after = page.next;
            if !page.versions.is_empty() {
                return Ok(Some(page.versions));
            }
        }
        Ok(None)
    }
}
