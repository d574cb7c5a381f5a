//! Deploys an earlier release anew.
//!
//! It is another release that says the same: with an id and a time of its own, so that replay protection holds for it as for
//! any other, and with copies of the files that the earlier one had in its directory.

use super::prepare::fill;
use super::{Address, Client, PrepareError, Prepared};
use crate::client::{Attachment, Body, ClientDeployer, ReleaseFile};
use bifrost_core::cloud::{CloudError, ExecutionFilter, ExecutionStatus, ExecutionSummary, Names};
use bifrost_core::release::{InvalidName, ProjectDir, Release, ReleaseId, STARTED_BY, Sha256, started_by};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use std::path::Path;

/// The key of `metadata` under which a release says which earlier one it is again.
pub const ROLLBACK_OF: &str = "rollback_of";

/// How many deploys that succeeded are looked at.
const SUCCEEDED: usize = 100;

/// A release that says what an earlier one said, ready to be deployed.
#[derive(Debug)]
pub struct Rollback<F> {
    /// What is deployed now.
    pub from: Version,
    /// What is deployed again.
    pub to: Version,
    /// As the release that it becomes.
    pub prepared: Prepared<F>,
}

/// A release that was deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its id; if it was a rollback itself, that of the release that it was again.
    pub release_id: String,
    /// When its deploy began.
    pub deployed: DateTime<Utc>,
    /// Who started that, as the client claimed.
    pub started_by: Option<String>,
}

/// Nothing was rolled back, and nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum RollbackFailure {
    /// A deploy runs.
    #[error("{0} runs now: wait for its end, or halt it; if it fails, nothing is to be rolled back")]
    Runs(String),
    /// No deploy has succeeded.
    #[error(
        "no deploy of {0} succeeded in the last 90 days, as far as Step Functions remembers: deploy a release instead"
    )]
    NothingDeployed(Address),
    /// What is deployed is the first.
    #[error(
        "{0} is the first release of {1} that succeeded, as far as Step Functions remembers: there is none before it"
    )]
    NothingEarlier(String, Address),
    /// There is no such release, or it failed.
    #[error("no deploy of {0} of {1} succeeded, as far as Step Functions remembers; `history` lists what was deployed")]
    NoSuch(ReleaseId, Address),
    /// A file of the earlier release is gone, or is another by now.
    #[error("{release_id} cannot be deployed again: its file {file} {fault}; deploy a new release instead")]
    File {
        /// The earlier release.
        release_id: String,
        /// The file.
        file: String,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The earlier release refers to a file that is not its project's.
    #[error("{release_id} cannot be deployed again: {source}")]
    Location {
        /// The earlier release.
        release_id: String,
        /// What is wrong.
        source: InvalidName,
    },
    /// The rules are others by now.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// AWS refused, or did not answer.
    #[error("nothing was rolled back: {0}")]
    Cloud(#[from] CloudError),
}

impl<D: ClientDeployer> Client<D> {
    /// Prepares to deploy the release that succeeded last before what is deployed now, or `to`. `who` is the claim of who
    /// does.
    ///
    /// # Errors
    /// [`RollbackFailure`].
    pub async fn roll_back(
        &self,
        address: &Address,
        to: Option<&ReleaseId>,
        who: &str,
    ) -> Result<Rollback<D::Fields>, RollbackFailure> {
        if let Some(running) = self.running(address).await? {
            return Err(RollbackFailure::Runs(running.name));
        }
        let which = ExecutionFilter { status: Some(ExecutionStatus::Succeeded), names: Names::Any };
        let succeeded = self.latest(address, which, SUCCEEDED).await?;
        let now = succeeded.first().ok_or_else(|| RollbackFailure::NothingDeployed(address.clone()))?;
        let earlier = match to {
            Some(id) => succeeded
                .iter()
                .find(|execution| execution.says("release_id") == Some(id.as_str()))
                .ok_or_else(|| RollbackFailure::NoSuch(id.clone(), address.clone()))?,
            None => before(&succeeded)
                .ok_or_else(|| RollbackFailure::NothingEarlier(origin(now).to_owned(), address.clone()))?,
        };
        Ok(Rollback { from: version(now), to: version(earlier), prepared: self.again(earlier, who).await? })
    }

    /// The release of an execution as another one.
    async fn again(&self, earlier: &ExecutionSummary, who: &str) -> Result<Prepared<D::Fields>, RollbackFailure> {
        let id = earlier.says("release_id").unwrap_or_default();
        let path = Path::new(id);
        let old = Release::<D::Fields>::read(&earlier.input, &self.account.defaults)
            .map_err(|source| PrepareError::Field { path: path.into(), source })?;
        self.check_files(&earlier.input, &old, id).await?;
        let mut copies = Vec::new();
        for file in D::belongings(&old) {
            copies.push(self.copy(&old, id, file).await?);
        }
        let mut fields = earlier.input.as_object().cloned().unwrap_or_default();
        renew(&mut fields, origin(earlier));
        let (_, random) = self.account.env.new_uuid().as_u64_pair();
        fill(&mut fields, &self.account.defaults, self.account.env.now(), random, who);
        Ok(self.checked(path, fields, copies)?)
    }

    /// What the release refers to by URI stays where it is, and must be there.
    async fn check_files(&self, input: &Value, old: &Release<D::Fields>, id: &str) -> Result<(), RollbackFailure> {
        let envelope = &old.envelope;
        let project = ProjectDir::new(&envelope.aws_account_id, &envelope.project_name);
        for uri in D::files(input).into_keys() {
            let key = project
                .object(&envelope.bucket, &uri)
                .map_err(|source| RollbackFailure::Location { release_id: id.to_owned(), source })?;
            if !self.account.objects.exists(&envelope.bucket, &key).await? {
                return Err(RollbackFailure::File { release_id: id.to_owned(), file: uri, fault: "is gone" });
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
        let fault = match self.account.objects.get(&old.envelope.bucket, &key).await? {
            Some(object) if Sha256::of(&object.body) == sha256 => {
                return Ok(Attachment { name, body: Body::Bytes(object.body), encryption });
            }
            Some(_) => "is not the one that it was deployed with",
            None => "is gone",
        };
        Err(RollbackFailure::File { release_id: id.to_owned(), file: key.to_string(), fault })
    }
}

/// Takes out what each release has of its own, and notes which one it is again.
fn renew(fields: &mut Map<String, Value>, origin: &str) {
    for own in ["release_id", "created_at", "uuid", "started_at", "error", "success"] {
        fields.shift_remove(own);
    }
    let metadata = fields.entry("metadata").or_insert_with(|| Map::new().into());
    if let Value::Object(metadata) = metadata {
        metadata.insert(ROLLBACK_OF.to_owned(), origin.into());
        metadata.shift_remove(STARTED_BY);
    }
}

/// The release that an execution deployed; if that was a rollback, the one that it rolled back to.
fn origin(execution: &ExecutionSummary) -> &str {
    let earlier = execution.input.get("metadata").and_then(|metadata| metadata.get(ROLLBACK_OF)?.as_str());
    earlier.or_else(|| execution.says("release_id")).unwrap_or_default()
}

/// The latest success before that of what is deployed now. What a rollback put back is what it was when it was new: to roll
/// back again goes further back, and not to what was rolled back.
fn before(succeeded: &[ExecutionSummary]) -> Option<&ExecutionSummary> {
    let now = origin(succeeded.first()?);
    let options = succeeded.iter().position(|execution| execution.says("release_id") == Some(now))?;
    succeeded.iter().skip(options + 1).find(|execution| origin(execution) != now)
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
        before(&deployed(releases)).map(|execution| execution.name.clone())
    }

    #[test]
    fn a_rollback_goes_to_the_release_before_and_the_next_one_further_back() {
        let (a, b, c) = (("a", None), ("b", None), ("c", None));
        assert_eq!(chosen(&[c, b, a]).as_deref(), Some("b"));
        assert_eq!(chosen(&[("r", Some("b")), c, b, a]).as_deref(), Some("a"));
        assert_eq!(chosen(&[("s", Some("a")), ("r", Some("b")), c, b, a]), None);
        assert_eq!(chosen(&[a]), None);
        assert_eq!(chosen(&[]), None);
    }

    #[test]
    fn what_was_put_back_is_what_the_next_release_rolls_back_to() {
        assert_eq!(chosen(&[("c", None), ("r", Some("a")), ("b", None), ("a", None)]).as_deref(), Some("r"));
    }

    #[test]
    fn a_rollback_of_what_nobody_remembers_has_nothing_before_it() {
        assert_eq!(chosen(&[("r", Some("a")), ("b", None)]), None);
    }

    #[test]
    fn what_a_release_has_of_its_own_is_not_deployed_again() {
        let mut fields = json!({
            "release_id": "release-1", "created_at": "2026-01-01T00:00:00Z", "uuid": "u", "success": true,
            "project_name": "web", "metadata": {"started_by": "ada", "commit": "abc"},
        });
        renew(fields.as_object_mut().unwrap(), "release-1");
        assert_eq!(fields, json!({"project_name": "web", "metadata": {"commit": "abc", "rollback_of": "release-1"}}));
    }
}
