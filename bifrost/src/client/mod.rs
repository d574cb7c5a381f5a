//! What a person's command does: prepares a release, starts or joins its execution, follows it to its outcome; halts,
//! freezes and looks at a project's config.
//!
//! A [`Client`] knows AWS by the same ports as the handlers do, so that it is the same on the embedded world. Nothing in
//! here prints: [`cli`](crate::cli) does.

mod address;
mod connect;
mod fails;
mod file;
mod follow;
mod halt;
mod locks;
mod log;
mod news;
mod outcome;
mod plan;
mod prepare;
mod rollback;
mod start;
mod status;
mod story;
mod uploaded;

pub use address::{Address, AddressError};
pub use connect::{Connect, ConnectError, Connection, Ground, Place};
pub use fails::Fail;
pub use file::{FileError, read_at_most, read_object};
pub use follow::Follower;
pub use halt::{HaltFailure, Halted};
pub use locks::{LockState, RootLock, UnlockFailure, Unlocked};
pub use news::{News, StepFailure};
pub use outcome::{Outcome, Status};
pub use plan::PlanFailure;
pub use prepare::{PrepareError, Prepared};
pub use rollback::{ROLLBACK_OF, Rollback, RollbackFailure, Version};
pub use start::{StartFailure, Started};
pub use status::{Deployment, RunningExecution};

use crate::cloud::{CloudError, ExecutionSummary, Executions, LockTable, Objects, TargetRole, Targets, Which};
use crate::deployer::{Deployer, Fields, Identity};
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

impl<D: Deployer> Clone for Client<D> {
    fn clone(&self) -> Self {
        Self {
            identity: Arc::clone(&self.identity),
            defaults: Arc::clone(&self.defaults),
            objects: Arc::clone(&self.objects),
            locks: Arc::clone(&self.locks),
            executions: Arc::clone(&self.executions),
            targets: Arc::clone(&self.targets),
            surroundings: Arc::clone(&self.surroundings),
        }
    }
}

impl<D: Deployer> Client<D> {
    /// The execution that runs for exactly this account, project and config, by the fields of its input: by its name
    /// `web/dev` could be taken for `web/dev-canary`.
    ///
    /// # Errors
    /// Whatever Step Functions answers.
    pub async fn running(&self, address: &Address) -> Result<Option<ExecutionSummary>, CloudError> {
        let running = self.executions.list(&Which::running(), usize::MAX).await?;
        Ok(running.into_iter().find(|execution| {
            Address::read(&execution.input, &self.defaults).is_ok_and(|found| found.names_the_same(address))
        }))
    }

    /// The deployer's ports in a target account, for a client that looks and changes nothing.
    ///
    /// # Errors
    /// If the role there may not be assumed.
    pub async fn target(&self, address: &Address) -> Result<Ports<D>, CloudError> {
        let target = TargetRole {
            account: address.account.clone(),
            region: address.region.clone(),
            role: self.identity.assumed_role(),
            session: format!("{}-client", self.identity.command()),
            tags: vec![("ProjectName", address.project.to_string()), ("ConfigName", address.config.to_string())],
        };
        self.targets.assume(&target).await
    }
}
