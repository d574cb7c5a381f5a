//! The parts of a deployer that its commands use, in addition to [`Deployer`].

use super::{
    Attachment, Changes, ClientContext, DeployPlan, Deployed, LogSeverity, Prepared, Progress, ReleaseFile,
    ReusableFiles, Serving, StepFailure, read_object,
};
use bifrost_core::deployer::{Boundary, Deployer};
use bifrost_core::error_code::CodedError;
use bifrost_core::release::{Release, Sha256};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// A deployer with commands.
///
/// The client calls the functions of the deployer in this order:
///
/// | when | functions |
/// | --- | --- |
/// | it prepares a release | [`read`](Self::read), [`attach`](Self::attach), then the [rules](bifrost_core::lifecycle::check) |
/// | `plan` | [`plan`](Self::plan) |
/// | it follows a deploy: a state ended, or time passes in one | [`progress`](Self::progress), [`watch`](Self::watch), and [`severity`](Self::severity) for the log |
/// | the deploy ended | [`changes`](Self::changes), [`serving`](Self::serving), and [`CHANGES_FROM`](bifrost_core::machine::Machine::CHANGES_FROM) of the state machine for the exit code |
/// | `halt` | [`too_late`](Self::too_late) |
/// | `rollback` | [`files`](Self::files) and [`release_files`](Self::release_files) of the earlier release |
/// | `status` | [`deployed`](Self::deployed) |
/// | `bootstrap` | [`WRITTEN_FILES`](Self::WRITTEN_FILES), [`BOUNDARY`](Self::BOUNDARY), and [`PERMISSIONS`](Deployer::PERMISSIONS) |
///
/// Only [`ABOUT`](Self::ABOUT) has no default. Functions that read the target account get a [`ClientContext`].
#[allow(async_fn_in_trait, reason = "commands run on a runtime of one thread, so their futures need not be `Send`")]
pub trait ClientDeployer: Deployer {
    /// What the deployer does, in one line of the help.
    const ABOUT: &'static str;
    /// The release file that commands use if none is given, such as `template.yml`. By default it must be given.
    const RELEASE_FILE: Option<&'static str> = None;
    /// Whether its tasks write a [log](bifrost_core::log), which the client then shows.
    const WRITES_LOG: bool = false;
    /// The names of files that its tasks write into the directory of a release, for the policy of its function. The log, locks
    /// and halt flags need not be named. By default none.
    const WRITTEN_FILES: &'static [&'static str] = &[];
    /// The permissions boundary of roles that it creates in a target account, for the stack there. By default it creates none.
    const BOUNDARY: Option<Boundary> = None;
    /// Whether a release may refer to files that earlier releases uploaded. The client then looks them up.
    const REUSES_FILES: bool = false;

    /// Reads a release file. By default the file is the release itself, a JSON object.
    ///
    /// # Errors
    /// Names the file and what is wrong in it. The message is shown as it is and may have several lines.
    fn read(release_file: &Path) -> Result<Map<String, Value>, CodedError> {
        Ok(read_object(release_file)?)
    }

    /// The files that a sent release refers to by S3 URI, with their hashes. The client asks for those of earlier releases
    /// if [`REUSES_FILES`](Self::REUSES_FILES), and for those of a release that it rolls back to. By default none.
    #[must_use]
    fn files(release: &Value) -> BTreeMap<String, Sha256> {
        let _ = release;
        BTreeMap::new()
    }

    /// The files in the directory of a release without which it cannot be deployed, such as its user data. A rollback copies
    /// them. By default none.
    fn release_files(release: &Release<Self::Fields>) -> Vec<ReleaseFile> {
        let _ = release;
        Vec::new()
    }

    /// Reads the files that belong to a release file and enters their hashes into the release. The client calls it after it
    /// filled in defaults and before it checks the release, and uploads the files before the release. Files in `earlier` need
    /// not be uploaded again.
    ///
    /// # Errors
    /// Names the file that is missing or unreadable.
    fn attach(
        release_file: &Path,
        release: &mut Map<String, Value>,
        earlier: &ReusableFiles,
    ) -> Result<Vec<Attachment>, CodedError> {
        let _ = (release_file, release, earlier);
        Ok(Vec::new())
    }

    /// What a deploy of the release would change, without changing anything. `None` if the deployer has no plans.
    ///
    /// # Errors
    /// If the changes cannot be found out.
    async fn plan(
        context: &ClientContext<Self>,
        prepared: &Prepared<Self::Fields>,
    ) -> Result<Option<DeployPlan>, CodedError> {
        let _ = (context, prepared);
        Ok(None)
    }

    /// The progress of each service according to the output of the last state, drawn as a line of dots each.
    fn progress(release: &Release<Self::Fields>) -> Vec<Progress> {
        let _ = release;
        Vec::new()
    }

    /// The progress of each service according to the target account now, for the time between the states that check it. By
    /// default that of [`progress`](Self::progress).
    ///
    /// # Errors
    /// If the progress cannot be read. The client shows no error: it reads it again at the next poll, unless the code is
    /// `aws/access-denied`.
    async fn watch(
        context: &ClientContext<Self>,
        release: &Release<Self::Fields>,
    ) -> Result<Vec<Progress>, CodedError> {
        let _ = context;
        Ok(Self::progress(release))
    }

    /// The severity of a line of the deployer's log, given without the time at its start.
    #[must_use]
    fn severity(line: &str) -> LogSeverity {
        let _ = line;
        LogSeverity::Plain
    }

    /// Why a deploy in this state can no longer be halted; `None` if it can. `release` is the output of the state before.
    fn too_late(state: Self::Machine, release: &Release<Self::Fields>) -> Option<String> {
        let _ = (state, release);
        None
    }

    /// The release that is in service if a deploy fails or is stopped in `state`. `release` is the output of the last state
    /// that ended. `failures` are all failed attempts of the states that failed, in order, including
    /// those of `state`.
    ///
    /// The answer decides what an operator is advised to delete after a failed clean-up, so answer [`Serving::Unknown`], as
    /// by default, unless it is certain. A state may fail before it does anything: check the codes of the failures.
    #[must_use]
    fn serving(state: Self::Machine, release: &Release<Self::Fields>, failures: &[StepFailure]) -> Serving {
        let _ = (state, release, failures);
        Serving::Unknown
    }

    /// What a deploy created and deleted, with notes, according to the output of the last state. For a failed deploy,
    /// `created` is what it may have left over.
    fn changes(release: &Release<Self::Fields>) -> Changes {
        let _ = release;
        Changes::default()
    }

    /// What is deployed of the project and config of the context, according to the target account. By default the release that was
    /// deployed last, according to the lock table: nobody notices then what others change in the account.
    ///
    /// # Errors
    /// If it cannot be read.
    async fn deployed(context: &ClientContext<Self>) -> Result<Vec<Deployed>, CodedError> {
        let last = context.last_deployed().await?;
        Ok(last.iter().map(|release| Deployed::of(&release.envelope)).collect())
    }
}
