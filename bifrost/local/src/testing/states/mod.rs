//! Recorded states: the current code finishes the deploys that released versions began (`docs/architecture.md`, "Upgrades while
//! deploys run").

mod compare;
mod error;
mod folder;
mod merge_patch;
mod recording;
mod unknown;

pub use error::StatesError;
pub use recording::{RecordedDeploy, RecordedState, Recording};

use super::{HarnessError, TestHarness};
use crate::LocalDeployer;
use bifrost_core::machine::Machine;
use compare::differences;
use folder::Version;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use unknown::UNKNOWN;

/// The environment variable that asks for a new recording.
const UPDATE: &str = "UPDATE_STATES";

/// Deploys whose states are recorded for each version of a deployer, in a folder of the repository, and finished by the current code.
///
/// [`check`](Self::check) runs the deploys, and
/// - fails if the recording of the current version lacks a deploy or a state, or if the inputs of its states do not have the fields
///   that the code writes now: run the test with `UPDATE_STATES=1`, which records the current version and leaves all others alone;
/// - continues every recorded deploy of every version from each of its states, and fails if one does not end as it did;
/// - does the same with a field that no version knows in each object of the state, except in the input of the first state, which is
///   read strictly.
///
/// Each state is recorded when it is entered for the first time, with the local cloud as it was then: `<version>/<deploy>.json` has
/// the local cloud before the deploy, `<version>/<deploy>.<state>.json` the input of the state and how the local cloud differs.
///
/// ```ignore
/// RecordedStates::<Hello>::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/states"), env!("CARGO_PKG_VERSION"))
///     .deploy("Deployed", TestHarness::seeded()?, &json!({"flag": "beta", "value": "on"}), &[], Hello::Success)
///     .check()
///     .await?;
/// ```
pub struct RecordedStates<D: LocalDeployer> {
    folder: PathBuf,
    version: String,
    deploys: Vec<Deploy<D>>,
}

struct Deploy<D: LocalDeployer> {
    name: String,
    harness: TestHarness<D>,
    release: Value,
    files: Vec<(&'static str, Vec<u8>)>,
    end: D::Machine,
}

/// What a check ran.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatesReport {
    /// The versions.
    pub versions: BTreeSet<String>,
    /// How many executions were finished.
    pub runs: usize,
}

impl<D: LocalDeployer> RecordedStates<D> {
    /// Without deploys so far. `version` is the version of the current code.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, version: &str) -> Self {
        Self { folder: folder.into(), version: version.to_owned(), deploys: Vec::new() }
    }

    /// Adds a deploy of this release with these files, in the local cloud of the harness as it is when the check runs. It must end in
    /// `end`. Choose a name without dots.
    #[must_use]
    pub fn deploy(
        mut self,
        name: &str,
        harness: TestHarness<D>,
        release: &Value,
        files: &[(&'static str, &[u8])],
        end: D::Machine,
    ) -> Self {
        let release = harness.release(release);
        let files = files.iter().map(|(name, body)| (*name, body.to_vec())).collect();
        self.deploys.push(Deploy { name: name.to_owned(), harness, release, files, end });
        self
    }

    /// Runs the deploys, compares them with the recording of this version, and finishes what was recorded.
    ///
    /// # Errors
    /// [`StatesError`], with the deploys that do not end as they did, or how the recording differs.
    pub async fn check(self) -> Result<StatesReport, StatesError> {
        let current = self.record().await?;
        let folder = self.folder.join(&self.version);
        let mut versions = folder::versions(&self.folder)?;
        let differences = differences(&current, versions.get(&self.version).unwrap_or(&Version::new()));
        if !differences.is_empty() {
            if std::env::var_os(UPDATE).is_none_or(|value| value != "1") {
                return Err(StatesError::OutOfDate { folder, differences });
            }
            folder::write(&folder, &current)?;
            versions = folder::versions(&self.folder)?;
        }
        let mut report = StatesReport::default();
        let mut broken = Vec::new();
        for (version, recordings) in &versions {
            report.versions.insert(version.clone());
            for (name, recording) in recordings {
                finish_all::<D>(&format!("{version}/{name}"), recording, &mut report, &mut broken).await?;
            }
        }
        if broken.is_empty() { Ok(report) } else { Err(StatesError::EndsDiffer(broken)) }
    }

    async fn record(&self) -> Result<BTreeMap<String, Recording>, StatesError> {
        let mut recordings = BTreeMap::new();
        for Deploy { name, harness, release, files, end } in &self.deploys {
            let files: Vec<_> = files.iter().map(|(name, body)| (*name, &body[..])).collect();
            harness.upload(release, &files).await?;
            let recording = harness.record(release).await?;
            if recording.deploy.end != end.name() {
                let ended = format!("{name} must end in {}, and ends in {}", end.name(), recording.deploy.end);
                return Err(StatesError::EndsDiffer(vec![ended]));
            }
            recordings.insert(name.clone(), recording);
        }
        Ok(recordings)
    }
}

/// Finishes a recorded deploy from each of its states.
async fn finish_all<D: LocalDeployer>(
    place: &str,
    (deploy, states): &(RecordedDeploy, BTreeMap<String, RecordedState>),
    report: &mut StatesReport,
    broken: &mut Vec<String>,
) -> Result<(), StatesError> {
    let harness = TestHarness::<D>::seeded()?;
    let first = D::Machine::ALL.first().map(|state| state.name());
    for (state, recorded) in states {
        let place = format!("{place}.{state}");
        let finished = deploy.finish::<D>(state, recorded).await?;
        broken.extend(differs::<D>(deploy, &finished).map(|how| format!("{place} {how}")));
        report.runs += 1;
        // A client wrote the input of the first state.
        if first == Some(state.as_str()) {
            continue;
        }
        let input = harness.with_unknown_fields(&recorded.input)?;
        let finished = deploy.finish::<D>(state, &RecordedState { input, cloud: recorded.cloud.clone() }).await?;
        broken.extend(differs::<D>(deploy, &finished).map(|how| format!("{place} with unknown fields {how}")));
        if finished.output.get(UNKNOWN).is_none() {
            broken.push(format!("{place} with unknown fields does not pass them on"));
        }
        report.runs += 1;
    }
    Ok(())
}

/// How the end of a deploy differs from the recorded one.
fn differs<D: LocalDeployer>(deploy: &RecordedDeploy, finished: &Recording) -> Option<String> {
    let (end, must_hold) = (&finished.deploy.end, deploy.end == D::Machine::FAILURE_DIRTY.name());
    if *end != deploy.end {
        return Some(format!("must end in {}, and ends in {end}: {:?}", deploy.end, finished.errors));
    }
    (finished.holds_lock != must_hold)
        .then(|| format!("ends with the lock {}", if must_hold { "free" } else { "held" }))
}

impl From<HarnessError> for StatesError {
    fn from(error: HarnessError) -> Self {
        Self::Harness(Box::new(error))
    }
}
