//! The port through which work is done outside the machine.

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

/// Does the work of `Task` states.
#[async_trait(?Send)]
pub trait Tasks {
    /// Does one attempt of one task. The future is dropped when the task's time is over, or when a branch beside it
    /// has failed: what it has done by then stays done, as with a Lambda function that nobody waits for any more.
    async fn run(&self, request: TaskRequest<'_>) -> TaskOutcome;
}

/// One attempt of a task.
pub struct TaskRequest<'a> {
    /// The state.
    pub state: &'a StateName,
    /// What is to do the work.
    pub resource: &'a Resource,
    /// What it is given: the state's `Parameters`, or its input.
    pub parameters: Arc<Value>,
    /// The `Credentials` of the state, `{"RoleArn": …}`.
    pub credentials: Option<Arc<Value>>,
    /// How long the work may take, if the state says so. The interpreter sees to it.
    pub timeout_seconds: Option<u64>,
    /// How long the work may stay silent, if the state says so. The interpreter sees to it.
    pub heartbeat_seconds: Option<u64>,
    /// The token by which somebody returns the result, for `.waitForTaskToken` and activities.
    pub task_token: Option<Arc<str>>,
    /// How many attempts of this visit of the state have failed.
    pub retry_count: u64,
    /// The `…StateEntered` event, which tells the visits of a state apart.
    pub entered_event: u64,
    /// The execution that the state belongs to.
    pub execution: &'a Execution,
    /// Where the work tells how it gets on.
    pub progress: &'a TaskProgress<'a>,
}

/// How a task ended.
#[derive(Debug, Clone, PartialEq)]
pub enum TaskOutcome {
    /// It gave this result.
    Succeeded(Arc<Value>),
    /// It failed; `Retry` and `Catch` look at the error.
    Failed {
        /// The name of the error.
        error: Option<String>,
        /// What a person should know.
        cause: Option<String>,
    },
}

/// Where a task tells how it gets on, while it is under way.
pub struct TaskProgress<'a> {
    run: &'a Run<'a>,
    resource: &'a Resource,
    previous: Cell<u64>,
    is_started: Cell<bool>,
    is_silent: bool,
    last_sign: Cell<DateTime<Utc>>,
    stop: RefCell<Option<Stop>>,
}

impl<'a> TaskProgress<'a> {
    pub(super) fn new(run: &'a Run<'a>, resource: &'a Resource, scheduled: u64) -> Self {
        Self {
            run,
            resource,
            previous: Cell::new(scheduled),
            is_started: Cell::new(false),
            is_silent: false,
            last_sign: Cell::new(run.clock.now()),
            stop: RefCell::new(None),
        }
    }

    /// That of work which the history does not show.
    pub(super) fn silent(run: &'a Run<'a>, resource: &'a Resource) -> Self {
        Self { is_silent: true, ..Self::new(run, resource, 0) }
    }

    /// The worker `name` has taken the task of an activity.
    pub fn started(&self, name: &str) {
        let worker_name = Some(name.into());
        self.start(EventDetails { worker_name, ..EventDetails::default() });
        self.heartbeat();
    }

    /// The service has accepted the job that the task now waits for (`.sync`), or the message that carries its token
    /// (`.waitForTaskToken`), with this answer.
    pub fn submitted(&self, answer: Arc<Value>) {
        let details = EventDetails { output: Some(answer), ..service_details(self.resource) };
        self.record(EventType::TaskSubmitted, details);
    }

    /// The work is alive.
    pub fn heartbeat(&self) {
        self.last_sign.set(self.run.clock.now());
    }

    pub(super) fn last_sign(&self) -> DateTime<Utc> {
        self.last_sign.get()
    }

    /// Records that the work has begun, unless that has been done.
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

    /// The last event of the task, or why there could be none.
    pub(super) fn finish(self) -> Result<u64, Stop> {
        self.stop.into_inner().map_or(Ok(self.previous.get()), Err)
    }

    fn record(&self, event_type: EventType, details: EventDetails) {
        if self.is_silent {
            return;
        }
        match self.run.record(self.previous.get(), event_type, details) {
            Ok(id) => self.previous.set(id),
            Err(stop) => drop(self.stop.borrow_mut().get_or_insert(stop)),
        }
    }
}

/// `resource` and `resourceType` of a service's events; a function's and an activity's later events name nothing.
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
