//! What the commands do: prepare a release, start or join its execution and follow it to its end; halt, freeze, plan, roll
//! back, and show the status.
//!
//! A [`Client`] uses the same ports as the handlers, so it works on AWS and on the local cloud. This module prints nothing:
//! the command line does.

mod acts;
mod address;
mod all_deployed;
mod audit_trail;
mod context;
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
mod outcome;
mod plan;
mod prepare;
mod progress;
mod release_files;
mod reusable_files;
mod rollback;
mod start;
mod status;
mod task_limit;
#[cfg(test)]
pub(crate) mod test_deployer;
mod unlock;
mod uploaded_release;

pub use acts::{ActReport, Motive};
pub use address::{Address, AddressError};
pub use all_deployed::{AllDeployed, AllDeployedError, DeployedRelease, UnreadableItem};
pub use audit_trail::AuditTrail;
pub use context::{ClientContext, TargetAccountError};
pub use deploy_event::{DeployEvent, StepFailure};
pub use deploy_plan::{Action, DeployPlan, PlanFinding, PlannedChange};
pub use deployer::ClientDeployer;
pub use failures::FailedDeploy;
pub use file::{FileError, read_at_most, read_object, similar_file};
pub use follow::Follower;
pub use halt::{HaltFailure, Halted};
pub use locks::{FreezeFailure, LockState, RootLock};
pub use outcome::{DeployOutcome, Serving, Status};
pub use plan::PlanFailure;
pub use prepare::{PrepareError, Prepared};
pub use progress::{Changes, Deployed, DeployedState, LogSeverity, Progress};
pub use release_files::{Attachment, Body, ReleaseFile, ReusableFiles};
pub use rollback::{ROLLBACK_OF, Rollback, RollbackFailure, Version};
pub use start::{StartFailure, Started};
pub use status::{Deployment, RunningExecution};
pub use task_limit::TaskLimit;
pub(crate) use task_limit::task_seconds;
pub use unlock::{EndedBefore, UnlockPlan, Unlocked};
pub use uploaded_release::{ReleaseName, UploadedRelease, UploadedReleaseError};

use bifrost_core::account::DeployerAccount;
use bifrost_core::cloud::{CloudError, ExecutionFilter, ExecutionSummary, Executions, Inventory, Names, Targets};
use bifrost_core::deployer::Connection;
pub use bifrost_core::deployer::Ports;
use bifrost_core::error_code::{Coded, ErrorCode};
use bifrost_core::people::Acts;
use std::sync::Arc;

/// The codes of the errors of this module.
#[doc(hidden)]
pub const ERROR_CODES: &[&[ErrorCode]] = &[
    AddressError::CODES,
    FileError::CODES,
    FreezeFailure::CODES,
    HaltFailure::CODES,
    PlanFailure::CODES,
    PrepareError::CODES,
    RollbackFailure::CODES,
    StartFailure::CODES,
    UploadedReleaseError::CODES,
    plan::PlanRefusal::CODES,
];

/// A client of deployer `D`.
pub struct Client<D: ClientDeployer> {
    /// The deployer account.
    pub account: DeployerAccount,
    /// The executions of the deployer's state machine.
    pub executions: Arc<dyn Executions>,
    /// Access to target accounts.
    pub targets: Arc<dyn Targets<Ports<D>>>,
    /// Describes the deployer's resources; `None` for a local cloud, which has none.
    pub inventory: Option<Arc<dyn Inventory>>,
    /// The function that performs and records acts of people; `None` for a local cloud, where the client records them.
    pub acts: Option<Arc<dyn Acts>>,
    /// Why the user of this client acts.
    pub motive: Motive,
}

impl<D: ClientDeployer> Clone for Client<D> {
    fn clone(&self) -> Self {
        Self {
            account: self.account.clone(),
            executions: Arc::clone(&self.executions),
            targets: Arc::clone(&self.targets),
            inventory: self.inventory.clone(),
            acts: self.acts.clone(),
            motive: self.motive.clone(),
        }
    }
}

impl<D: ClientDeployer> From<&Connection<D>> for Client<D> {
    fn from(connection: &Connection<D>) -> Self {
        Self {
            account: connection.account.clone(),
            executions: Arc::clone(&connection.executions),
            targets: Arc::clone(&connection.targets),
            inventory: Some(Arc::clone(&connection.inventory)),
            acts: Some(Arc::clone(&connection.acts)),
            motive: Motive::default(),
        }
    }
}

#[cfg(feature = "local")]
impl<D: ClientDeployer + bifrost_local::LocalDeployer> From<&bifrost_local::LocalCloud<D>> for Client<D> {
    fn from(cloud: &bifrost_local::LocalCloud<D>) -> Self {
        Self {
            account: cloud.account(),
            executions: cloud.executions(),
            targets: cloud.targets(),
            inventory: None,
            acts: None,
            motive: Motive::default(),
        }
    }
}

impl<D: ClientDeployer> Client<D> {
    /// Another command for the same deployer and cloud, in backticks.
    fn hint(&self, words: &str) -> String {
        format!("`{} {words}{}`", D::NAME, self.account.cloud_arguments)
    }

    /// The running execution for exactly this account, project and config, according to the fields of its input. The name of
    /// an execution does not identify them: that of `web/dev` is a prefix of that of `web/dev-canary`.
    ///
    /// # Errors
    /// `CloudError` from Step Functions.
    pub async fn running(&self, address: &Address) -> Result<Option<ExecutionSummary>, CloudError> {
        let (project, config) = (address.project.clone(), address.config.clone());
        // Each listed execution takes one more call. Those whose names match are few; the others are all running executions.
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
}
