//! What a person's command does: prepares a release, starts or joins its execution, follows it to its outcome; halts,
//! freezes and looks at a project's config.
//!
//! A [`Client`] knows AWS by the same ports as the handlers do, so that it is the same on the embedded world. Nothing in
//! here prints: [`cli`](crate::cli) does.

mod address;
mod follow;
mod halt;
mod locks;
mod news;
mod outcome;
mod prepare;
mod start;
mod status;
mod story;

pub use address::{Address, AddressError};
pub use follow::Follower;
pub use halt::HaltFailure;
pub use locks::{LockState, RootLock, UnlockFailure, Unlocked};
pub use news::{News, StepFailure};
pub use outcome::{Outcome, Status};
pub use prepare::{PrepareError, Prepared, read_at_most};
pub use start::{StartFailure, Started};
pub use status::{Deployment, RunningExecution};

use crate::cloud::{CloudError, ExecutionSummary, Executions, LockTable, Objects, Targets};
use crate::deployer::{Deployer, Fields, Identity};
use crate::local::LocalCloud;
use crate::release::Defaults;
use crate::task::Surroundings;
use std::sync::Arc;

/// The ports that deployer `D` has into a target account.
pub type Ports<D> = <<D as Deployer>::Fields as Fields>::Ports;

/// A client of deployer `D`.
pub struct Client<D: Deployer> {
    /// Who the deployer is.
    pub identity: Arc<Identity>,
    /// What a release leaves out.
    pub defaults: Arc<Defaults>,
    /// The deployer account's buckets.
    pub objects: Arc<dyn Objects>,
    /// The table of root locks.
    pub locks: Arc<dyn LockTable>,
    /// The executions of the deployer's state machine.
    pub executions: Arc<dyn Executions>,
    /// The way into target accounts.
    pub targets: Arc<dyn Targets<Ports<D>>>,
    /// Time and chance.
    pub surroundings: Arc<dyn Surroundings>,
}

impl<D: Deployer> Client<D> {
    /// A client of the deployer in an embedded world.
    #[must_use]
    pub fn local(cloud: &LocalCloud<D>) -> Self {
        let session = cloud.client();
        Self {
            identity: Arc::clone(cloud.identity()),
            defaults: Arc::new(cloud.defaults().clone()),
            objects: Arc::clone(&session) as Arc<_>,
            locks: Arc::clone(&session) as Arc<_>,
            executions: cloud.executions(),
            targets: cloud.targets(),
            surroundings: session,
        }
    }

    /// The execution that runs for exactly this account, project and config, by the fields of its input: by its name
    /// `web/dev` could be taken for `web/dev-canary`.
    ///
    /// # Errors
    /// Whatever Step Functions answers.
    pub async fn running(&self, address: &Address) -> Result<Option<ExecutionSummary>, CloudError> {
        let running = self.executions.list(true).await?;
        Ok(running.into_iter().find(|execution| {
            Address::read(&execution.input, &self.defaults).is_ok_and(|found| found.names_the_same(address))
        }))
    }

    /// The deployer's ports in a target account, for a client that looks and changes nothing.
    ///
    /// # Errors
    /// If the role there may not be assumed.
    pub async fn target(&self, address: &Address) -> Result<Ports<D>, CloudError> {
        let role = self.identity.assumed_role();
        let session = format!("{}-client", self.identity.command());
        self.targets.assume(&address.account, &address.region, &role, &session).await
    }
}
