//! The `Task` state.

use std::pin::pin;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::{Either, select};
use serde_json::{Value, json};

use super::data::too_large;
use super::event::{EventDetails, EventType};
use super::failure::{FailureKind, StateError, Stop, names};
use super::frame::{Frame, Visit};
use super::run::{RawResult, Run};
use super::size;
use super::tasks::{TaskOutcome, TaskProgress, TaskRequest, service_details};
use crate::{Resource, ResourceKind, Task};

/// The parameters of an attempt.
struct Request {
    parameters: Arc<Value>,
    credentials: Option<Arc<Value>>,
    timeout_seconds: Option<u64>,
    heartbeat_seconds: Option<u64>,
    token: Option<Arc<str>>,
}

impl Run<'_> {
    /// One attempt.
    pub(super) async fn task(&self, visit: &Visit<'_>, frame: &mut Frame<'_>, task: &Task) -> Result<RawResult, Stop> {
        let request = self.request(visit, frame, task)?;
        let scheduled = self.schedule(frame, &task.resource, &request)?;
        let result = self.perform(visit, frame, &task.resource, request, scheduled).await?;
        frame.inspect("result", &result);
        Ok(RawResult { value: result, leads_to: frame.previous })
    }

    fn request(&self, visit: &Visit<'_>, frame: &mut Frame<'_>, task: &Task) -> Result<Request, StateError> {
        let input = visit.effective_input(frame)?;
        let timeout_seconds = visit.seconds_limit(frame, "TimeoutSeconds", task.timeout.as_ref(), &input)?;
        let heartbeat_seconds = visit.seconds_limit(frame, "HeartbeatSeconds", task.heartbeat.as_ref(), &input)?;
        let token: Option<Arc<str>> = task.resource.has_task_token().then(|| self.random.uuid().into());
        frame.context.set_token(token.clone());
        let parameters = self.parameters(visit, frame, task.parameters.as_ref(), &input)?;
        frame.inspect("afterParameters", &parameters);
        let credentials = match &task.credentials {
            Some(template) => Some(self.payload(visit, frame, Some(template), &input)?),
            None => None,
        };
        Ok(Request { parameters, credentials, timeout_seconds, heartbeat_seconds, token })
    }

    fn schedule(&self, frame: &mut Frame<'_>, resource: &Resource, request: &Request) -> Result<u64, Stop> {
        let payload = Some(Arc::clone(&request.parameters));
        let common = EventDetails {
            timeout_in_seconds: request.timeout_seconds,
            heartbeat_in_seconds: request.heartbeat_seconds,
            task_credentials: request.credentials.as_deref().and_then(role),
            ..service_details(resource)
        };
        let arn = Some(Arc::clone(resource.arn()));
        let (event_type, details) = match resource.kind() {
            ResourceKind::LambdaFunction => {
                (EventType::LambdaFunctionScheduled, EventDetails { input: payload, resource: arn, ..common })
            }
            ResourceKind::Activity => {
                (EventType::ActivityScheduled, EventDetails { input: payload, resource: arn, ..common })
            }
            ResourceKind::Service { .. } => (EventType::TaskScheduled, EventDetails { parameters: payload, ..common }),
        };
        frame.previous = self.record(frame.previous, event_type, details)?;
        Ok(frame.previous)
    }

    /// Runs the work within its time limits.
    async fn perform(
        &self,
        visit: &Visit<'_>,
        frame: &mut Frame<'_>,
        resource: &Resource,
        request: Request,
        scheduled: u64,
    ) -> Result<Arc<Value>, Stop> {
        let progress = TaskProgress::new(self, resource, scheduled);
        if *resource.kind() != ResourceKind::Activity {
            progress.start(service_details(resource));
        }
        let limits = Limits::new(self.clock.now(), &request);
        let work = self.tasks.run(TaskRequest {
            state: &visit.state.name,
            resource,
            parameters: request.parameters,
            credentials: request.credentials,
            timeout_seconds: request.timeout_seconds,
            heartbeat_seconds: request.heartbeat_seconds,
            task_token: request.token,
            retry_count: frame.context.retries(),
            entered_event: visit.entered_event,
            execution: self.execution,
            progress: &progress,
        });
        let ended = self.within(work, &limits, &progress).await;
        frame.previous = progress.finish()?;
        self.conclude(frame, resource, ended)
    }

    /// Waits for the end of the work or its time limit.
    async fn within(
        &self,
        work: impl Future<Output = TaskOutcome>,
        limits: &Limits,
        progress: &TaskProgress<'_>,
    ) -> Result<TaskOutcome, FailureKind> {
        let mut work = pin!(work);
        loop {
            let Some((limit, kind)) = limits.next(progress.last_heartbeat()) else { return Ok(work.await) };
            let timer = pin!(self.clock.sleep_until(limit));
            match select(work.as_mut(), timer).await {
                Either::Left((outcome, _)) => return Ok(outcome),
                Either::Right(_) => match limits.next(progress.last_heartbeat()) {
                    Some((later, _)) if later > limit => {}
                    _ => return Err(kind),
                },
            }
        }
    }

    /// Records how the work ended.
    fn conclude(
        &self,
        frame: &mut Frame<'_>,
        resource: &Resource,
        ended: Result<TaskOutcome, FailureKind>,
    ) -> Result<Arc<Value>, Stop> {
        let failure = match ended {
            Ok(TaskOutcome::Succeeded(output)) if !size::exceeds_limit(&output) => {
                let details = EventDetails { output: Some(Arc::clone(&output)), ..service_details(resource) };
                frame.previous = self.record(frame.previous, succeeded(resource), details)?;
                return Ok(output);
            }
            Ok(TaskOutcome::Succeeded(_)) => too_large(service(resource)),
            Ok(TaskOutcome::Failed { error, cause }) => {
                StateError { error: error.map(Into::into), cause: cause.map(Into::into), kind: FailureKind::Plain }
            }
            Err(late) => {
                let failure = StateError { kind: late, ..StateError::new(names::TIMEOUT, "") };
                return self.fail_task(frame, timed_out(resource), resource, failure);
            }
        };
        self.fail_task(frame, failed(resource), resource, failure)
    }

    fn fail_task(
        &self,
        frame: &mut Frame<'_>,
        event_type: EventType,
        resource: &Resource,
        failure: StateError,
    ) -> Result<Arc<Value>, Stop> {
        let (error, cause) = (failure.error.clone(), failure.cause_text());
        frame.previous =
            self.record(frame.previous, event_type, EventDetails { error, cause, ..service_details(resource) })?;
        Err(failure.into())
    }
}

/// The time limits of the work.
struct Limits {
    end: Option<DateTime<Utc>>,
    heartbeat_interval: Option<TimeDelta>,
}

impl Limits {
    fn new(start: DateTime<Utc>, request: &Request) -> Self {
        let delta = |seconds: u64| i64::try_from(seconds).ok().and_then(TimeDelta::try_seconds);
        let end = request.timeout_seconds.and_then(delta).and_then(|delta| start.checked_add_signed(delta));
        Self { end, heartbeat_interval: request.heartbeat_seconds.and_then(delta) }
    }

    /// The next limit if no more heartbeat arrives, and its kind.
    fn next(&self, last_heartbeat: DateTime<Utc>) -> Option<(DateTime<Utc>, FailureKind)> {
        let heartbeat = self.heartbeat_interval.and_then(|interval| last_heartbeat.checked_add_signed(interval));
        let heartbeat = heartbeat.map(|at| (at, FailureKind::Heartbeat));
        let end = self.end.map(|at| (at, FailureKind::Plain));
        match (end, heartbeat) {
            (Some(end), Some(heartbeat)) => Some(if end.0 <= heartbeat.0 { end } else { heartbeat }),
            (end, heartbeat) => end.or(heartbeat),
        }
    }
}

fn role(credentials: &Value) -> Option<Arc<Value>> {
    credentials.get("RoleArn").map(|role| Arc::new(json!({"roleArn": role})))
}

/// The name that AWS gives in the error for a result that is too large.
fn service(resource: &Resource) -> &str {
    match resource.kind() {
        ResourceKind::Service { service, .. } => service,
        ResourceKind::LambdaFunction | ResourceKind::Activity => resource.arn(),
    }
}

fn succeeded(resource: &Resource) -> EventType {
    match resource.kind() {
        ResourceKind::LambdaFunction => EventType::LambdaFunctionSucceeded,
        ResourceKind::Activity => EventType::ActivitySucceeded,
        ResourceKind::Service { .. } => EventType::TaskSucceeded,
    }
}

fn failed(resource: &Resource) -> EventType {
    match resource.kind() {
        ResourceKind::LambdaFunction => EventType::LambdaFunctionFailed,
        ResourceKind::Activity => EventType::ActivityFailed,
        ResourceKind::Service { .. } => EventType::TaskFailed,
    }
}

fn timed_out(resource: &Resource) -> EventType {
    match resource.kind() {
        ResourceKind::LambdaFunction => EventType::LambdaFunctionTimedOut,
        ResourceKind::Activity => EventType::ActivityTimedOut,
        ResourceKind::Service { .. } => EventType::TaskTimedOut,
    }
}
