//! Follows an execution by its history.

use super::history_reader::{HistoryReader, Transition};
use super::log::Log;
use super::outcome::{ExecutionEnd, Serving, Status};
use super::{Address, Client, DeployEvent, DeployOutcome, Started};
use crate::client::{ClientDeployer, Deployed, DeployedState, Progress};
use bifrost_core::cloud::{CloudError, ErrorKind, ExecutionSummary, HistoryEvent};
use bifrost_core::error_code::CodedError;
use bifrost_core::machine::Machine;
use bifrost_core::release::Release;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

/// How many polls in a row may fail for a temporary reason.
const MAX_FAILED_POLLS: u32 = 20;

/// Follows one execution.
pub struct Follower<'c, D: ClientDeployer> {
    client: &'c Client<D>,
    started: Started,
    reader: HistoryReader,
    /// The id of the last event that was read.
    seen: u64,
    /// The output of the last state that ended.
    release: Option<Release<D::Fields>>,
    release_id: String,
    progress: Vec<Progress>,
    /// Whether the target account has not denied reading the progress.
    may_watch: bool,
    /// Whether the progress is read from the target account. It is then newer than that in the output of a state.
    watched: bool,
    log: Log,
    outcome: Option<DeployOutcome>,
    failed_polls: u32,
}

impl<D: ClientDeployer> Client<D> {
    /// Follows an execution.
    #[must_use]
    pub fn follow(&self, started: Started) -> Follower<'_, D> {
        Follower {
            client: self,
            started,
            reader: HistoryReader::default(),
            seen: 0,
            release: None,
            release_id: String::new(),
            progress: Vec::new(),
            may_watch: true,
            watched: false,
            log: Log::default(),
            outcome: None,
            failed_polls: 0,
        }
    }

    async fn watch(&self, release: &Release<D::Fields>) -> Result<Vec<Progress>, CodedError> {
        D::watch(&self.context(&Address::from(&release.envelope)).await?, release).await
    }
}

impl<D: ClientDeployer> Follower<'_, D> {
    /// Polls once: returns all events since the last poll, in order. The last event is [`DeployEvent::End`].
    ///
    /// # Errors
    /// `CloudError` from Step Functions, if it is not temporary, or if 20 polls in a row failed.
    pub async fn poll(&mut self) -> Result<Vec<DeployEvent>, CloudError> {
        match self.try_poll().await {
            Ok(events) => {
                self.failed_polls = 0;
                Ok(events)
            }
            Err(error) if self.is_temporary(&error) && self.failed_polls < MAX_FAILED_POLLS => {
                self.failed_polls += 1;
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }

    /// How the execution ended, once [`poll`](Self::poll) has returned [`DeployEvent::End`].
    #[must_use]
    pub fn outcome(&self) -> Option<&DeployOutcome> {
        self.outcome.as_ref()
    }

    /// Reads the progress of the services from the target account, for the time between the states that check it. `None` if
    /// it is unchanged, or cannot be read: users may deploy without permission to read the target account.
    pub async fn watch(&mut self) -> Option<DeployEvent> {
        let release = self.release.as_ref().filter(|_| self.may_watch)?;
        match self.client.watch(release).await {
            Ok(services) => {
                self.watched = true;
                self.progressed(self.now(), services)
            }
            Err(error) => {
                self.may_watch = error.code() != "aws/access-denied";
                None
            }
        }
    }

    /// The time of the cloud.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.client.account.env.now()
    }

    /// When the release's timeout ends.
    #[must_use]
    pub fn deadline(&self) -> Option<DateTime<Utc>> {
        let envelope = &self.release.as_ref()?.envelope;
        Some(envelope.started_at? + TimeDelta::seconds(i64::from(envelope.timeout)))
    }

    /// Step Functions may not know an execution yet that was just started.
    fn is_temporary(&self, error: &CloudError) -> bool {
        match error.kind {
            ErrorKind::Throttled | ErrorKind::Unavailable => true,
            ErrorKind::NotFound => self.seen == 0,
            _ => false,
        }
    }

    async fn try_poll(&mut self) -> Result<Vec<DeployEvent>, CloudError> {
        let name = &self.started.execution;
        // In this order, so that the history of an execution that has ended is complete.
        let summary = self.client.executions.describe(name).await?.ok_or_else(|| not_found(name))?;
        let events = self.client.executions.history(name, self.seen).await?;
        let mut events: Vec<DeployEvent> = events.iter().flat_map(|event| self.events(event)).collect();
        events.extend(self.log.poll(self.client).await);
        if summary.stop_date.is_some() && self.outcome.is_none() {
            events.extend(self.watch().await);
            let mut outcome = self.outcome_of(&summary);
            if outcome.status == Status::FailureDirty {
                self.find_left_over(&mut outcome).await;
            }
            self.client.find_audit_trail(&mut outcome).await;
            events.push(DeployEvent::End(Box::new(outcome.clone())));
            self.outcome = Some(outcome);
        }
        Ok(events)
    }

    fn events(&mut self, event: &HistoryEvent) -> Vec<DeployEvent> {
        self.seen = self.seen.max(event.id);
        let time = event.timestamp;
        match self.reader.read(event) {
            None => Vec::new(),
            Some(Transition::Started(input)) => vec![self.start(time, &input)],
            Some(Transition::Entered(state)) => vec![DeployEvent::State { time, state, deadline: self.deadline() }],
            Some(Transition::Failed(failure)) => vec![DeployEvent::Failure(failure)],
            Some(Transition::Exited(output)) => {
                let Ok(release) = Release::read_state(&output, &self.client.account.defaults) else {
                    return Vec::new();
                };
                let progress = (!self.watched).then(|| D::progress(&release));
                self.release = Some(release);
                progress.and_then(|services| self.progressed(time, services)).into_iter().collect()
            }
        }
    }

    fn start(&mut self, time: DateTime<Utc>, input: &Value) -> DeployEvent {
        let id = input.get("release_id").and_then(Value::as_str).unwrap_or_default();
        id.clone_into(&mut self.release_id);
        let Started { execution, is_ours, joined } = self.started.clone();
        let address = Address::read(input, &self.client.account.defaults).ok();
        if let (true, Some(address), Ok(id)) = (D::WRITES_LOG, &address, id.parse()) {
            self.log = Log::at(address.bucket.clone(), address.root_dir().release_dir(&id).log());
        }
        DeployEvent::Start { time, execution, release_id: id.to_owned(), address, joined, is_ours }
    }

    fn progressed(&mut self, time: DateTime<Utc>, services: Vec<Progress>) -> Option<DeployEvent> {
        if services == self.progress {
            return None;
        }
        self.progress.clone_from(&services);
        Some(DeployEvent::Progress { time, services })
    }

    /// Reads from the target account what is left over: the output of a task that failed half-way does not list what it had
    /// created.
    async fn find_left_over(&self, outcome: &mut DeployOutcome) {
        let Some(release) = &self.release else { return };
        // Without permission to read the target account, what the release says has to do.
        let Ok(found) = self.client.services(&Address::from(&release.envelope)).await else { return };
        let is_deleting = |service: &Deployed| service.state == Some(DeployedState::Deleting);
        let (deleting, left): (Vec<_>, Vec<_>) = found.into_iter().partition(is_deleting);
        let (ours, others): (Vec<_>, Vec<_>) =
            left.into_iter().partition(|service| service.release_id == self.release_id);
        add(&mut outcome.changes.created, &ours);
        match outcome.serving {
            Serving::New => add(&mut outcome.left_over, &others),
            Serving::Previous => add(&mut outcome.left_over, &ours),
            Serving::Unknown => {}
        }
        // What is being deleted needs nobody.
        outcome.left_over.retain(|known| !deleting.iter().any(|service| is_named(known, &service.resource)));
    }

    fn outcome_of(&self, summary: &ExecutionSummary) -> DeployOutcome {
        DeployOutcome::of::<D::Machine>(
            &self.reader,
            ExecutionEnd {
                summary,
                release_id: self.release_id.clone(),
                changes: self.release.as_ref().map(D::changes).unwrap_or_default(),
                serving: serving::<D>(&self.reader, self.release.as_ref()),
                is_ours: self.started.is_ours,
            },
        )
    }
}

/// Adds the resources that are not listed yet.
fn add(resources: &mut Vec<String>, found: &[Deployed]) {
    for Deployed { resource, .. } in found {
        if !resources.iter().any(|known| is_named(known, resource)) {
            resources.push(resource.clone());
        }
    }
}

/// Whether a listed resource is this one. Deployers list them with their kind, such as `group web-1`.
fn is_named(listed: &str, resource: &str) -> bool {
    listed.strip_suffix(resource).is_some_and(|kind| kind.is_empty() || kind.ends_with(' '))
}

/// The deployer's answer for the last state that is not an end state. It has none for a state of another version.
pub(super) fn serving<D: ClientDeployer>(reader: &HistoryReader, release: Option<&Release<D::Fields>>) -> Serving {
    let ends = [D::Machine::SUCCESS, D::Machine::FAILURE_CLEAN, D::Machine::FAILURE_DIRTY].map(Some);
    let mut latest = reader.states.iter().rev().map(|name| D::Machine::from_name(name));
    let last = latest.find(|state| !ends.contains(state)).flatten();
    last.zip(release).map_or(Serving::Unknown, |(state, release)| D::serving(state, release, &reader.failed_attempts))
}

fn not_found(name: &str) -> CloudError {
    CloudError {
        operation: "states:DescribeExecution",
        resource: name.into(),
        kind: ErrorKind::NotFound,
        code: "ExecutionDoesNotExist".into(),
        message: "Execution does not exist".into(),
        request_id: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::history_reader::tests::{entered, read};
    use super::super::test_deployer::{Idler, Nothing};
    use super::*;
    use bifrost_core::release::Defaults;
    use serde_json::json;
    use std::collections::BTreeSet;

    fn release() -> Release<Nothing> {
        let defaults = Defaults {
            account: "000000000000".parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
            bucket: "coinbase-idler-000000000000".parse().unwrap(),
            allowed_buckets: BTreeSet::new(),
            timeout_seconds: 60,
        };
        let release = json!({
            "release_id": "release-1", "project_name": "web", "config_name": "dev", "created_at": "2026-01-01T00:00:00Z",
        });
        Release::read(&release, &defaults).unwrap()
    }

    #[test]
    fn deployer_is_asked_for_the_last_state_before_the_end() {
        let after = |states: &[&str]| {
            let reader = read(&states.iter().map(|state| entered(0, state)).collect::<Vec<_>>());
            serving::<Idler>(&reader, Some(&release()))
        };
        assert_eq!(after(&["Deploy", "Unlock", "FailureDirty"]), Serving::New);
        assert_eq!(after(&["Deploy", "CleanUp", "FailureDirty"]), Serving::Previous);
        assert_eq!(after(&["Deploy", "SwitchOver", "FailureDirty"]), Serving::Unknown, "a state of another version");
        assert_eq!(after(&["FailureDirty"]), Serving::Unknown);
    }
}
