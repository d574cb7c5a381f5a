//! One execution: what it is given, where it stands, how it ended.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::StateName;

/// What an execution is given; the context object is made of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Execution {
    /// `arn:aws:states:<region>:<account>:execution:<state machine>:<name>`
    pub arn: String,
    /// Its name, unique among the executions of the state machine.
    pub name: String,
    /// The role that it runs as.
    pub role_arn: String,
    /// When it was started.
    pub start_time: DateTime<Utc>,
    /// `arn:aws:states:<region>:<account>:stateMachine:<name>`
    pub state_machine_arn: String,
    /// The name of the state machine.
    pub state_machine_name: String,
    /// The input of the first state.
    pub input: Arc<Value>,
}

/// Where an execution stands: at the entrance of a state of the machine's own flow. With it and the [`Execution`],
/// another process can go on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The state that was entered.
    pub state: StateName,
    /// What it was given.
    pub input: Arc<Value>,
    /// The variables at that moment.
    pub variables: Arc<Map<String, Value>>,
    /// When it was entered; a `Wait` counts from here.
    pub entered_at: DateTime<Utc>,
    /// The id of its `…StateEntered` event, which the next event refers to.
    pub entered_event: u64,
    /// The id of the last event in the history. A process that goes on with a history that has more events (those of
    /// the state that was cut) raises it to the last one's, so that no id is given twice.
    pub last_event: u64,
}

/// How an execution ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ExecutionOutcome {
    /// In a `Succeed` state, or one with `"End": true`.
    Succeeded {
        /// The last state's output.
        output: Arc<Value>,
    },
    /// In a `Fail` state, or by an error that nobody caught.
    Failed {
        /// The name of the error.
        error: Option<String>,
        /// What a person should know.
        cause: Option<String>,
    },
    /// It took longer than the machine's `TimeoutSeconds`.
    TimedOut {
        /// The name of the error.
        error: Option<String>,
        /// What a person should know.
        cause: Option<String>,
    },
    /// Somebody stopped it.
    Aborted {
        /// The name that they gave as error.
        error: Option<String>,
        /// What they gave as cause.
        cause: Option<String>,
    },
}
