//! Step Functions, as the client uses it: start, stop, find and follow executions.

use super::{CloudError, HistoryEvent};
use crate::error_code::Coded;
use crate::release::{ConfigName, ExecutionName, ProjectName};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// The status of an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ExecutionStatus {
    /// It is running.
    Running,
    /// It ended in a `Succeed` state.
    Succeeded,
    /// It ended in a `Fail` state, or with an error that no `Catch` matched.
    Failed,
    /// It exceeded the `TimeoutSeconds` of the state machine.
    TimedOut,
    /// It was stopped with `states:StopExecution`.
    Aborted,
}

/// An execution, without its history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExecutionSummary {
    /// Its name. Step Functions keeps names of a state machine unique for 90 days.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Its status.
    pub status: ExecutionStatus,
    /// The time of its start.
    pub start_date: DateTime<Utc>,
    /// The time of its end, if it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_date: Option<DateTime<Utc>>,
    /// Its input: the release, as the client sent it.
    pub input: Arc<Value>,
    /// Its output, if it succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// The name of the error that ended it. For a `Fail` state it is the state's `Error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The `Cause` of that error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

impl ExecutionSummary {
    /// A field of the input, if it is a string.
    #[must_use]
    pub fn input_str(&self, field: &str) -> Option<&str> {
        self.input.get(field)?.as_str()
    }
}

/// An execution as a page of them has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedExecution {
    /// Its name.
    pub name: String,
    /// Its status.
    pub status: ExecutionStatus,
    /// When it started.
    pub start_date: DateTime<Utc>,
}

/// A page of executions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExecutionPage {
    /// The executions, newest first.
    pub executions: Vec<ListedExecution>,
    /// The token of the next page; `None` if this is the last one.
    pub next_token: Option<String>,
}

/// Selects executions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExecutionFilter {
    /// The status; `None` for every status.
    pub status: Option<ExecutionStatus>,
    /// The names.
    pub names: Names,
}

/// Selects executions by name. Several projects and configs may share a name, so check the execution's input, too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Names {
    /// All names.
    #[default]
    Any,
    /// Names that the client may give executions of this project and config.
    Of(ProjectName, ConfigName),
    /// All other names, for example of executions that were started by hand.
    NotOf(ProjectName, ConfigName),
}

impl ExecutionFilter {
    /// Running executions.
    #[must_use]
    pub fn running(names: Names) -> Self {
        Self { status: Some(ExecutionStatus::Running), names }
    }

    /// Whether the filter may select an execution of this name, whatever its status.
    #[must_use]
    pub fn may_include(&self, name: &str) -> bool {
        match &self.names {
            Names::Any => true,
            Names::Of(project, config) => ExecutionName::may_be_of(name, project, config),
            Names::NotOf(project, config) => !ExecutionName::may_be_of(name, project, config),
        }
    }
}

/// An execution was not started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Coded)]
pub enum StartError {
    /// An execution for this release id was started in the last 90 days, with another input.
    // `ExecutionAlreadyExists`
    #[error(
        "execution {0} exists already, and a release is deployed at most once; remove `release_id` from the release file, \
         so that the client creates a new one"
    )]
    #[code(
        "release/already-started",
        "remove `release_id` from the release file, so that the client creates a new one"
    )]
    AlreadyExists(String),
    /// Another error of Step Functions.
    #[error(transparent)]
    #[code(source)]
    Cloud(#[from] CloudError),
}

/// The executions of the deployer's state machine.
#[async_trait]
pub trait Executions: Send + Sync {
    /// Starts an execution (`states:StartExecution`). As on AWS, this succeeds without effect if an execution with the same
    /// name and input is running.
    ///
    /// # Errors
    /// [`StartError::AlreadyExists`] if the name is taken.
    async fn start(&self, name: &str, input: &Value) -> Result<(), StartError>;

    /// Stops an execution (`states:StopExecution`). Succeeds without effect if it has ended. A task that runs is not
    /// stopped: its changes may follow until the function's timeout has passed.
    ///
    /// # Errors
    /// [`CloudError`] from Step Functions, also if the execution does not exist.
    async fn stop(&self, name: &str, cause: &str) -> Result<(), CloudError>;

    /// Reads an execution (`states:DescribeExecution`). `None` if it does not exist.
    ///
    /// # Errors
    /// [`CloudError`] from Step Functions.
    async fn describe(&self, name: &str) -> Result<Option<ExecutionSummary>, CloudError>;

    /// Lists the latest executions that match, newest first, at most `at_most` (`states:ListExecutions`, and
    /// `states:DescribeExecution` for each).
    ///
    /// # Errors
    /// [`CloudError`] from Step Functions.
    async fn list(&self, filter: &ExecutionFilter, at_most: usize) -> Result<Vec<ExecutionSummary>, CloudError>;

    /// A page of all executions, newest first: the first page, or the one that `token` names (`states:ListExecutions`).
    ///
    /// # Errors
    /// [`CloudError`] from Step Functions.
    async fn page(&self, token: Option<String>) -> Result<ExecutionPage, CloudError>;

    /// The events of an execution after the event with id `after`, oldest first (`states:GetExecutionHistory`).
    ///
    /// # Errors
    /// [`CloudError`] from Step Functions.
    async fn history(&self, name: &str, after: u64) -> Result<Vec<HistoryEvent>, CloudError>;
}
