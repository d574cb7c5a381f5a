//! A store that counts its calls, is slow in virtual time, and fails where a test says.

use async_trait::async_trait;
use bifrost_audit::memory::{AuditState, MemoryStore};
use bifrost_core::cloud::{
    AuditStore, CHECKPOINT_KEY, CloudError, ErrorKind, LogHead, NewEntry, ObjectVersion, PutNew, Sequenced,
    StoredCheckpoint,
};
use bifrost_core::release::Sha256;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

/// What happens at one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The writer crashes before the call has its effect.
    CrashBefore,
    /// The writer crashes after the call had its effect.
    CrashAfter,
    /// The call has no effect, and fails.
    Fail,
    /// The call has its effect, and its answer is lost.
    LostAnswer,
}

pub(crate) type Interference = Box<dyn Fn(&mut AuditState) + Send + Sync>;

pub(crate) struct TestStore {
    pub(crate) memory: Arc<MemoryStore>,
    /// How often each operation was called.
    pub(crate) calls: Mutex<BTreeMap<&'static str, u64>>,
    /// All checkpoints that were ever stored.
    pub(crate) checkpoints: Mutex<Vec<Vec<u8>>>,
    /// How many transactions each entry lost, by its hash.
    pub(crate) lost: Mutex<BTreeMap<Sha256, u64>>,
    number: AtomicU64,
    /// The number of a call, from 1, and what happens at it.
    fault: Option<(u64, Fault)>,
    /// Numbers of calls, from 1, and what somebody else does to the log before them.
    interferences: Vec<(u64, Interference)>,
    /// Notified when the writer has crashed.
    pub(crate) crashed: Notify,
    /// Makes latencies, if there are any.
    seed: Option<u64>,
    /// DynamoDB refuses transactions on items that are in another transaction.
    in_transaction: AtomicBool,
}

impl TestStore {
    pub(crate) fn new(memory: &Arc<MemoryStore>) -> Self {
        Self {
            memory: memory.clone(),
            calls: Mutex::default(),
            checkpoints: Mutex::default(),
            lost: Mutex::default(),
            number: AtomicU64::new(0),
            fault: None,
            interferences: Vec::new(),
            crashed: Notify::new(),
            seed: None,
            in_transaction: AtomicBool::new(false),
        }
    }

    pub(crate) fn with_fault(memory: &Arc<MemoryStore>, call: u64, fault: Fault) -> Self {
        Self { fault: Some((call, fault)), ..Self::new(memory) }
    }

    pub(crate) fn with_interferences(memory: &Arc<MemoryStore>, interferences: Vec<(u64, Interference)>) -> Self {
        Self { interferences, ..Self::new(memory) }
    }

    /// Each call takes 4 to 40 ms of virtual time, half before its effect and half after it, in an order that the seed decides.
    pub(crate) fn slow(memory: &Arc<MemoryStore>, seed: u64) -> Self {
        Self { seed: Some(seed), ..Self::new(memory) }
    }

    pub(crate) fn total(&self) -> u64 {
        self.number.load(SeqCst)
    }

    async fn latency(&self, number: u64, after: bool) {
        if let Some(seed) = self.seed {
            let hash = Sha256::of(format!("{seed} {number} {after}").as_bytes());
            let random = u64::from(hash.as_bytes()[0]) * 256 + u64::from(hash.as_bytes()[1]);
            tokio::time::sleep(Duration::from_micros(2_000 + random % 18_000)).await;
        }
    }

    async fn call<T>(
        &self,
        operation: &'static str,
        effect: impl FnOnce() -> Result<T, CloudError> + Send,
    ) -> Result<T, CloudError> {
        let number = self.number.fetch_add(1, SeqCst) + 1;
        *self.calls.lock().unwrap().entry(operation).or_default() += 1;
        for (_, change) in self.interferences.iter().filter(|(at, _)| *at == number) {
            self.memory.with(|state, _| change(state));
        }
        let fault = self.fault.filter(|(at, _)| *at == number).map(|(_, fault)| fault);
        match fault {
            Some(Fault::CrashBefore) => return self.crash().await,
            Some(Fault::Fail) => return Err(unavailable(operation)),
            _ => {}
        }
        self.latency(number, false).await;
        let result = effect();
        self.latency(number, true).await;
        match fault {
            Some(Fault::CrashAfter) => self.crash().await,
            Some(Fault::LostAnswer) => result.and(Err(unavailable(operation))),
            _ => result,
        }
    }

    async fn crash<T>(&self) -> T {
        self.crashed.notify_one();
        std::future::pending().await
    }
}

fn unavailable(operation: &'static str) -> CloudError {
    CloudError {
        operation,
        resource: String::new(),
        kind: ErrorKind::Unavailable,
        code: "ServiceUnavailable".into(),
        message: String::new(),
        request_id: None,
    }
}

#[async_trait]
impl AuditStore for TestStore {
    async fn put_new(&self, key: &str, body: Vec<u8>) -> Result<PutNew, CloudError> {
        self.call("put_new", || Ok(self.memory.with(|state, now| state.put_new(key, body, now)))).await
    }

    async fn get(&self, key: &str, limit_bytes: u64) -> Result<Option<Vec<u8>>, CloudError> {
        self.call("get", || self.memory.with(|state, _| state.get(key, limit_bytes))).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, CloudError> {
        self.call("list", || Ok(self.memory.with(|state, _| state.list(prefix)))).await
    }

    async fn checkpoint(&self) -> Result<Option<StoredCheckpoint>, CloudError> {
        self.call("checkpoint", || Ok(self.memory.with(|state, _| state.checkpoint()))).await
    }

    async fn put_checkpoint(&self, body: Vec<u8>, replaces: Option<&str>) -> Result<bool, CloudError> {
        let put = || {
            let is_put = self.memory.with(|state, now| state.put_checkpoint(body.clone(), replaces, now));
            if is_put {
                self.checkpoints.lock().unwrap().push(body);
            }
            Ok(is_put)
        };
        self.call("put_checkpoint", put).await
    }

    async fn head(&self) -> Result<LogHead, CloudError> {
        self.call("head", || Ok(self.memory.with(|state, _| state.head()))).await
    }

    async fn sequence(&self, entry: &NewEntry) -> Result<Sequenced, CloudError> {
        let conflicts = self.in_transaction.swap(true, SeqCst);
        let sequence = || {
            let store = |state: &mut AuditState, _| state.sequence(entry);
            Ok(if conflicts { Sequenced::HeadMoved } else { self.memory.with(store) })
        };
        let result = self.call("sequence", sequence).await;
        if !conflicts {
            self.in_transaction.store(false, SeqCst);
        }
        if result == Ok(Sequenced::HeadMoved) {
            *self.lost.lock().unwrap().entry(entry.sha256).or_default() += 1;
        }
        result
    }

    async fn entries(&self, from: u64, to: u64) -> Result<Vec<Vec<u8>>, CloudError> {
        self.call("entries", || self.memory.with(|state, _| state.entries(from, to))).await
    }

    async fn versions(&self, prefix: &str) -> Result<Vec<ObjectVersion>, CloudError> {
        self.call("versions", || Ok(self.memory.with(|state, _| state.versions(prefix)))).await
    }

    async fn get_version(&self, key: &str, version: &str, limit_bytes: u64) -> Result<Vec<u8>, CloudError> {
        assert_ne!(key, CHECKPOINT_KEY);
        self.call("get_version", || self.memory.with(|state, _| state.get_version(key, version, limit_bytes))).await
    }
}
