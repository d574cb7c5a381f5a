//! One execution: its input, its progress and its outcome.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::StateName;

/// The name, role and input of an execution. The context object shows them.
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
    /// How often it was continued after it had ended without success.
    #[serde(default)]
    pub redrive: Redrive,
}

/// How often and when an execution was continued after its end, as `states:RedriveExecution` does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redrive {
    /// Number of times.
    pub count: u64,
    /// The last time, from which the machine's `TimeoutSeconds` count.
    pub last: Option<DateTime<Utc>>,
}

/// The progress of an execution: the last state of the machine's own flow that it entered. With it and the
/// [`Execution`], another process can continue the execution.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The state that was entered.
    pub state: StateName,
    /// The input of the state.
    pub input: Arc<Value>,
    /// The variables when it was entered.
    pub variables: Arc<Map<String, Value>>,
    /// When it was entered; a `Wait` counts from this time.
    pub entered_at: DateTime<Utc>,
    /// The id of its `…StateEntered` event, which the next event refers to.
    pub entered_event: u64,
    /// The id of the last event in the history. A process that continues a history with more events (those of the
    /// interrupted state) sets it to the id of the last one, so that ids stay unique.
    pub last_event: u64,
}

/// How an execution ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ExecutionOutcome {
    /// It ended in a `Succeed` state, or one with `"End": true`.
    Succeeded {
        /// The last state's output.
        output: Arc<Value>,
    },
    /// It ended in a `Fail` state, or by an error that no catcher matched.
    Failed {
        /// The name of the error.
        error: Option<String>,
        /// The cause of the error.
        cause: Option<String>,
    },
    /// It took longer than the machine's `TimeoutSeconds`. On AWS, it has neither an error nor a cause.
    TimedOut,
    /// It was stopped.
    Aborted {
        /// The error name that was given with the stop.
        error: Option<String>,
        /// The cause that was given with the stop.
        cause: Option<String>,
    },
}
