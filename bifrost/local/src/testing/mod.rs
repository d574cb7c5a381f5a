//! For tests of deployers: a world in memory, an engine on virtual time, and executions to look at.
//!
//! A [`TestHarness`] holds one world. Releases are uploaded and executed in it as a client would; a year's wait takes no time.
//! What shall go wrong is said by the world's [`Fault`](crate::Fault)s; what must hold at every call is checked
//! by a [`CallWatcher`](crate::CallWatcher).

use crate::{Engine, EngineError, LocalCloud, LocalDeployer, LocalState, Pace, Store, StoreError};
use bifrost_core::account::Identity;
use bifrost_core::cloud::{Attempt, CloudError, Encryption, ExecutionSummary, HistoryEvent, StartError};
use bifrost_core::deployer::Ports;
use bifrost_core::json::ReadError;
use bifrost_core::release::{ExecutionName, InvalidName, Release};
use bifrost_core::task::{Context, FunctionError, RawInput};
use chrono::TimeDelta;
use serde_json::Value;
use std::sync::Arc;

/// A test could not be set up or run; that a deploy fails is no such error.
#[derive(Debug, thiserror::Error)]
pub enum HarnessError {
    /// The release cannot be read, so it has no place to be uploaded to.
    #[error(transparent)]
    Release(#[from] ReadError),
    /// A name is not one.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// The world refused an upload.
    #[error(transparent)]
    Cloud(#[from] CloudError),
    /// The execution was not started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The engine gave up.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// There is no such execution.
    #[error("there is no execution {0}")]
    NoExecution(String),
}

/// A deployer in a world of its own.
pub struct TestHarness<D: LocalDeployer> {
    cloud: LocalCloud<D>,
    engine: Engine<D>,
}

impl<D: LocalDeployer> TestHarness<D> {
    /// A lab of that world, for the deployer `coinbase-<name>` in the world's deployer account.
    ///
    /// # Errors
    /// [`HarnessError::Name`], if the deployer's name is no name.
    pub fn new(state: LocalState<D::Resources>) -> Result<Self, HarnessError> {
        let identity = Identity {
            name: format!("coinbase-{}", D::NAME),
            account: state.deployer_account.clone(),
            region: state.deployer_region.clone(),
        };
        let defaults = identity.defaults(D::TIMEOUT_SECONDS)?;
        Self::over(LocalCloud::new(Store::in_memory(state), identity, defaults))
    }

    /// A lab over a world that is kept elsewhere, such as in a file.
    ///
    /// # Errors
    /// [`HarnessError::Engine`], if the deployer's definition is not legal.
    pub fn over(cloud: LocalCloud<D>) -> Result<Self, HarnessError> {
        Ok(Self { engine: Engine::new(cloud.clone(), Pace::Virtual)?, cloud })
    }

    /// The world.
    #[must_use]
    pub fn store(&self) -> &Arc<Store<D::Resources>> {
        self.cloud.store()
    }

    /// The world as a cloud.
    #[must_use]
    pub fn cloud(&self) -> &LocalCloud<D> {
        &self.cloud
    }

    /// What an attempt of a task may use, for tests that call a handler directly. `sent` is the state's input.
    #[must_use]
    pub fn context(&self, attempt: Attempt, sent: impl Into<RawInput>) -> Context<Ports<D>> {
        self.cloud.context(attempt, sent.into(), Arc::default())
    }

    /// Uploads a release and the files that belong to it.
    ///
    /// # Errors
    /// [`HarnessError`], if the release cannot be read or the world refuses.
    pub async fn upload(&self, release: &Value, files: &[(&'static str, &[u8])]) -> Result<(), HarnessError> {
        let envelope = self.read(release)?.envelope;
        let (objects, dir) = (self.cloud.account().objects, envelope.release_dir());
        for (name, body) in files {
            objects.put(&envelope.bucket, &dir.file(name), body.to_vec(), Encryption::Bucket).await?;
        }
        let body = release.to_string().into_bytes();
        Ok(objects.put(&envelope.bucket, &dir.release(), body, Encryption::Bucket).await?)
    }

    /// Starts an execution with the release, and gives its name.
    ///
    /// # Errors
    /// [`HarnessError::Start`].
    pub async fn start(&self, release: &Value) -> Result<String, HarnessError> {
        let name = ExecutionName::for_release(&self.read(release)?.envelope).to_string();
        self.cloud.executions().start(&name, release).await?;
        Ok(name)
    }

    /// Runs all executions to their end.
    ///
    /// # Errors
    /// [`HarnessError::Engine`].
    pub async fn run(&self) -> Result<(), HarnessError> {
        self.run_until(|| false).await
    }

    /// Runs all executions until `done` says so, which is asked while all of them wait: `|| true` stops at the first wait.
    /// The engine dies then: another [`run`](Self::run) goes on with them from where they were saved.
    ///
    /// # Errors
    /// [`HarnessError::Engine`].
    pub async fn run_until(&self, done: impl FnMut() -> bool) -> Result<(), HarnessError> {
        Ok(self.engine.run(done).await?)
    }

    /// Uploads, starts, and runs to the end.
    ///
    /// # Errors
    /// [`HarnessError`].
    pub async fn deploy(&self, release: &Value, files: &[(&'static str, &[u8])]) -> Result<Run, HarnessError> {
        self.upload(release, files).await?;
        let name = self.start(release).await?;
        self.run().await?;
        self.execution(&name).await
    }

    /// Lets time pass in the world, and all happen that is due then, while no engine runs.
    ///
    /// # Errors
    /// If the world is kept in a file that cannot be read or written.
    pub fn advance(&self, time: TimeDelta) -> Result<(), StoreError> {
        self.store().transact(|state| state.advance(state.clock + time))
    }

    /// How the execution of that name went.
    ///
    /// # Errors
    /// [`HarnessError::NoExecution`].
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
    /// How it stands.
    pub execution: ExecutionSummary,
    /// What happened, oldest first.
    pub history: Vec<HistoryEvent>,
}

impl Run {
    /// The states that were entered, in order.
    #[must_use]
    pub fn path(&self) -> Vec<&str> {
        let entered = self.history.iter().filter(|event| event.enters_state());
        entered.filter_map(|event| event.details.name.as_deref()).collect()
    }

    /// The errors that tasks raised, in order: name and message.
    #[must_use]
    pub fn errors(&self) -> Vec<(String, String)> {
        let failed = self.history.iter().filter(|event| event.event_type == "LambdaFunctionFailed");
        failed
            .map(|event| {
                let text = |text: &Option<String>| text.as_deref().unwrap_or_default().to_owned();
                (text(&event.details.error), FunctionError::said(&text(&event.details.cause)))
            })
            .collect()
    }
}
