//! An audit log in memory behind the port.

use super::AuditState;
use async_trait::async_trait;
use bifrost_core::cloud::{
    AuditStore, CloudError, LogHead, NewEntry, ObjectVersion, PutNew, Sequenced, StoredCheckpoint,
};
use chrono::{DateTime, TimeZone, Utc};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// An audit log in memory, for tests and benchmarks. Its clock moves only by [`set_clock`](Self::set_clock).
#[derive(Debug)]
pub struct MemoryStore(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    state: AuditState,
    clock: DateTime<Utc>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new(AuditState::default())
    }
}

impl MemoryStore {
    /// A store with this state.
    #[must_use]
    pub fn new(state: AuditState) -> Self {
        let clock = Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).single().unwrap_or_default();
        Self(Mutex::new(Inner { state, clock }))
    }

    /// Sets the time that objects written from now on have.
    pub fn set_clock(&self, now: DateTime<Utc>) {
        self.lock().clock = now;
    }

    /// A copy of the state.
    #[must_use]
    pub fn state(&self) -> AuditState {
        self.lock().state.clone()
    }

    /// Reads or changes the state, past the port; the closure gets the time of the store, too.
    pub fn with<T>(&self, change: impl FnOnce(&mut AuditState, DateTime<Utc>) -> T) -> T {
        let Inner { state, clock } = &mut *self.lock();
        change(state, *clock)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl AuditStore for MemoryStore {
    async fn put_new(&self, key: &str, body: Vec<u8>) -> Result<PutNew, CloudError> {
        Ok(self.with(|state, now| state.put_new(key, body, now)))
    }

    async fn get(&self, key: &str, limit_bytes: u64) -> Result<Option<Vec<u8>>, CloudError> {
        self.with(|state, _| state.get(key, limit_bytes))
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, CloudError> {
        Ok(self.with(|state, _| state.list(prefix)))
    }

    async fn checkpoint(&self) -> Result<Option<StoredCheckpoint>, CloudError> {
        Ok(self.with(|state, _| state.checkpoint()))
    }

    async fn put_checkpoint(&self, body: Vec<u8>, replaces: Option<&str>) -> Result<bool, CloudError> {
        Ok(self.with(|state, now| state.put_checkpoint(body, replaces, now)))
    }

    async fn head(&self) -> Result<LogHead, CloudError> {
        Ok(self.with(|state, _| state.head()))
    }

    async fn sequence(&self, entry: &NewEntry) -> Result<Sequenced, CloudError> {
        Ok(self.with(|state, _| state.sequence(entry)))
    }

    async fn entries(&self, from: u64, to: u64) -> Result<Vec<Vec<u8>>, CloudError> {
        self.with(|state, _| state.entries(from, to))
    }

    async fn versions(&self, prefix: &str) -> Result<Vec<ObjectVersion>, CloudError> {
        Ok(self.with(|state, _| state.versions(prefix)))
    }

    async fn get_version(&self, key: &str, version: &str, limit_bytes: u64) -> Result<Vec<u8>, CloudError> {
        self.with(|state, _| state.get_version(key, version, limit_bytes))
    }
}
