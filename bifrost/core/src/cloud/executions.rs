//! Step Functions, as a client uses it: executions are started, found, and followed.

use super::{CloudError, HistoryEvent};
use crate::release::{ConfigName, ExecutionName, ProjectName};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// What Step Functions says of an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ExecutionStatus {
    /// It has not ended.
    Running,
    /// It ended in a `Succeed` state.
    Succeeded,
    /// It ended in a `Fail` state, or by an error that nothing caught.
    Failed,
    /// The machine's own time ran out.
    TimedOut,
    /// Somebody stopped it.
    Aborted,
}

/// An execution, without its history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExecutionSummary {
    /// Its name, unique in its state machine for 90 days.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// How it stands.
    pub status: ExecutionStatus,
    /// When it was started.
    pub start_date: DateTime<Utc>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_date: Option<DateTime<Utc>>,
    /// What it was started with.
    pub input: Arc<Value>,
    /// What it ended with, if it succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// The name of the error that ended it: for a `Fail` state its `Error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What Step Functions says of that error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

impl ExecutionSummary {
    /// What the release that it was started with says in a field that is a text.
    #[must_use]
    pub fn says(&self, field: &str) -> Option<&str> {
        self.input.get(field)?.as_str()
    }
}

/// Which executions are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExecutionFilter {
    /// Those that stand so; all, if none.
    pub status: Option<ExecutionStatus>,
    /// Those with such names.
    pub names: Names,
}

/// Which names of executions are asked for. A name may be of more than one project's config: the execution's input tells
/// whose it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Names {
    /// All.
    #[default]
    Any,
    /// Those that may be of this project's config, as the client names its executions.
    Of(ProjectName, ConfigName),
    /// The others, such as those that a person started by hand.
    NotOf(ProjectName, ConfigName),
}

impl ExecutionFilter {
    /// Those that run.
    #[must_use]
    pub fn running(names: Names) -> Self {
        Self { status: Some(ExecutionStatus::Running), names }
    }

    /// Whether an execution of that name may be one of them, however it stands.
    #[must_use]
    pub fn may_be(&self, name: &str) -> bool {
        match &self.names {
            Names::Any => true,
            Names::Of(project, config) => ExecutionName::may_be_of(name, project, config),
            Names::NotOf(project, config) => !ExecutionName::may_be_of(name, project, config),
        }
    }
}

/// An execution was not started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// The name was used in the last 90 days, with another input (`ExecutionAlreadyExists`).
    #[error(
        "an execution named {0} exists already, and a release is deployed at most once; leave `release_id` out, and the \
         client makes a new one"
    )]
    AlreadyExists(String),
    /// Whatever else Step Functions answers.
    #[error(transparent)]
    Cloud(#[from] CloudError),
}

/// The executions of the deployer's state machine.
#[async_trait]
pub trait Executions: Send + Sync {
    /// Starts an execution (`states:StartExecution`). As at AWS, starting one that runs under the same name with the
    /// same input changes nothing and succeeds.
    ///
    /// # Errors
    /// [`StartError::AlreadyExists`] if the name is taken.
    async fn start(&self, name: &str, input: &Value) -> Result<(), StartError>;

    /// Reads an execution (`states:DescribeExecution`); `None` if there is none of that name.
    ///
    /// # Errors
    /// Whatever Step Functions answers.
    async fn describe(&self, name: &str) -> Result<Option<ExecutionSummary>, CloudError>;

    /// The latest of these executions, newest first: at most so many (`states:ListExecutions`, as many pages as that
    /// takes, and `states:DescribeExecution` for each).
    ///
    /// # Errors
    /// Whatever Step Functions answers.
    async fn list(&self, which: &ExecutionFilter, at_most: usize) -> Result<Vec<ExecutionSummary>, CloudError>;

    /// The history of an execution after the event of that id, oldest first (`states:GetExecutionHistory`).
    ///
    /// # Errors
    /// Whatever Step Functions answers.
    async fn history(&self, name: &str, after: u64) -> Result<Vec<HistoryEvent>, CloudError>;
}
