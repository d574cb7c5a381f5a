//! Finds files of earlier releases in the bucket, so that they are not uploaded again.

use super::{Address, Client};
use crate::client::{ClientDeployer, ReusableFiles};
use bifrost_core::cloud::{CloudError, ExecutionFilter, ExecutionStatus, ExecutionSummary, Names};
use bifrost_core::release::{ExecutionNames, ObjectKey, ProjectDir, Sha256};
use futures_util::stream::{self, StreamExt as _};
use std::collections::BTreeMap;

/// How many earlier releases are searched.
const RELEASES: usize = 5;

/// How many times as many executions are searched where names do not say whose they are.
const OF_OTHERS: usize = 20;

/// How many objects are looked up at a time.
const MAX_CONCURRENT_CALLS: usize = 8;

impl<D: ClientDeployer> Client<D> {
    /// The latest executions of a project's config, newest first, at most `limit`.
    ///
    /// # Errors
    /// `CloudError` from Step Functions.
    pub(super) async fn latest(
        &self,
        address: &Address,
        mut filter: ExecutionFilter,
        limit: usize,
    ) -> Result<Vec<ExecutionSummary>, CloudError> {
        let listed = match D::EXECUTION_NAMES {
            ExecutionNames::ProjectAndConfig => {
                filter.names = Names::Of(address.project.clone(), address.config.clone());
                limit
            }
            ExecutionNames::ReleaseId => limit.saturating_mul(OF_OTHERS),
        };
        let mut found = self.executions.list(&filter, listed).await?;
        found.retain(|execution| {
            Address::read(&execution.input, &self.account.defaults).is_ok_and(|found| found.names_the_same(address))
        });
        found.truncate(limit);
        Ok(found)
    }

    /// The files of earlier releases. Only releases that were deployed count, because the deployer checked their hashes:
    /// any other release may claim anything of a file.
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
        let lookups = claimed.into_iter().map(|(sha256, (uri, key))| async move {
            let exists = self.account.objects.exists(&address.bucket, &key).await?;
            Ok(exists.then_some((sha256, uri)))
        });
        let found: Vec<Result<_, CloudError>> =
            stream::iter(lookups).buffer_unordered(MAX_CONCURRENT_CALLS).collect().await;
        found.into_iter().filter_map(Result::transpose).collect()
    }
}
