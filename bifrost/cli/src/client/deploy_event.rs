//! The events of a deploy, as a follower gets them. Serialised, each is one line of `--output json`.

use super::{Address, DeployOutcome};
use crate::client::{LogSeverity, Progress};
use chrono::{DateTime, Utc};
use serde::Serialize;

/// One event of a deploy. `time` is the time of the cloud; in a local cloud, the simulated time.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum DeployEvent {
    /// The execution started.
    Start {
        /// When it happened.
        time: DateTime<Utc>,
        /// The name of the execution.
        execution: String,
        /// The release that it deploys.
        release_id: String,
        /// Project, config and account; `None` if the input of the execution has none.
        #[serde(flatten)]
        address: Option<Address>,
        /// Whether it was running before this client started to follow it.
        joined: bool,
        /// Whether it deploys the release that this client was given.
        is_ours: bool,
    },
    /// The execution entered a state.
    State {
        /// When it happened.
        time: DateTime<Utc>,
        /// The name of the state.
        state: String,
        /// When the release's `timeout` ends; `None` before `Validate` has ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        deadline: Option<DateTime<Utc>>,
    },
    /// An attempt of a task failed. A retry follows, or the state that catches the error.
    Failure(StepFailure),
    /// The progress of the services changed.
    Progress {
        /// When it was read.
        time: DateTime<Utc>,
        /// Every service.
        services: Vec<Progress>,
    },
    /// The deployer wrote a line into its log.
    Log {
        /// When, if the line starts with a time.
        #[serde(skip_serializing_if = "Option::is_none")]
        time: Option<DateTime<Utc>>,
        /// The line, without its time.
        line: String,
        /// How the line is coloured.
        #[serde(rename = "tone")]
        severity: LogSeverity,
    },
    /// The execution ended.
    End(Box<DeployOutcome>),
}

/// A failed attempt of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepFailure {
    /// When it happened.
    pub time: DateTime<Utc>,
    /// The state of the task.
    pub state: String,
    /// The error's name on the wire, such as `DeployError`.
    pub error: String,
    /// The stable code of the error, such as `aws/throttled`, if the task gave one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The message of the error, without its code.
    pub cause: String,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// Whether the attempt only waited for something and is retried as planned, such as for a balancer that drains.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_waiting: bool,
}
