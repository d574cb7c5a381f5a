//! The executions of the deployer's state machine in the local cloud.

use super::cloud::{LocalCloud, LocalDeployer};
use super::error::{ServiceError, StoreError};
use super::session::LocalSession;
use super::state::StoredExecution;
use async_trait::async_trait;
use bifrost_asl::interpreter::Event;
use bifrost_core::cloud::{
    CloudError, ExecutionFilter, ExecutionPage, ExecutionStatus, ExecutionSummary, Executions, HistoryDetails,
    HistoryEvent, ListedExecution, StartError,
};
use bifrost_core::json;
use serde_json::{Map, Value};
use std::sync::Arc;

/// The longest input of an execution, in bytes of JSON.
const INPUT_LIMIT_BYTES: usize = 262_144;

/// The executions of the deployer's state machine in the local cloud.
pub(super) struct LocalExecutions<D: LocalDeployer> {
    pub(super) session: LocalSession<D::Resources>,
    pub(super) cloud: LocalCloud<D>,
}

/// How many executions a page has. The token of the next page is the name of the oldest one.
const PAGE_SIZE: usize = 100;

impl<D: LocalDeployer> LocalExecutions<D> {
    async fn stored(
        &self,
        filter: &ExecutionFilter,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<ExecutionSummary>, CloudError> {
        const OPERATION: &str = "states:ListExecutions";
        self.session.invoke_read(OPERATION, "", |_| Ok(())).await?;
        let found = checked(OPERATION, "", self.session.store.executions(filter, before, limit))?;
        Ok(found.into_iter().map(|execution| execution.summary).collect())
    }
}

/// Converts an error of the store to the answer of a call.
fn checked<T>(operation: &'static str, resource: &str, result: Result<T, StoreError>) -> Result<T, CloudError> {
    result.map_err(|error| error.into_service_error().at(operation, resource))
}

#[async_trait]
impl<D: LocalDeployer> Executions for LocalExecutions<D> {
    async fn start(&self, name: &str, input: &Value) -> Result<(), StartError> {
        const OPERATION: &str = "states:StartExecution";
        if json::exceeds(input, INPUT_LIMIT_BYTES) {
            let message = format!("the input has more than the {INPUT_LIMIT_BYTES} bytes that Step Functions accepts");
            return Err(ServiceError::new("ValidationException", message).at(OPERATION, name).into());
        }
        let start_date = self.session.invoke_read(OPERATION, name, |state| Ok(state.clock)).await?;
        let summary = ExecutionSummary {
            name: name.into(),
            arn: self.cloud.identity().execution_arn(name),
            status: ExecutionStatus::Running,
            start_date,
            stop_date: None,
            input: Arc::new(input.clone()),
            output: None,
            error: None,
            cause: None,
        };
        if checked(OPERATION, name, self.session.store.insert_execution(summary))? {
            return Ok(());
        }
        let existing = checked(OPERATION, name, self.session.store.execution(name))?;
        let is_same = |execution: &StoredExecution| {
            execution.summary.status == ExecutionStatus::Running && *execution.summary.input == *input
        };
        if existing.as_ref().is_some_and(is_same) { Ok(()) } else { Err(StartError::AlreadyExists(name.into())) }
    }

    async fn stop(&self, name: &str, cause: &str) -> Result<(), CloudError> {
        const OPERATION: &str = "states:StopExecution";
        let now = self.session.invoke_read(OPERATION, name, |state| Ok(state.clock)).await?;
        let stop = |execution: &mut StoredExecution, last_event| {
            let event = execution.stop(cause, now, last_event);
            (event.is_some().then(|| execution.summary.clone()), event)
        };
        let stopped = checked(OPERATION, name, self.session.store.change_execution(name, stop))?;
        let stopped = stopped.ok_or_else(|| {
            let message = format!("execution {name} does not exist");
            ServiceError::new("ExecutionDoesNotExist", message).at(OPERATION, name)
        })?;
        if let Some(stopped) = stopped {
            self.cloud.close(&stopped).await;
        }
        Ok(())
    }

    async fn describe(&self, name: &str) -> Result<Option<ExecutionSummary>, CloudError> {
        const OPERATION: &str = "states:DescribeExecution";
        self.session.invoke_read(OPERATION, name, |_| Ok(())).await?;
        let found = checked(OPERATION, name, self.session.store.execution(name))?;
        Ok(found.map(|execution| execution.summary))
    }

    async fn list(&self, filter: &ExecutionFilter, limit: usize) -> Result<Vec<ExecutionSummary>, CloudError> {
        self.stored(filter, None, limit).await
    }

    async fn page(&self, token: Option<String>) -> Result<ExecutionPage, CloudError> {
        let found = self.stored(&ExecutionFilter::default(), token.as_deref(), PAGE_SIZE).await?;
        let next_token = found.last().filter(|_| found.len() == PAGE_SIZE).map(|oldest| oldest.name.clone());
        let listed = |ExecutionSummary { name, status, start_date, .. }| ListedExecution { name, status, start_date };
        Ok(ExecutionPage { executions: found.into_iter().map(listed).collect(), next_token })
    }

    async fn history(&self, name: &str, after: u64) -> Result<Vec<HistoryEvent>, CloudError> {
        const OPERATION: &str = "states:GetExecutionHistory";
        self.session.invoke_read(OPERATION, name, |_| Ok(())).await?;
        let events = checked(OPERATION, name, self.session.store.history(name, after))?;
        Ok(events.into_iter().map(history_event).collect())
    }
}

/// Converts an event of the interpreter to what clients read.
fn history_event(event: Event) -> HistoryEvent {
    let Event { id, previous_event_id, timestamp, event_type, mut details } = event;
    let text = |text: Option<Arc<str>>| text.map(|text| text.to_string());
    let read = HistoryDetails {
        name: details.name.take().map(|name| name.to_string()),
        input: details.input.take(),
        output: details.output.take(),
        error: text(details.error.take()),
        cause: text(details.cause.take()),
    };
    let other_details = match serde_json::to_value(details) {
        Ok(Value::Object(other)) => other,
        _ => Map::new(),
    };
    HistoryEvent { id, previous_event_id, timestamp, event_type: event_type.name(), details: read, other_details }
}
