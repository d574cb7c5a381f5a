//! What a person's command does: prepares a release, starts or joins its execution, follows it to its outcome; halts,
//! freezes and looks at a project's config.
//!
//! A [`Client`] knows AWS by the same ports as the handlers do, so that it is the same on the embedded world. Nothing in
//! here prints: the command line does.

mod address;
mod deploy_event;
mod deploy_plan;
mod deployer;
mod failures;
mod file;
mod follow;
mod halt;
mod history_reader;
mod locks;
mod log;
mod log_line;
mod outcome;
mod plan;
mod prepare;
mod release_files;
mod reusable_files;
mod rollback;
mod start;
mod status;

pub use address::{Address, AddressError};
pub use deploy_event::{DeployEvent, StepFailure};
pub use deploy_plan::{Action, DeployPlan, PlanError, PlannedChange};
pub use deployer::ClientDeployer;
pub use failures::FailedDeploy;
pub use file::{FileError, read_at_most, read_object};
pub use follow::Follower;
pub use halt::{HaltFailure, Halted};
pub use locks::{FreezeFailure, LockState, RootLock, Unlocked};
pub use log_line::{Changes, Deployed, LogSeverity, Progress};
pub use outcome::{DeployOutcome, Status};
pub use plan::PlanFailure;
pub use prepare::{PrepareError, Prepared};
pub use release_files::{Attachment, Body, ReleaseFile, ReusableFiles};
pub use rollback::{ROLLBACK_OF, Rollback, RollbackFailure, Version};
pub use start::{StartFailure, Started};
pub use status::{Deployment, RunningExecution};

use bifrost_core::account::DeployerAccount;
use bifrost_core::cloud::{CloudError, ExecutionFilter, ExecutionSummary, Executions, Names, TargetRole, Targets};
use bifrost_core::deployer::Connection;
pub use bifrost_core::deployer::Ports;
use std::sync::Arc;

/// A client of deployer `D`.
pub struct Client<D: ClientDeployer> {
    /// The deployer account.
    pub account: DeployerAccount,
    /// The executions of the deployer's state machine.
    pub executions: Arc<dyn Executions>,
    /// The way into target accounts.
    pub targets: Arc<dyn Targets<Ports<D>>>,
}

impl<D: ClientDeployer> Clone for Client<D> {
    fn clone(&self) -> Self {
        Self {
            account: self.account.clone(),
            executions: Arc::clone(&self.executions),
            targets: Arc::clone(&self.targets),
        }
    }
}

impl<D: ClientDeployer> From<&Connection<D>> for Client<D> {
    fn from(connection: &Connection<D>) -> Self {
        Self {
            account: connection.account.clone(),
            executions: Arc::clone(&connection.executions),
            targets: Arc::clone(&connection.targets),
        }
    }
}

#[cfg(feature = "local")]
impl<D: ClientDeployer + bifrost_local::LocalDeployer> From<&bifrost_local::LocalCloud<D>> for Client<D> {
    fn from(cloud: &bifrost_local::LocalCloud<D>) -> Self {
        Self { account: cloud.account(), executions: cloud.executions(), targets: cloud.targets() }
    }
}

impl<D: ClientDeployer> Client<D> {
    /// The execution that runs for exactly this account, project and config, by the fields of its input: by its name
    /// `web/dev` could be taken for `web/dev-canary`.
    ///
    /// # Errors
    /// Whatever Step Functions answers.
    pub async fn running(&self, address: &Address) -> Result<Option<ExecutionSummary>, CloudError> {
        let (project, config) = (address.project.clone(), address.config.clone());
        // Each execution that is asked for is described. Those whose names fit are few; the others are all that run.
        for names in [Names::Of(project.clone(), config.clone()), Names::NotOf(project, config)] {
            let running = self.executions.list(&ExecutionFilter::running(names), usize::MAX).await?;
            let found = running.into_iter().find(|execution| {
                Address::read(&execution.input, &self.account.defaults).is_ok_and(|found| found.names_the_same(address))
            });
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The deployer's ports in a target account, for a client that looks and changes nothing.
    ///
    /// # Errors
    /// If the role there may not be assumed.
    pub async fn target(&self, address: &Address) -> Result<Ports<D>, CloudError> {
        let target = TargetRole {
            account: address.account.clone(),
            region: address.region.clone(),
            role: self.account.identity.assumed_role(),
            session: format!("{}-client", self.account.identity.command()),
            tags: vec![("ProjectName", address.project.to_string()), ("ConfigName", address.config.to_string())],
        };
        self.targets.assume(&target).await
    }
}
