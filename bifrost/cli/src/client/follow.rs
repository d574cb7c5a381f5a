//! Follows an execution by its history, and tells what is new.

use super::history_reader::{HistoryReader, Meaning};
use super::log::Log;
use super::outcome::{Ending, Status};
use super::{Address, Client, DeployEvent, DeployOutcome, Started};
use crate::client::{ClientDeployer, Deployed, Progress};
use bifrost_core::cloud::{CloudError, ErrorKind, ExecutionSummary, HistoryEvent};
use bifrost_core::release::Release;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

/// How many looks in a row may fail for a reason that passes.
const MAX_POLLS: u32 = 20;

/// Follows one execution.
pub struct Follower<'c, D: ClientDeployer> {
    client: &'c Client<D>,
    started: Started,
    reader: HistoryReader,
    /// The id of the last event that was told.
    seen: u64,
    /// The release as the last state gave it.
    release: Option<Release<D::Fields>>,
    release_id: String,
    progress: Vec<Progress>,
    /// Whether the target account has not refused to tell the progress.
    may_watch: bool,
    /// Whether the target account itself tells the progress: then states, which saw it earlier, do not.
    watched: bool,
    log: Log,
    outcome: Option<DeployOutcome>,
    failed_looks: u32,
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
            failed_looks: 0,
        }
    }

    async fn watch(&self, release: &Release<D::Fields>) -> Result<Vec<Progress>, CloudError> {
        let ports = self.target(&Address::from(&release.envelope)).await?;
        D::watch(&ports, release).await
    }
}

impl<D: ClientDeployer> Follower<'_, D> {
    /// Polls once: returns all events since the last poll, in order. The last event is [`DeployEvent::End`].
    ///
    /// # Errors
    /// Whatever Step Functions answers, if it is no fault that passes, or if it does not pass.
    pub async fn poll(&mut self) -> Result<Vec<DeployEvent>, CloudError> {
        match self.try_look().await {
            Ok(events) => {
                self.failed_looks = 0;
                Ok(events)
            }
            Err(error) if self.may_pass(&error) && self.failed_looks < MAX_POLLS => {
                self.failed_looks += 1;
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }

    /// How the execution ended, once it has and that was told.
    #[must_use]
    pub fn outcome(&self) -> Option<&DeployOutcome> {
        self.outcome.as_ref()
    }

    /// Asks the target account how far the services are, between the states that tell it; `None` if that is known, or
    /// cannot be: who may deploy need not be allowed to look into the target account.
    pub async fn watch(&mut self) -> Option<DeployEvent> {
        let release = self.release.as_ref().filter(|_| self.may_watch)?;
        match self.client.watch(release).await {
            Ok(services) => {
                self.watched = true;
                self.progressed(self.now(), services)
            }
            Err(error) => {
                self.may_watch = error.kind != ErrorKind::AccessDenied;
                None
            }
        }
    }

    /// The time, by the clock of the cloud.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.client.account.env.now()
    }

    /// When the release's timeout will be over.
    #[must_use]
    pub fn deadline(&self) -> Option<DateTime<Utc>> {
        let envelope = &self.release.as_ref()?.envelope;
        Some(envelope.started_at? + TimeDelta::seconds(i64::from(envelope.timeout)))
    }

    /// An execution that was just started may not be known everywhere yet.
    fn may_pass(&self, error: &CloudError) -> bool {
        match error.kind {
            ErrorKind::Throttled | ErrorKind::Unavailable => true,
            ErrorKind::NotFound => self.seen == 0,
            _ => false,
        }
    }

    async fn try_look(&mut self) -> Result<Vec<DeployEvent>, CloudError> {
        let name = &self.started.execution;
        // In this order, so that the history of one that has ended is whole.
        let summary = self.client.executions.describe(name).await?.ok_or_else(|| gone(name))?;
        let events = self.client.executions.history(name, self.seen).await?;
        let mut events: Vec<DeployEvent> = events.iter().flat_map(|event| self.tell(event)).collect();
        events.extend(self.log.poll(self.client).await);
        if summary.stop_date.is_some() && self.outcome.is_none() {
            events.extend(self.watch().await);
            let mut outcome = self.outcome_of(&summary);
            if outcome.status == Status::FailureDirty {
                self.find_what_is_left(&mut outcome).await;
            }
            events.push(DeployEvent::End(Box::new(outcome.clone())));
            self.outcome = Some(outcome);
        }
        Ok(events)
    }

    fn tell(&mut self, event: &HistoryEvent) -> Vec<DeployEvent> {
        self.seen = self.seen.max(event.id);
        let time = event.timestamp;
        match self.reader.tell(event) {
            None => Vec::new(),
            Some(Meaning::Began(input)) => vec![self.start(time, &input)],
            Some(Meaning::Entered(state)) => vec![DeployEvent::State { time, state, deadline: self.deadline() }],
            Some(Meaning::Failed(failure)) => vec![DeployEvent::Failure(failure)],
            Some(Meaning::Left(output)) => {
                let Ok(release) = Release::read(&output, &self.client.account.defaults) else { return Vec::new() };
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

    /// Asks the target account what is there of the release: a task that failed half way told nobody what it had made.
    async fn find_what_is_left(&self, outcome: &mut DeployOutcome) {
        let Some(release) = &self.release else { return };
        // Who may not look there is told what the release says of itself.
        let Ok(there) = self.client.services(&Address::from(&release.envelope)).await else { return };
        let told = &mut outcome.changes.created;
        for Deployed { resource, .. } in there.into_iter().filter(|there| there.release_id == self.release_id) {
            if !told.iter().any(|known| known.ends_with(&resource)) {
                told.push(resource);
            }
        }
    }

    fn outcome_of(&self, summary: &ExecutionSummary) -> DeployOutcome {
        DeployOutcome::of(
            &self.reader,
            Ending {
                summary,
                release_id: self.release_id.clone(),
                changes: self.release.as_ref().map(D::changes).unwrap_or_default(),
                changes_from: D::CHANGES_FROM,
                is_ours: self.started.is_ours,
            },
        )
    }
}

fn gone(name: &str) -> CloudError {
    CloudError {
        operation: "states:DescribeExecution",
        resource: name.into(),
        kind: ErrorKind::NotFound,
        code: "ExecutionDoesNotExist".into(),
        message: "there is no such execution".into(),
        request_id: None,
    }
}
