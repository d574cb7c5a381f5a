//! The deploys that failed.

use super::outcome::Ending;
use super::{Address, Client, DeployOutcome};
use crate::client::ClientDeployer;
use bifrost_core::cloud::{CloudError, ExecutionFilter, ExecutionStatus, ExecutionSummary, Names};
use bifrost_core::release::started_by;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::Serialize;
use std::cmp::Reverse;

/// The ends that are no success, each of which Step Functions lists apart.
const FAILED: [ExecutionStatus; 3] = [ExecutionStatus::Failed, ExecutionStatus::TimedOut, ExecutionStatus::Aborted];

/// How many histories are read at a time.
const MAX_CONCURRENT_CALLS: usize = 4;

/// A deploy that failed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FailedDeploy {
    /// Of what; none if its input does not say.
    #[serde(flatten)]
    pub address: Option<Address>,
    /// Who started it, as the client claimed.
    pub started_by: Option<String>,
    /// How it ended, and why.
    #[serde(flatten)]
    pub outcome: DeployOutcome,
}

impl<D: ClientDeployer> Client<D> {
    /// The latest deploys that failed, newest first, at most so many: of a project's config, or of all.
    ///
    /// # Errors
    /// Whatever Step Functions answers.
    pub async fn failures(&self, address: Option<&Address>, at_most: usize) -> Result<Vec<FailedDeploy>, CloudError> {
        let mut failed = Vec::new();
        for status in FAILED {
            let which = ExecutionFilter { status: Some(status), names: Names::Any };
            failed.extend(match address {
                Some(address) => self.latest(address, which, at_most).await?,
                None => self.executions.list(&which, at_most).await?,
            });
        }
        failed.sort_by_key(|execution| Reverse(execution.start_date));
        failed.truncate(at_most);
        stream::iter(failed.iter().map(|execution| self.fail(execution)))
            .buffered(MAX_CONCURRENT_CALLS)
            .try_collect()
            .await
    }

    async fn fail(&self, execution: &ExecutionSummary) -> Result<FailedDeploy, CloudError> {
        let (reader, release) = self.reader(execution).await?;
        let outcome_of = Ending {
            summary: execution,
            release_id: execution.says("release_id").unwrap_or_default().to_owned(),
            changes: release.as_ref().map(D::changes).unwrap_or_default(),
            changes_from: D::CHANGES_FROM,
            is_ours: true,
        };
        Ok(FailedDeploy {
            address: Address::read(&execution.input, &self.account.defaults).ok(),
            started_by: started_by(&execution.input).map(ToOwned::to_owned),
            outcome: DeployOutcome::of(&reader, outcome_of),
        })
    }
}
