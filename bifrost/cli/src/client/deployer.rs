//! What a deployer's commands have to know of it, beside what makes it a deployer.

use super::{
    Attachment, Changes, DeployPlan, Deployed, LogSeverity, PlanError, Prepared, Progress, ReleaseFile, ReusableFiles,
    read_object,
};
use async_trait::async_trait;
use bifrost_core::cloud::{CloudError, Objects};
use bifrost_core::deployer::{Deployer, Ports};
use bifrost_core::release::{ConfigName, ProjectName, Release, Sha256};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// A deployer that has commands.
///
/// In the order of a deploy:
///
/// | when | what is asked |
/// | --- | --- |
/// | the client prepares a release | [`read`](Self::read), [`attach`](Self::attach), then [`check`](Deployer::check) |
/// | a person asks what a deploy would do | [`plan`](Self::plan) |
/// | the client follows: a state is left, or time passes in one | [`progress`](Self::progress), [`watch`](Self::watch), and [`tone`](Self::tone) for the log |
/// | the client sees the end | [`changes`](Self::changes), and [`CHANGES_FROM`](Self::CHANGES_FROM) for the exit code |
/// | a person halts a deploy | [`too_late`](Self::too_late) |
/// | a person rolls back | [`files`](Self::files) and [`belongings`](Self::belongings) of the earlier release |
/// | a person asks for the status | [`deployed`](Self::deployed) |
#[async_trait]
pub trait ClientDeployer: Deployer {
    /// What it does, in a line.
    const ABOUT: &'static str;
    /// The state with whose entry a target account may be changed: a failure before it is a refusal (contract §9).
    const CHANGES_FROM: &'static str;
    /// The release file if a person names none, such as `template.yml`. By default one must be named.
    const RELEASE_FILE: Option<&'static str> = None;
    /// Whether its tasks write a [log](bifrost_core::log), which the client then tells.
    const WRITES_LOG: bool = false;
    /// Whether files that earlier releases refer to by URI may serve a later one: then the client looks them up.
    const REUSES_FILES: bool = false;
    /// The release as a file says it. By default the file is the release itself, a JSON object.
    ///
    /// # Errors
    /// Says what is wrong in which file, and is shown as it is: it may have many lines.
    fn read(release_file: &Path) -> Result<Map<String, Value>, String> {
        read_object(release_file).map_err(|error| error.to_string())
    }

    /// The files that a release, as it was sent, refers to by their S3 URI, each with its hash; asked of earlier releases
    /// only if [`REUSES_FILES`](Self::REUSES_FILES), and of one that is rolled back to. By default none.
    #[must_use]
    fn files(release: &Value) -> BTreeMap<String, Sha256> {
        let _ = release;
        BTreeMap::new()
    }

    /// The files in the directory of a release that it cannot be deployed without, such as its user data: another release
    /// that says the same needs copies of them. By default none.
    fn belongings(release: &Release<Self::Fields>) -> Vec<ReleaseFile> {
        let _ = release;
        Vec::new()
    }

    /// Reads the files that belong to a release file and enters their hashes into the release. The client asks once
    /// defaults are filled in and before the release is read; the files are uploaded before it. What `earlier` has need
    /// not be uploaded again.
    ///
    /// # Errors
    /// Says which file is missing or unreadable.
    fn attach(
        release_file: &Path,
        release: &mut Map<String, Value>,
        earlier: &ReusableFiles,
    ) -> Result<Vec<Attachment>, String> {
        let _ = (release_file, release, earlier);
        Ok(Vec::new())
    }

    /// What a deploy of the release would do, found out without changing anything. None if the deployer cannot tell.
    ///
    /// # Errors
    /// If it cannot be found out.
    fn plan(
        ports: &Ports<Self>,
        objects: &dyn Objects,
        prepared: &Prepared<Self::Fields>,
    ) -> impl Future<Output = Result<Option<DeployPlan>, PlanError>> {
        let _ = (ports, objects, prepared);
        std::future::ready(Ok(None))
    }

    /// How far each service of the release has come, for a line of dots each: as the state says that was left last.
    fn progress(release: &Release<Self::Fields>) -> Vec<Progress> {
        let _ = release;
        Vec::new()
    }

    /// How far each service has come as the target account tells it now, for who follows a deploy between the states
    /// that look. By default what the last of them said.
    ///
    /// # Errors
    /// Whatever AWS answers.
    fn watch(
        ports: &Ports<Self>,
        release: &Release<Self::Fields>,
    ) -> impl Future<Output = Result<Vec<Progress>, CloudError>> {
        let _ = ports;
        std::future::ready(Ok(Self::progress(release)))
    }

    /// What a line of the deployer's log means. The time that it may begin with is not part of it.
    #[must_use]
    fn tone(line: &str) -> LogSeverity {
        let _ = line;
        LogSeverity::Plain
    }

    /// Why a halt comes too late for a deploy that is in that state, with its release as the state before gave it; none
    /// while it is in time.
    fn too_late(state: &str, release: &Release<Self::Fields>) -> Option<String> {
        let _ = (state, release);
        None
    }

    /// What a deploy made and removed, and what else to say of it, by the release as the last of its states gave it. Of
    /// one that failed, what it made is what it may have left, and its notes are told.
    fn changes(release: &Release<Self::Fields>) -> Changes {
        let _ = release;
        Changes::default()
    }

    /// What is deployed now of a project and config, by what the target account says.
    ///
    /// # Errors
    /// Whatever AWS answers.
    async fn deployed(
        ports: &Ports<Self>,
        project: &ProjectName,
        config: &ConfigName,
    ) -> Result<Vec<Deployed>, CloudError>;
}
