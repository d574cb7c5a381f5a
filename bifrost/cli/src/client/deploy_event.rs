//! What a person who follows a deploy is told. Serialised, each is one line of `--output json`.

use super::{Address, DeployOutcome};
use crate::client::{LogSeverity, Progress};
use chrono::{DateTime, Utc};
use serde::Serialize;

/// One thing that happened. `time` is the clock of the cloud; in an embedded world, that of the world.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum DeployEvent {
    /// The execution was started.
    Start {
        /// When.
        time: DateTime<Utc>,
        /// Its name.
        execution: String,
        /// The release that it deploys.
        release_id: String,
        /// What it is a release of; none if the input of the execution does not say.
        #[serde(flatten)]
        address: Option<Address>,
        /// Whether it ran before this client came.
        joined: bool,
        /// Whether it deploys the release that this client was given.
        is_ours: bool,
    },
    /// A state was entered.
    State {
        /// When.
        time: DateTime<Utc>,
        /// Its name.
        state: String,
        /// When the release's `timeout` will be over; none before `Validate` is done.
        #[serde(skip_serializing_if = "Option::is_none")]
        deadline: Option<DateTime<Utc>>,
    },
    /// An attempt of a task failed. What follows is a retry, or the state that caught it.
    Failure(StepFailure),
    /// How far the services have come.
    Progress {
        /// When.
        time: DateTime<Utc>,
        /// Each service.
        services: Vec<Progress>,
    },
    /// The deployer wrote a line into its log.
    Log {
        /// When, if the line says so.
        #[serde(skip_serializing_if = "Option::is_none")]
        time: Option<DateTime<Utc>>,
        /// The line, without its time.
        line: String,
        /// What it means.
        tone: LogSeverity,
    },
    /// The execution ended.
    End(Box<DeployOutcome>),
}

/// A task that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepFailure {
    /// When.
    pub time: DateTime<Utc>,
    /// In which state.
    pub state: String,
    /// The error's name on the wire.
    pub error: String,
    /// What it said.
    pub cause: String,
    /// Which attempt of the state it was, from 1.
    pub attempt: u32,
}
