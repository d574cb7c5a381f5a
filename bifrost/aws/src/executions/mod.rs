//! The port for executions, on Step Functions.

mod history;

use crate::error::Incomplete;
use crate::session::CallFailure;
use crate::{AwsSession, pages};
use async_trait::async_trait;
use aws_sdk_sfn::Client;
use aws_sdk_sfn::operation::describe_execution::{DescribeExecutionError, DescribeExecutionOutput};
use aws_sdk_sfn::operation::start_execution::StartExecutionError;
use aws_sdk_sfn::types::{ExecutionListItem, ExecutionStatus as SdkStatus, HistoryEvent as SdkEvent};
use bifrost_core::account::Identity;
use bifrost_core::cloud::{
    CloudError, ErrorKind, ExecutionFilter, ExecutionPage, ExecutionStatus, ExecutionSummary, Executions, HistoryEvent,
    ListedExecution, StartError,
};
use bifrost_core::json;
use chrono::{DateTime, Utc};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use history::event;
use serde_json::Value;
use std::sync::Arc;

/// How many executions are described at a time. Step Functions allows about 15 of these calls per second.
const MAX_CONCURRENT_CALLS: usize = 8;

/// The maximum number of entries of a page.
const PAGE_SIZE: i32 = 1000;

const LIST: &str = "states:ListExecutions";

/// The executions of the deployer's state machine.
pub(crate) struct SfnExecutions {
    session: AwsSession,
    client: Client,
    identity: Arc<Identity>,
}

impl SfnExecutions {
    pub(crate) fn new(session: AwsSession, identity: Arc<Identity>) -> Self {
        Self { client: Client::new(session.config()), session, identity }
    }

    /// Adds where the deployer was looked up, if it does not exist.
    fn with_remedy(&self, mut error: CloudError) -> CloudError {
        let Identity { name, account, region } = self.identity.as_ref();
        if error.code == "StateMachineDoesNotExist" {
            error.kind = ErrorKind::NotFound;
            let hint = format!(
                "; deployer {name} does not exist in account {account}, {region}: pass its region with \
                 --deployer-region or its name with --deployer, or create it with `{} --deployer {name} \
                 bootstrap --apply`",
                self.identity.command()
            );
            error.message.push_str(&hint);
        }
        error
    }

    /// A page of the executions with this status, newest first.
    async fn list_page(
        &self,
        status: Option<ExecutionStatus>,
        token: Option<String>,
    ) -> Result<(Vec<ExecutionListItem>, Option<String>), CloudError> {
        let list = self.client.list_executions().state_machine_arn(self.identity.state_machine_arn());
        let list = list.set_status_filter(status.map(sdk_status)).set_next_token(token).max_results(PAGE_SIZE);
        let page = self.session.call(LIST, "", list.send()).await.map_err(|error| self.with_remedy(error))?;
        Ok((page.executions, page.next_token.filter(|token| !token.is_empty())))
    }

    async fn names(&self, filter: &ExecutionFilter, at_most: usize) -> Result<Vec<String>, CloudError> {
        let (mut names, mut token) = (Vec::new(), None);
        loop {
            let (page, next_token) = self.list_page(filter.status, token).await?;
            names.extend(page.into_iter().map(|execution| execution.name).filter(|name| filter.may_include(name)));
            token = next_token;
            if token.is_none() || names.len() >= at_most {
                names.truncate(at_most);
                return Ok(names);
            }
        }
    }
}

#[async_trait]
impl Executions for SfnExecutions {
    async fn start(&self, name: &str, input: &Value) -> Result<(), StartError> {
        let start = self.client.start_execution().state_machine_arn(self.identity.state_machine_arn());
        let start = start.name(name).input(input.to_string());
        match self.session.try_call("states:StartExecution", name, start.send()).await {
            Ok(_) => Ok(()),
            Err(CallFailure { service_error: Some(StartExecutionError::ExecutionAlreadyExists(_)), .. }) => {
                Err(StartError::AlreadyExists(name.to_owned()))
            }
            Err(failure) => Err(self.with_remedy(failure.error).into()),
        }
    }

    async fn stop(&self, name: &str, cause: &str) -> Result<(), CloudError> {
        let stop = self.client.stop_execution().execution_arn(self.identity.execution_arn(name)).cause(cause);
        let stopped = self.session.try_call("states:StopExecution", name, stop.send()).await;
        stopped.map(drop).map_err(|failure| {
            let mut error = self.with_remedy(failure.error);
            if error.code == "ExecutionDoesNotExist" {
                error.kind = ErrorKind::NotFound;
            }
            error
        })
    }

    async fn describe(&self, name: &str) -> Result<Option<ExecutionSummary>, CloudError> {
        const OPERATION: &str = "states:DescribeExecution";
        let describe = self.client.describe_execution().execution_arn(self.identity.execution_arn(name));
        match self.session.try_call(OPERATION, name, describe.send()).await {
            Ok(output) => summary(OPERATION, name, output).map(Some),
            Err(CallFailure { service_error: Some(DescribeExecutionError::ExecutionDoesNotExist(_)), .. }) => Ok(None),
            Err(failure) => Err(self.with_remedy(failure.error)),
        }
    }

    async fn list(&self, filter: &ExecutionFilter, at_most: usize) -> Result<Vec<ExecutionSummary>, CloudError> {
        let names = self.names(filter, at_most).await?;
        let described =
            stream::iter(names).map(|name| async move { self.describe(&name).await }).buffered(MAX_CONCURRENT_CALLS);
        let found: Vec<Option<ExecutionSummary>> = described.try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn page(&self, token: Option<String>) -> Result<ExecutionPage, CloudError> {
        let (page, next_token) = self.list_page(None, token).await?;
        let executions: Result<Vec<_>, _> = page.into_iter().map(listed).collect();
        Ok(ExecutionPage { executions: executions?, next_token })
    }

    /// Requests the newest events first, so that one page usually contains all new ones.
    async fn history(&self, name: &str, after: u64) -> Result<Vec<HistoryEvent>, CloudError> {
        const OPERATION: &str = "states:GetExecutionHistory";
        let arn = self.identity.execution_arn(name);
        let get = self.client.get_execution_history().execution_arn(&arn).reverse_order(true).max_results(PAGE_SIZE);
        let mut events = pages(|token| async {
            let get = get.clone().set_next_token(token);
            let page = self.session.call(OPERATION, name, get.send()).await?;
            let is_new = |sent: &SdkEvent| u64::try_from(sent.id).is_ok_and(|id| id > after);
            let all_new = page.events.iter().all(is_new);
            let new = page.events.into_iter().filter(is_new);
            let events: Result<Vec<_>, _> = new.filter_map(|sent| event(OPERATION, name, sent).transpose()).collect();
            Ok((events?, page.next_token.filter(|_| all_new)))
        })
        .await?;
        events.sort_by_key(|event| event.id);
        Ok(events)
    }
}

fn listed(sent: ExecutionListItem) -> Result<ListedExecution, CloudError> {
    Ok(ListedExecution {
        status: status(&sent.status).present(LIST, &sent.name, "status")?,
        start_date: time(&sent.start_date).present(LIST, &sent.name, "startDate")?,
        name: sent.name,
    })
}

fn summary(
    operation: &'static str,
    name: &str,
    output: DescribeExecutionOutput,
) -> Result<ExecutionSummary, CloudError> {
    let input = output.input.as_deref().map(|input| json::parse(input.as_bytes()));
    Ok(ExecutionSummary {
        name: name.to_owned(),
        status: status(&output.status).present(operation, name, "status")?,
        start_date: time(&output.start_date).present(operation, name, "startDate")?,
        stop_date: output.stop_date.as_ref().and_then(time),
        // Another client may have started an execution with any input. One that our parser refuses is not a release.
        input: Arc::new(input.and_then(Result::ok).unwrap_or_default()),
        output: output.output.as_deref().and_then(|output| json::parse(output.as_bytes()).ok()),
        arn: output.execution_arn,
        error: output.error,
        cause: output.cause,
    })
}

fn sdk_status(status: ExecutionStatus) -> SdkStatus {
    match status {
        ExecutionStatus::Running => SdkStatus::Running,
        ExecutionStatus::Succeeded => SdkStatus::Succeeded,
        ExecutionStatus::Failed => SdkStatus::Failed,
        ExecutionStatus::TimedOut => SdkStatus::TimedOut,
        ExecutionStatus::Aborted => SdkStatus::Aborted,
    }
}

fn status(status: &SdkStatus) -> Option<ExecutionStatus> {
    match status {
        // A requested redrive has not ended.
        SdkStatus::Running | SdkStatus::PendingRedrive => Some(ExecutionStatus::Running),
        SdkStatus::Succeeded => Some(ExecutionStatus::Succeeded),
        SdkStatus::Failed => Some(ExecutionStatus::Failed),
        SdkStatus::TimedOut => Some(ExecutionStatus::TimedOut),
        SdkStatus::Aborted => Some(ExecutionStatus::Aborted),
        _ => None,
    }
}

fn time(time: &aws_sdk_sfn::primitives::DateTime) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(time.secs(), time.subsec_nanos())
}
