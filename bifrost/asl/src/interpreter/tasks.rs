//! The port for the work of tasks, which is done outside of the machine.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::event::{EventDetails, EventType};
use super::execution::Execution;
use super::failure::Stop;
use super::run::Run;
use crate::{Resource, ResourceKind, StateName};

/// Runs the work of `Task` states.
#[async_trait(?Send)]
pub trait Tasks {
    /// Runs one attempt of one task. The future is dropped when the task times out, or when another branch has failed.
    /// Effects up to then remain, as with a Lambda function whose caller no longer waits.
    async fn run(&self, request: TaskRequest<'_>) -> TaskOutcome;
}

/// One attempt of a task.
pub struct TaskRequest<'a> {
    /// The state.
    pub state: &'a StateName,
    /// The resource that does the work.
    pub resource: &'a Resource,
    /// The payload: the state's `Parameters`, or its input.
    pub parameters: Arc<Value>,
    /// The `Credentials` of the state, `{"RoleArn": …}`.
    pub credentials: Option<Arc<Value>>,
    /// The timeout in seconds, if the state sets one. The interpreter enforces it.
    pub timeout_seconds: Option<u64>,
    /// The longest time between heartbeats in seconds, if the state sets one. The interpreter enforces it.
    pub heartbeat_seconds: Option<u64>,
    /// The token with which the result is returned, for `.waitForTaskToken`, `.sync` and activities.
    pub task_token: Option<Arc<str>>,
    /// Number of failed attempts since the state was entered.
    pub retry_count: u64,
    /// The `…StateEntered` event, which identifies this visit of the state.
    pub entered_event: u64,
    /// The execution that the state belongs to.
    pub execution: &'a Execution,
    /// Receives the progress of the work.
    pub progress: &'a TaskProgress<'a>,
}

/// How a task ended.
#[derive(Debug, Clone, PartialEq)]
pub enum TaskOutcome {
    /// It returned this result.
    Succeeded(Arc<Value>),
    /// It failed; `Retry` and `Catch` match the error.
    Failed {
        /// The name of the error.
        error: Option<String>,
        /// The cause of the error.
        cause: Option<String>,
    },
}

/// Receives the progress of a running task.
pub struct TaskProgress<'a> {
    run: &'a Run<'a>,
    resource: &'a Resource,
    previous: Cell<u64>,
    is_started: Cell<bool>,
    is_unrecorded: bool,
    last_heartbeat: Cell<DateTime<Utc>>,
    stop: RefCell<Option<Stop>>,
}

impl<'a> TaskProgress<'a> {
    pub(super) fn new(run: &'a Run<'a>, resource: &'a Resource, scheduled: u64) -> Self {
        Self {
            run,
            resource,
            previous: Cell::new(scheduled),
            is_started: Cell::new(false),
            is_unrecorded: false,
            last_heartbeat: Cell::new(run.clock.now()),
            stop: RefCell::new(None),
        }
    }

    /// The progress of work that the history does not show.
    pub(super) fn unrecorded(run: &'a Run<'a>, resource: &'a Resource) -> Self {
        Self { is_unrecorded: true, ..Self::new(run, resource, 0) }
    }

    /// Reports that the worker `name` has taken the task of an activity.
    pub fn started(&self, name: &str) {
        let worker_name = Some(name.into());
        self.start(EventDetails { worker_name, ..EventDetails::default() });
        self.heartbeat();
    }

    /// Reports that the service has accepted the job of the task (`.sync`) or the message with its token
    /// (`.waitForTaskToken`), with this response.
    pub fn submitted(&self, response: Arc<Value>) {
        let details = EventDetails { output: Some(response), ..service_details(self.resource) };
        self.record(EventType::TaskSubmitted, details);
    }

    /// Reports that the work is still running.
    pub fn heartbeat(&self) {
        self.last_heartbeat.set(self.run.clock.now());
    }

    pub(super) fn last_heartbeat(&self) -> DateTime<Utc> {
        self.last_heartbeat.get()
    }

    /// Records that the work has started, unless it is already recorded.
    pub(super) fn start(&self, details: EventDetails) {
        if !self.is_started.replace(true) {
            let event_type = match self.resource.kind() {
                ResourceKind::LambdaFunction => EventType::LambdaFunctionStarted,
                ResourceKind::Activity => EventType::ActivityStarted,
                ResourceKind::Service { .. } => EventType::TaskStarted,
            };
            self.record(event_type, details);
        }
    }

    /// The last event of the task, or the error of recording one.
    pub(super) fn finish(self) -> Result<u64, Stop> {
        self.stop.into_inner().map_or(Ok(self.previous.get()), Err)
    }

    fn record(&self, event_type: EventType, details: EventDetails) {
        if self.is_unrecorded {
            return;
        }
        match self.run.record(self.previous.get(), event_type, details) {
            Ok(id) => self.previous.set(id),
            Err(stop) => drop(self.stop.borrow_mut().get_or_insert(stop)),
        }
    }
}

/// `resource` and `resourceType` of a service's events; later events of functions and activities have neither.
pub(super) fn service_details(resource: &Resource) -> EventDetails {
    match resource.kind() {
        ResourceKind::Service { service, action, .. } => EventDetails {
            resource: Some(Arc::clone(action)),
            resource_type: Some(Arc::clone(service)),
            ..EventDetails::default()
        },
        ResourceKind::LambdaFunction | ResourceKind::Activity => EventDetails::default(),
    }
}
