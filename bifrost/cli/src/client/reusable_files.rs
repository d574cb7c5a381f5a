//! What earlier releases of the same project and config left in the bucket, so that it is not uploaded again.

use super::{Address, Client};
use crate::client::{ClientDeployer, ReusableFiles};
use bifrost_core::cloud::{CloudError, ExecutionFilter, ExecutionStatus, ExecutionSummary, Names};
use bifrost_core::release::{ObjectKey, ProjectDir, Sha256};
use futures_util::stream::{self, StreamExt as _};
use std::collections::BTreeMap;

/// How many earlier releases are asked. What they do not have is uploaded.
const RELEASES: usize = 5;

/// How many objects are looked for at a time.
const MAX_CONCURRENT_CALLS: usize = 8;

impl<D: ClientDeployer> Client<D> {
    /// The latest executions of a project's config, newest first: at most so many.
    ///
    /// # Errors
    /// Whatever Step Functions answers.
    pub(super) async fn latest(
        &self,
        address: &Address,
        mut which: ExecutionFilter,
        at_most: usize,
    ) -> Result<Vec<ExecutionSummary>, CloudError> {
        which.names = Names::Of(address.project.clone(), address.config.clone());
        let mut found = self.executions.list(&which, at_most).await?;
        found.retain(|execution| {
            Address::read(&execution.input, &self.account.defaults).is_ok_and(|found| found.names_the_same(address))
        });
        Ok(found)
    }

    /// What earlier releases say of their files. Only those that succeeded are asked, as the deployer has checked what they
    /// say: of another, anybody who may start executions could claim anything.
    pub(super) async fn uploaded(&self, address: &Address) -> Result<ReusableFiles, CloudError> {
        if !D::REUSES_FILES {
            return Ok(ReusableFiles::default());
        }
        let succeeded = ExecutionFilter { status: Some(ExecutionStatus::Succeeded), names: Names::Any };
        let project = ProjectDir::new(&address.account, &address.project);
        let mut claimed: BTreeMap<Sha256, (String, ObjectKey)> = BTreeMap::new();
        for execution in self.latest(address, succeeded, RELEASES).await? {
            for (uri, sha256) in D::files(&execution.input) {
                if let Ok(key) = project.object(&address.bucket, &uri) {
                    claimed.entry(sha256).or_insert((uri, key));
                }
            }
        }
        let looked = claimed.into_iter().map(|(sha256, (uri, key))| async move {
            let exists = self.account.objects.exists(&address.bucket, &key).await?;
            Ok(exists.then_some((sha256, uri)))
        });
        let looked: Vec<Result<_, CloudError>> =
            stream::iter(looked).buffer_unordered(MAX_CONCURRENT_CALLS).collect().await;
        looked.into_iter().filter_map(Result::transpose).collect()
    }
}
