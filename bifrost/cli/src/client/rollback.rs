//! Deploys an earlier release again.
//!
//! A rollback is a new release with the fields of the earlier one. It has its own id and time, so that replay protection
//! applies to it, and copies of the files in the directory of the earlier release.

use super::prepare::fill;
use super::{Address, Client, PrepareError, Prepared};
use crate::client::{Attachment, Body, ClientDeployer, ReleaseFile};
use bifrost_core::cloud::{CloudError, ExecutionFilter, ExecutionStatus, ExecutionSummary, Names};
use bifrost_core::error_code::Coded;
use bifrost_core::release::{InvalidName, ProjectDir, Release, ReleaseId, STARTED_BY, Sha256, started_by};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use std::path::Path;

/// The key of `metadata` with the id of the release that a rollback deploys again.
pub const ROLLBACK_OF: &str = "rollback_of";

/// The largest file of a release that is copied, in bytes. Lambda accepts at most 250 MiB of code.
const FILE_LIMIT_BYTES: u64 = 512 * 1024 * 1024;

/// How many successful deploys are searched.
const SUCCEEDED: usize = 100;

/// An earlier release, ready to be deployed again.
#[derive(Debug)]
pub struct Rollback<F> {
    /// The release that is deployed now.
    pub from: Version,
    /// The release that is deployed again.
    pub to: Version,
    /// The new release.
    pub prepared: Prepared<F>,
}

/// A deployed release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its id. For a rollback, the id of the release that it deployed again.
    pub release_id: String,
    /// When its deploy started.
    pub deployed: DateTime<Utc>,
    /// Who started the deploy, as the client claimed.
    pub started_by: Option<String>,
}

/// [`Client::roll_back`] failed. Nothing was changed.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub enum RollbackFailure {
    /// A deploy of the project and config is running, so a rollback cannot start.
    #[error(
        "a deploy is running ({execution}): wait until it ends, or halt it with {halt}; if it fails, there is nothing to roll \
         back"
    )]
    #[code("rollback/deploy-running", "wait until the running deploy ends, or halt it with `halt`")]
    DeployRunning {
        /// The running execution.
        execution: String,
        /// The command that halts it.
        halt: String,
    },
    /// No deploy of the project and config has succeeded in the 90 days that Step Functions keeps.
    #[error("no successful deploy of {0} in the 90 days that Step Functions keeps; deploy a release instead")]
    #[code("rollback/nothing-deployed", "deploy a release")]
    NothingDeployed(Address),
    /// The deployed release is the first one that succeeded in the 90 days that Step Functions keeps.
    #[error(
        "no successful deploy of {1} before release {0} in the 90 days that Step Functions keeps; deploy a release instead"
    )]
    #[code("rollback/nothing-earlier", "deploy a release")]
    NothingEarlier(String, Address),
    /// The release given with `--to` was not deployed successfully in the 90 days that Step Functions keeps.
    #[error(
        "no successful deploy of release {release_id} of {address} in the 90 days that Step Functions keeps; {history} lists \
         all deploys"
    )]
    #[code("rollback/unknown-release", "choose a release that `history` lists as SUCCEEDED")]
    UnknownRelease {
        /// The release.
        release_id: ReleaseId,
        /// Project, config and account.
        address: Address,
        /// The command that lists the deploys.
        history: String,
    },
    /// A file of the earlier release was deleted from the bucket.
    #[error("cannot deploy {release_id} again: its file {file} is not in the bucket; deploy a new release instead")]
    #[code("rollback/file-missing", "deploy a new release")]
    FileMissing {
        /// The earlier release.
        release_id: String,
        /// The URI or the key of the file.
        file: String,
    },
    /// A file of the earlier release was replaced in the bucket.
    #[error(
        "cannot deploy {release_id} again: its file {file} has changed in the bucket; deploy a new release instead"
    )]
    #[code("rollback/file-changed", "deploy a new release; find out who replaced the file")]
    FileChanged {
        /// The earlier release.
        release_id: String,
        /// The key of the file.
        file: String,
    },
    /// The earlier release refers to a file outside of the directory of its project.
    #[error("cannot deploy {release_id} again: {source}")]
    #[code(source)]
    Location {
        /// The earlier release.
        release_id: String,
        /// The file, and what is wrong with its location.
        source: InvalidName,
    },
    /// The earlier release does not pass the rules of today.
    #[error(transparent)]
    #[code(source)]
    Prepare(#[from] PrepareError),
    /// AWS refused a request or did not answer.
    #[error("nothing was rolled back: {0}")]
    #[code(source)]
    Cloud(#[from] CloudError),
}

impl<D: ClientDeployer> Client<D> {
    /// Prepares a rollback to the last successful release before the deployed one, or to `to`. `started_by` says who rolls
    /// back.
    ///
    /// # Errors
    /// [`RollbackFailure`].
    pub async fn roll_back(
        &self,
        address: &Address,
        to: Option<&ReleaseId>,
        started_by: &str,
    ) -> Result<Rollback<D::Fields>, RollbackFailure> {
        if let Some(running) = self.running(address).await? {
            let halt = self.hint(&format!("halt {}", address.arguments(&self.account.defaults)));
            return Err(RollbackFailure::DeployRunning { execution: running.name, halt });
        }
        let filter = ExecutionFilter { status: Some(ExecutionStatus::Succeeded), names: Names::Any };
        let succeeded = self.latest(address, filter, SUCCEEDED).await?;
        let now = succeeded.first().ok_or_else(|| RollbackFailure::NothingDeployed(address.clone()))?;
        let earlier = match to {
            Some(id) => succeeded
                .iter()
                .find(|execution| execution.input_str("release_id") == Some(id.as_str()))
                .ok_or_else(|| RollbackFailure::UnknownRelease {
                    release_id: id.clone(),
                    address: address.clone(),
                    history: self.hint("history"),
                })?,
            None => previous(&succeeded)
                .ok_or_else(|| RollbackFailure::NothingEarlier(origin(now).to_owned(), address.clone()))?,
        };
        Ok(Rollback {
            from: version(now),
            to: version(earlier),
            prepared: self.prepare_again(earlier, started_by).await?,
        })
    }

    /// Prepares the release of an execution as a new release.
    async fn prepare_again(
        &self,
        earlier: &ExecutionSummary,
        started_by: &str,
    ) -> Result<Prepared<D::Fields>, RollbackFailure> {
        let id = earlier.input_str("release_id").unwrap_or_default();
        let path = Path::new(id);
        let old = Release::<D::Fields>::read(&earlier.input, &self.account.defaults)
            .map_err(|source| PrepareError::Field { path: path.into(), source })?;
        self.check_files(&earlier.input, &old, id).await?;
        let mut copies = Vec::new();
        for file in D::release_files(&old) {
            copies.push(self.copy(&old, id, file).await?);
        }
        let mut fields = earlier.input.as_object().cloned().unwrap_or_default();
        into_rollback(&mut fields, origin(earlier));
        let (_, random) = self.account.env.new_uuid().as_u64_pair();
        fill(&mut fields, &self.account.defaults, self.account.env.now(), random, started_by);
        Ok(self.checked(path, fields, copies)?)
    }

    /// Files that the release refers to by URI are not copied, so they must exist.
    async fn check_files(&self, input: &Value, old: &Release<D::Fields>, id: &str) -> Result<(), RollbackFailure> {
        let envelope = &old.envelope;
        let project = ProjectDir::new(&envelope.aws_account_id, &envelope.project_name);
        for uri in D::files(input).into_keys() {
            let key = project
                .object(&envelope.bucket, &uri)
                .map_err(|source| RollbackFailure::Location { release_id: id.to_owned(), source })?;
            if !self.account.objects.exists(&envelope.bucket, &key).await? {
                return Err(RollbackFailure::FileMissing { release_id: id.to_owned(), file: uri });
            }
        }
        Ok(())
    }

    async fn copy(&self, old: &Release<D::Fields>, id: &str, file: ReleaseFile) -> Result<Attachment, RollbackFailure> {
        let ReleaseFile { name, sha256, encryption } = file;
        let key = old
            .envelope
            .release_dir()
            .attachment(&name)
            .map_err(|source| RollbackFailure::Location { release_id: id.to_owned(), source })?;
        let (release_id, file) = (id.to_owned(), key.to_string());
        match self.account.objects.get(&old.envelope.bucket, &key, FILE_LIMIT_BYTES).await? {
            Some(object) if Sha256::of(&object.body) == sha256 => {
                Ok(Attachment { name, body: Body::Bytes(object.body), encryption })
            }
            Some(_) => Err(RollbackFailure::FileChanged { release_id, file }),
            None => Err(RollbackFailure::FileMissing { release_id, file }),
        }
    }
}

/// Removes the fields that every release has for itself, and records the release that is deployed again.
fn into_rollback(fields: &mut Map<String, Value>, origin: &str) {
    for field in ["release_id", "created_at", "uuid", "started_at", "error", "success"] {
        fields.shift_remove(field);
    }
    let metadata = fields.entry("metadata").or_insert_with(|| Map::new().into());
    if let Value::Object(metadata) = metadata {
        metadata.insert(ROLLBACK_OF.to_owned(), origin.into());
        metadata.shift_remove(STARTED_BY);
    }
}

/// The release that an execution deployed. For a rollback, the release that it deployed again.
fn origin(execution: &ExecutionSummary) -> &str {
    let earlier = execution.input.get("metadata").and_then(|metadata| metadata.get(ROLLBACK_OF)?.as_str());
    earlier.or_else(|| execution.input_str("release_id")).unwrap_or_default()
}

/// The latest successful deploy before the deployed release. A rollback counts as the release that it deployed
/// again, so a second rollback goes further back, and not to the release that the first one replaced.
fn previous(succeeded: &[ExecutionSummary]) -> Option<&ExecutionSummary> {
    let now = origin(succeeded.first()?);
    let index = succeeded.iter().position(|execution| execution.input_str("release_id") == Some(now))?;
    succeeded.iter().skip(index + 1).find(|execution| origin(execution) != now)
}

fn version(execution: &ExecutionSummary) -> Version {
    Version {
        release_id: origin(execution).to_owned(),
        deployed: execution.start_date,
        started_by: started_by(&execution.input).map(ToOwned::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn deployed(releases: &[(&str, Option<&str>)]) -> Vec<ExecutionSummary> {
        let summary = |(id, of): &(&str, Option<&str>)| ExecutionSummary {
            name: (*id).into(),
            arn: String::new(),
            status: ExecutionStatus::Succeeded,
            start_date: DateTime::UNIX_EPOCH,
            stop_date: None,
            input: json!({"release_id": id, "metadata": of.map(|of| json!({ROLLBACK_OF: of}))}).into(),
            output: None,
            error: None,
            cause: None,
        };
        releases.iter().map(summary).collect()
    }

    /// Newest first.
    fn chosen(releases: &[(&str, Option<&str>)]) -> Option<String> {
        previous(&deployed(releases)).map(|execution| execution.name.clone())
    }

    #[test]
    fn second_rollback_goes_further_back() {
        let (a, b, c) = (("a", None), ("b", None), ("c", None));
        assert_eq!(chosen(&[c, b, a]).as_deref(), Some("b"));
        assert_eq!(chosen(&[("r", Some("b")), c, b, a]).as_deref(), Some("a"));
        assert_eq!(chosen(&[("s", Some("a")), ("r", Some("b")), c, b, a]), None);
        assert_eq!(chosen(&[a]), None);
        assert_eq!(chosen(&[]), None);
    }

    #[test]
    fn rollback_counts_as_the_earlier_release() {
        assert_eq!(chosen(&[("c", None), ("r", Some("a")), ("b", None), ("a", None)]).as_deref(), Some("r"));
    }

    #[test]
    fn rollback_of_a_forgotten_release_has_no_previous() {
        assert_eq!(chosen(&[("r", Some("a")), ("b", None)]), None);
    }

    #[test]
    fn own_fields_of_the_earlier_release_are_removed() {
        let mut fields = json!({
            "release_id": "release-1", "created_at": "2026-01-01T00:00:00Z", "uuid": "u", "success": true,
            "project_name": "web", "metadata": {"started_by": "ada", "commit": "abc"},
        });
        into_rollback(fields.as_object_mut().unwrap(), "release-1");
        assert_eq!(fields, json!({"project_name": "web", "metadata": {"commit": "abc", "rollback_of": "release-1"}}));
    }
}
