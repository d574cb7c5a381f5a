//! The failed deploys.

use super::follow::serving;
use super::outcome::{ExecutionEnd, Serving};
use super::{Address, Client, DeployOutcome, Status};
use crate::client::ClientDeployer;
use bifrost_core::cloud::{CloudError, ExecutionFilter, ExecutionStatus, ExecutionSummary, Names};
use bifrost_core::release::started_by;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::Serialize;
use std::cmp::Reverse;

/// Every status of a failed execution. Step Functions lists each separately.
const FAILED: [ExecutionStatus; 3] = [ExecutionStatus::Failed, ExecutionStatus::TimedOut, ExecutionStatus::Aborted];

/// How many executions of a project and config are searched for a later success. A failure before them counts as superseded
/// if one of them succeeded.
const RECENT: usize = 20;

/// How many histories are read at a time.
const MAX_CONCURRENT_CALLS: usize = 4;

/// A failed deploy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FailedDeploy {
    /// Project, config and account; `None` if the input of the execution has none.
    #[serde(flatten)]
    pub address: Option<Address>,
    /// Who started it, as the client claimed.
    pub started_by: Option<String>,
    /// The execution of a later deploy that put a release into service. What to do about this failure is then out of date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub superseded_by: Option<String>,
    /// Whether it did not clean up, and nobody holds the root lock any more.
    #[serde(skip)]
    pub lock_is_free: bool,
    /// How it ended, and why.
    #[serde(flatten)]
    pub outcome: DeployOutcome,
}

impl<D: ClientDeployer> Client<D> {
    /// The latest failed deploys of a project's config, or of all; newest first, at most `limit`.
    ///
    /// # Errors
    /// `CloudError` from Step Functions.
    pub async fn failures(&self, address: Option<&Address>, limit: usize) -> Result<Vec<FailedDeploy>, CloudError> {
        let mut failed = Vec::new();
        for status in FAILED {
            let filter = ExecutionFilter { status: Some(status), names: Names::Any };
            failed.extend(match address {
                Some(address) => self.latest(address, filter, limit).await?,
                None => self.executions.list(&filter, limit).await?,
            });
        }
        failed.sort_by_key(|execution| Reverse(execution.start_date));
        failed.truncate(limit);
        let mut deploys: Vec<FailedDeploy> = stream::iter(failed.iter().map(|execution| self.failed_deploy(execution)))
            .buffered(MAX_CONCURRENT_CALLS)
            .try_collect()
            .await?;
        // Only an addition: without it the failures are listed as well.
        let _ = self.mark_superseded(&mut deploys).await;
        self.mark_free_locks(&mut deploys).await;
        Ok(deploys)
    }

    /// Finds the failures that were not cleaned up whose lock nobody holds any more. A lock that cannot be read may be held.
    async fn mark_free_locks(&self, deploys: &mut [FailedDeploy]) {
        let mut known: Vec<(Address, bool)> = Vec::new();
        for deploy in deploys.iter_mut().filter(|deploy| deploy.superseded_by.is_none()) {
            let Some(address) = deploy.address.as_ref().filter(|_| deploy.outcome.status != Status::FailureClean)
            else {
                continue;
            };
            let found = known.iter().find(|(other, _)| other.names_the_same(address)).map(|(_, is_free)| *is_free);
            deploy.lock_is_free = if let Some(is_free) = found {
                is_free
            } else {
                let is_free = self.is_unlocked(address).await.unwrap_or(false);
                known.push((address.clone(), is_free));
                is_free
            };
        }
    }

    /// Whether nobody holds the root lock: neither the item nor the object of Go deployers is there.
    async fn is_unlocked(&self, address: &Address) -> Result<bool, CloudError> {
        let (key, account) = (address.root_dir().lock(), &self.account);
        Ok(account.locks.get(&key).await?.is_none() && !account.objects.exists(&address.bucket, &key).await?)
    }

    /// Finds the failures after which another deploy of the same project's config put a release into service. `deploys` are
    /// newest first.
    async fn mark_superseded(&self, deploys: &mut [FailedDeploy]) -> Result<(), CloudError> {
        let mut histories: Vec<(Address, Vec<ExecutionSummary>)> = Vec::new();
        // Failed deploys that may have put a release into service.
        let mut in_service: Vec<(Address, String)> = Vec::new();
        for deploy in deploys {
            let Some(address) = &deploy.address else { continue };
            if !histories.iter().any(|(known, _)| known.names_the_same(address)) {
                let executions = self.latest(address, ExecutionFilter::default(), RECENT).await?;
                histories.push((address.clone(), executions));
            }
            let recent = histories.iter().find(|(known, _)| known.names_the_same(address)).map(|(_, recent)| recent);
            let later = recent.into_iter().flatten().take_while(|later| later.name != deploy.outcome.execution);
            let success = later.into_iter().find(|later| later.status == ExecutionStatus::Succeeded);
            let failure = in_service.iter().find(|(known, _)| known.names_the_same(address));
            deploy.superseded_by = success.map(|later| later.name.clone()).or(failure.map(|(_, name)| name.clone()));
            if deploy.outcome.changed && deploy.outcome.serving == Serving::New {
                in_service.push((address.clone(), deploy.outcome.execution.clone()));
            }
        }
        Ok(())
    }

    async fn failed_deploy(&self, execution: &ExecutionSummary) -> Result<FailedDeploy, CloudError> {
        let (reader, release) = self.reader(execution).await?;
        let end = ExecutionEnd {
            summary: execution,
            release_id: execution.input_str("release_id").unwrap_or_default().to_owned(),
            changes: release.as_ref().map(D::changes).unwrap_or_default(),
            serving: serving::<D>(&reader, release.as_ref()),
            is_ours: true,
        };
        Ok(FailedDeploy {
            address: Address::read(&execution.input, &self.account.defaults).ok(),
            started_by: started_by(&execution.input).map(ToOwned::to_owned),
            superseded_by: None,
            lock_is_free: false,
            outcome: DeployOutcome::of::<D::Machine>(&reader, end),
        })
    }
}
