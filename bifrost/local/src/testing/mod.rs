//! For tests of deployers: a local cloud in memory, an engine on virtual time, the executions, and faults at every call.
//!
//! A [`TestHarness`] holds one local cloud, and uploads and executes releases as a client does. A year's wait takes no
//! time. [`Fault`](crate::Fault)s in the state inject errors; a [`CallWatcher`](crate::CallWatcher) checks what must
//! hold at every call.
//!
//! ```ignore
//! let harness = TestHarness::<Hello>::seeded()?;
//! let run = harness.deploy(&harness.release(&json!({"flag": "new-checkout", "value": "on"})), &[]).await?;
//! assert_eq!(run.path().last(), Some(&"Success"));
//! ```
//!
//! A [`FaultSweep`] deploys releases again and again, each time with a fault at another call, and checks what every
//! deployer must keep, and the deployer's own rules.
//!
//! [`RecordedStates`] keeps the states that released versions wrote, and finishes the deploys from each with the current code.

mod audit_check;
mod contract;
mod states;
mod sweep;

#[doc(inline)]
pub use crate::__every_call_may_fail as every_call_may_fail;
pub use audit_check::{AuditCheck, is_audit_call};
pub use contract::{LocalContract, PortContract};
#[doc(hidden)]
pub use serde_json::json as __json;
pub use states::{RecordedDeploy, RecordedState, RecordedStates, Recording, StatesError, StatesReport};
pub use sweep::{Case, FaultSweep, SweepError, SweepFault, SweepReport};

use crate::{
    Account, Engine, EngineError, LocalCloud, LocalDeployer, LocalState, Pace, SeedError, Store, StoreError, read_seed,
};
use bifrost_core::account::Identity;
use bifrost_core::cloud::{Attempt, CloudError, Encryption, ExecutionSummary, HistoryEvent, StartError};
use bifrost_core::deployer::{InvalidPrefix, Ports, Prefix};
use bifrost_core::json::{ParseError, ReadError};
use bifrost_core::lifecycle::Context;
use bifrost_core::release::{AccountId, ExecutionName, InvalidName, Release, ReleaseId};
use bifrost_core::task::{FunctionError, RawInput};
use chrono::{SecondsFormat, TimeDelta};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A test could not be set up or run. A deploy that fails is not such an error.
#[derive(Debug, thiserror::Error)]
pub enum HarnessError {
    /// The release, or the seed, is not valid, so it cannot be used.
    #[error(transparent)]
    Release(#[from] ReadError),
    /// The seed is not JSON.
    #[error(transparent)]
    Syntax(#[from] ParseError),
    /// A name is not valid.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// The deployer's prefix does not make valid names.
    #[error(transparent)]
    Prefix(#[from] InvalidPrefix),
    /// A call to the local cloud failed.
    #[error(transparent)]
    Cloud(#[from] CloudError),
    /// The execution was not started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The engine cannot continue.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// No execution has that name.
    #[error("no execution {0} found")]
    NoExecution(String),
    /// The execution runs, has succeeded, or had entered no state.
    #[error("execution {0} cannot be redriven: it is running, has succeeded, or had entered no state")]
    NotRedrivable(String),
    /// The local cloud cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The built-in seed is not valid.
    #[error(transparent)]
    Seed(#[from] SeedError),
}

/// The JSON with the value at each [pointer](https://www.rfc-editor.org/rfc/rfc6901) replaced: `("/services/web/min_size", json!(2))`.
/// Objects on the way that do not exist are created.
///
/// # Panics
/// If a pointer leads into an array at an item that does not exist, or into a text or number.
#[must_use]
pub fn with(mut whole: Value, changes: &[(&str, Value)]) -> Value {
    for (pointer, new) in changes {
        let keys = pointer.split('/').skip(1).map(|key| key.replace("~1", "/").replace("~0", "~"));
        *keys.fold(&mut whole, |place, key| child(place, &key, pointer)) = new.clone();
    }
    whole
}

#[allow(clippy::panic, reason = "a test fails by panicking")]
fn child<'v>(parent: &'v mut Value, key: &str, pointer: &str) -> &'v mut Value {
    if parent.is_null() {
        *parent = Value::Object(Map::new());
    }
    let child = match parent {
        Value::Object(fields) => Some(fields.entry(key).or_insert(Value::Null)),
        Value::Array(items) => key.parse().ok().and_then(|index: usize| items.get_mut(index)),
        _ => None,
    };
    child.unwrap_or_else(|| panic!("{pointer}: there is no place for {key}"))
}

/// Runs the future of a test, for tests that macros make.
///
/// # Errors
/// If the system gives the runtime no resources.
#[doc(hidden)]
pub fn block_on<T>(future: impl Future<Output = T>) -> std::io::Result<T> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future))
}

/// A deployer in a local cloud of its own.
pub struct TestHarness<D: LocalDeployer> {
    cloud: LocalCloud<D>,
    engine: Engine<D>,
    /// How many releases it has made.
    releases: AtomicU64,
}

impl<D: LocalDeployer> TestHarness<D> {
    /// A harness with the deployer's built-in seed.
    ///
    /// # Errors
    /// [`HarnessError::Seed`] if the seed is not valid.
    pub fn seeded() -> Result<Self, HarnessError> {
        Self::new(Self::seed()?)
    }

    /// As [`seeded`](Self::seeded), with the value at each JSON pointer of the seed replaced, as [`with`] does.
    ///
    /// # Errors
    /// [`HarnessError::Release`] with the path of a value that a local cloud does not have.
    pub fn seeded_with(changes: &[(&str, Value)]) -> Result<Self, HarnessError> {
        let seed = bifrost_core::json::parse(D::SEED.as_bytes())?;
        Self::new(bifrost_core::json::read(&with(seed, changes))?)
    }

    /// The state of the deployer's built-in seed.
    pub(crate) fn seed() -> Result<LocalState<D::Resources>, HarnessError> {
        Ok(read_seed(Path::new("the built-in seed"), D::SEED.as_bytes())?)
    }

    /// A harness with that state in memory, to which it adds the deployer's bucket, lock table and roles. The deployer has its own
    /// prefix, whatever `BIFROST_PREFIX` says, so that tests do not depend on it.
    ///
    /// # Errors
    /// [`HarnessError::Name`] if the deployer's name is not valid.
    pub fn new(state: LocalState<D::Resources>) -> Result<Self, HarnessError> {
        Self::with_prefix(state, &Prefix::of::<D>(None)?)
    }

    /// The same, for a deployer with this prefix.
    ///
    /// # Errors
    /// [`HarnessError::Name`] if the deployer's name is not valid.
    pub fn with_prefix(state: LocalState<D::Resources>, prefix: &Prefix) -> Result<Self, HarnessError> {
        let identity = Identity {
            name: prefix.deployer::<D>(),
            account: state.deployer_account.clone(),
            region: state.deployer_region.clone(),
        };
        let (state, defaults) = (state.bootstrap(&identity)?, identity.defaults(D::TIMEOUT_SECONDS)?);
        Self::with_cloud(LocalCloud::new(Store::in_memory(state), identity, defaults))
    }

    /// A harness with a local cloud that is stored elsewhere, for example in a file.
    ///
    /// # Errors
    /// [`HarnessError::Engine`] if the deployer's state machine is not valid.
    pub fn with_cloud(cloud: LocalCloud<D>) -> Result<Self, HarnessError> {
        let engine = Engine::new(cloud.clone(), Pace::Virtual)?;
        Ok(Self { engine, cloud, releases: AtomicU64::default() })
    }

    /// A release with these fields. Fills in what the envelope lacks: an id that no other release of this harness has, the
    /// time, a project, a config, and an account in which the deployer has a role, rather another than its own.
    #[must_use]
    pub fn release(&self, fields: &Value) -> Value {
        let (now, number) = (self.store().now(), self.releases.fetch_add(1, Ordering::Relaxed));
        let mut release = Map::new();
        release.insert("project_name".into(), json!("acme/shop"));
        release.insert("config_name".into(), json!("development"));
        release.insert("release_id".into(), json!(ReleaseId::new(now, number)));
        release.insert("created_at".into(), json!(now.to_rfc3339_opts(SecondsFormat::Secs, true)));
        if let Some(account) = self.target() {
            release.insert("aws_account_id".into(), json!(account));
        }
        release.extend(fields.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())));
        release.into()
    }

    /// An account in which the deployer has a role.
    fn target(&self) -> Option<AccountId> {
        let identity = self.cloud.identity();
        let find = |state: &LocalState<D::Resources>| {
            let has_role = |account: &Account<D::Resources>| {
                let role = account.roles.get(&identity.assumed_role());
                role.is_some_and(|role| role.trusts.contains(&identity.account))
            };
            let targets = state.accounts.iter().filter(|(_, account)| has_role(account)).map(|(id, _)| id);
            targets.max_by_key(|id| **id != identity.account).cloned()
        };
        self.store().read(find).ok().flatten()
    }

    /// The store that holds the state.
    #[must_use]
    pub fn store(&self) -> &Arc<Store<D::Resources>> {
        self.cloud.store()
    }

    /// The local cloud, as deployers and clients see it.
    #[must_use]
    pub fn cloud(&self) -> &LocalCloud<D> {
        &self.cloud
    }

    /// The deployer's resources in an account, now; empty resources if the local cloud has no such account.
    ///
    /// # Errors
    /// [`HarnessError::Store`].
    pub fn resources(&self, account: &str) -> Result<D::Resources, HarnessError> {
        let found = |state: &LocalState<D::Resources>| {
            state.accounts.iter().find(|(id, _)| id.as_str() == account).map(|(_, account)| account.resources.clone())
        };
        Ok(self.store().read(found)?.unwrap_or_default())
    }

    /// The release that an execution ended with.
    ///
    /// # Errors
    /// [`HarnessError::Release`] if the execution has no output, or not a release.
    pub fn output(&self, run: &Run) -> Result<Release<D::Fields>, HarnessError> {
        let output = run.execution.output.as_ref().unwrap_or(&Value::Null);
        Ok(Release::read(output, self.cloud.defaults())?)
    }

    /// Checks from now on that the audit log has what happens, at every call. Ask for
    /// [`violations`](AuditCheck::violations) after the end of an execution.
    #[must_use]
    pub fn check_audit(&self) -> AuditCheck<D> {
        AuditCheck::new(self.store(), self.cloud.identity())
    }

    /// The context of an attempt of a task, for tests that call a handler directly. `sent` is the input of the state.
    #[must_use]
    pub fn context(&self, attempt: Attempt, sent: impl Into<RawInput>) -> Context<Ports<D>> {
        self.cloud.context(attempt, sent.into(), Arc::default())
    }

    /// Uploads a release and the files that belong to it.
    ///
    /// # Errors
    /// [`HarnessError::Release`] if the release is not valid, [`HarnessError::Cloud`] if an upload fails.
    pub async fn upload(&self, release: &Value, files: &[(&'static str, &[u8])]) -> Result<(), HarnessError> {
        let envelope = self.read(release)?.envelope;
        let (objects, dir) = (self.cloud.account().objects, envelope.release_dir());
        for (name, body) in files {
            objects.put(&envelope.bucket, &dir.file(name), body.to_vec(), Encryption::Bucket).await?;
        }
        let body = release.to_string().into_bytes();
        Ok(objects.put(&envelope.bucket, &dir.release(), body, Encryption::Bucket).await?)
    }

    /// Starts an execution with the release, and returns its name.
    ///
    /// # Errors
    /// [`HarnessError::Start`] if an execution of that name exists, [`HarnessError::Release`] if the release is not
    /// valid.
    pub async fn start(&self, release: &Value) -> Result<String, HarnessError> {
        let name = ExecutionName::for_release(&self.read(release)?.envelope, D::EXECUTION_NAMES).to_string();
        self.cloud.executions().start(&name, release).await?;
        Ok(name)
    }

    /// Runs all executions to their end.
    ///
    /// # Errors
    /// [`HarnessError::Engine`] if the engine cannot continue.
    pub async fn run(&self) -> Result<(), HarnessError> {
        self.run_until(|| false).await
    }

    /// Runs all executions until `done` returns `true`. It is called while all of them wait: `|| true` stops at the
    /// first wait. The engine then stops as in a crash: the next [`run`](Self::run) continues from the progress that
    /// was saved.
    ///
    /// # Errors
    /// [`HarnessError::Engine`] if the engine cannot continue.
    pub async fn run_until(&self, done: impl FnMut() -> bool) -> Result<(), HarnessError> {
        Ok(self.engine.run(done).await?)
    }

    /// Uploads a release, starts its execution and runs it to its end.
    ///
    /// # Errors
    /// [`HarnessError`], as [`upload`](Self::upload), [`start`](Self::start) and [`run`](Self::run).
    pub async fn deploy(&self, release: &Value, files: &[(&'static str, &[u8])]) -> Result<Run, HarnessError> {
        self.upload(release, files).await?;
        let name = self.start(release).await?;
        self.run().await?;
        self.execution(&name).await
    }

    /// Moves the clock while no engine runs, and makes everything happen that is due by then.
    ///
    /// # Errors
    /// [`StoreError`] if the local cloud is in a file that cannot be read or written.
    pub fn advance(&self, time: TimeDelta) -> Result<(), StoreError> {
        self.store().transact(|state| state.advance(state.clock + time))
    }

    /// Stops an execution as `states:StopExecution` does, while no engine runs. Its task is not continued, except after
    /// the fault [`ZombieSeconds`](crate::FaultKind::ZombieSeconds).
    ///
    /// # Errors
    /// [`HarnessError::Cloud`] if no execution has that name.
    pub async fn abort(&self, name: &str) -> Result<(), HarnessError> {
        Ok(self.cloud.executions().stop(name, "stopped by a test").await?)
    }

    /// Continues an execution as `states:RedriveExecution` does: with the state in which it ended, and that state's
    /// input. An execution that ended in a `Fail` state fails there again. [`run`](Self::run) runs it.
    ///
    /// # Errors
    /// [`HarnessError::NotRedrivable`] if it is running, has succeeded, or had entered no state.
    pub fn redrive(&self, name: &str) -> Result<(), HarnessError> {
        let now = self.store().now();
        let redriven = self.store().change_execution(name, |execution, last_event| {
            let event = execution.redrive(now, last_event);
            (event.is_some(), event)
        })?;
        match redriven {
            None => Err(HarnessError::NoExecution(name.into())),
            Some(false) => Err(HarnessError::NotRedrivable(name.into())),
            Some(true) => Ok(()),
        }
    }

    /// Invokes the function with a payload, such as one of [`Run::invocations`]: outside of any execution, or once more
    /// and late. Executions do not run meanwhile; the clock moves if the invocation waits.
    ///
    /// # Errors
    /// What the function returns, or the error of a lost invocation. `EngineError` if the clock cannot be moved.
    pub async fn invoke(&self, payload: Value) -> Result<Value, FunctionError> {
        match self.engine.invoke(payload).await {
            Ok(Ok(result)) => result,
            Ok(Err(lost)) => Err(FunctionError::new(lost.error(), lost.cause())),
            Err(error) => Err(FunctionError::new("EngineError", error.to_string())),
        }
    }

    /// The execution of that name, with its history.
    ///
    /// # Errors
    /// [`HarnessError::NoExecution`] if no execution has that name.
    pub async fn execution(&self, name: &str) -> Result<Run, HarnessError> {
        let executions = self.cloud.executions();
        let execution = executions.describe(name).await?.ok_or_else(|| HarnessError::NoExecution(name.into()))?;
        Ok(Run { execution, history: executions.history(name, 0).await? })
    }

    fn read(&self, release: &Value) -> Result<Release<D::Fields>, HarnessError> {
        Ok(Release::read(release, self.cloud.defaults())?)
    }
}

/// An execution and its history.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its status, input and output.
    pub execution: ExecutionSummary,
    /// Its events, oldest first.
    pub history: Vec<HistoryEvent>,
}

impl Run {
    /// The states that were entered, in order.
    #[must_use]
    pub fn path(&self) -> Vec<&str> {
        let entered = self.history.iter().filter(|event| event.enters_state());
        entered.filter_map(|event| event.details.name.as_deref()).collect()
    }

    /// The payload of each attempt of a task, in order.
    #[must_use]
    pub fn invocations(&self) -> Vec<Value> {
        let scheduled = self.history.iter().filter(|event| event.event_type == "LambdaFunctionScheduled");
        scheduled.filter_map(|event| event.details.input.as_deref().cloned()).collect()
    }

    /// The errors that tasks raised, in order. A task that timed out raised `States.Timeout`.
    #[must_use]
    pub fn errors(&self) -> Vec<RaisedError> {
        let has_failed = |event: &&HistoryEvent| {
            ["LambdaFunctionFailed", "LambdaFunctionTimedOut"].contains(&event.event_type.as_str())
        };
        let failed = self.history.iter().filter(has_failed);
        let raised =
            failed.map(|event| RaisedError::new(event.details.error.as_deref(), event.details.cause.as_deref()));
        raised.collect()
    }
}

/// An error that a task raised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RaisedError {
    /// Its name, which `catch` and `retry` match, such as `LockExistsError`.
    pub error: String,
    /// Its stable code, such as `lock/held`, if it has one.
    pub code: Option<String>,
    /// Its message, without the code.
    pub message: String,
}

impl RaisedError {
    fn new(error: Option<&str>, cause: Option<&str>) -> Self {
        let (code, message) = FunctionError::split_cause(cause.unwrap_or_default());
        Self { error: error.unwrap_or_default().to_owned(), code, message }
    }
}
