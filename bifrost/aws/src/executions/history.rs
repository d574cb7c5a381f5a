//! Converts the events of a history from the SDK's types to the framework's.

use super::time;
use crate::error::Incomplete;
use aws_sdk_sfn::types::{HistoryEvent as SdkEvent, HistoryEventType};
use bifrost_core::cloud::{CloudError, HistoryDetails, HistoryEvent};
use bifrost_core::json;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Converts an event; `None` if its type is newer than the SDK.
pub(super) fn event(
    operation: &'static str,
    execution: &str,
    sent: SdkEvent,
) -> Result<Option<HistoryEvent>, CloudError> {
    let Some(event_type) = event_type(&sent.r#type) else { return Ok(None) };
    Ok(Some(HistoryEvent {
        id: number(sent.id),
        previous_event_id: number(sent.previous_event_id),
        timestamp: time(&sent.timestamp).present(operation, execution, "timestamp")?,
        event_type: event_type.to_owned(),
        other_details: other_details(&sent),
        details: details(sent),
    }))
}

/// A function that could not be invoked is a failed one to readers of a history.
fn event_type(sent: &HistoryEventType) -> Option<&str> {
    match sent {
        HistoryEventType::LambdaFunctionScheduleFailed | HistoryEventType::LambdaFunctionStartFailed => {
            Some("LambdaFunctionFailed")
        }
        HistoryEventType::TaskStartFailed | HistoryEventType::TaskSubmitFailed => Some("TaskFailed"),
        known => HistoryEventType::values().iter().find(|name| **name == known.as_str()).copied(),
    }
}

fn number(id: i64) -> u64 {
    u64::try_from(id).unwrap_or_default()
}

/// Error and cause of the one field that is present.
macro_rules! failure {
    ($sent:ident: $($field:ident)*) => {{
        let mut failure = (None, None);
        $(
            if let Some(failed) = $sent.$field {
                failure = (failed.error, failed.cause);
            }
        )*
        failure
    }};
}

/// The details that readers of a history use: states, their data, errors and causes.
fn details(sent: SdkEvent) -> HistoryDetails {
    let mut details = HistoryDetails::default();
    if let Some(started) = sent.execution_started_event_details {
        details.input = payload(started.input);
    }
    if let Some(entered) = sent.state_entered_event_details {
        (details.name, details.input) = (Some(entered.name), payload(entered.input));
    }
    if let Some(exited) = sent.state_exited_event_details {
        (details.name, details.output) = (Some(exited.name), payload(exited.output));
    }
    if let Some(scheduled) = sent.lambda_function_scheduled_event_details {
        details.input = payload(scheduled.input);
    }
    if let Some(succeeded) = sent.lambda_function_succeeded_event_details {
        details.output = payload(succeeded.output);
    }
    if let Some(succeeded) = sent.task_succeeded_event_details {
        details.output = payload(succeeded.output);
    }
    if let Some(succeeded) = sent.execution_succeeded_event_details {
        details.output = payload(succeeded.output);
    }
    (details.error, details.cause) = failure!(
        sent: execution_failed_event_details execution_aborted_event_details execution_timed_out_event_details
        lambda_function_failed_event_details lambda_function_timed_out_event_details
        lambda_function_schedule_failed_event_details lambda_function_start_failed_event_details
        task_failed_event_details task_timed_out_event_details task_start_failed_event_details
        task_submit_failed_event_details
    );
    details
}

/// The role of an execution and the function of a task, which are shown but not interpreted.
fn other_details(sent: &SdkEvent) -> Map<String, Value> {
    let started = sent.execution_started_event_details.as_ref();
    let scheduled = sent.lambda_function_scheduled_event_details.as_ref();
    let role = started.and_then(|started| started.role_arn.clone()).map(|role| ("roleArn".to_owned(), role.into()));
    let resource = scheduled.map(|scheduled| ("resource".to_owned(), scheduled.resource.clone().into()));
    role.into_iter().chain(resource).collect()
}

fn payload(text: Option<String>) -> Option<Arc<Value>> {
    // A payload that Step Functions truncated is not JSON any more.
    text.map(|text| Arc::new(json::parse(text.as_bytes()).unwrap_or(Value::String(text))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_sfn::primitives::DateTime;
    use aws_sdk_sfn::types::{LambdaFunctionFailedEventDetails, StateEnteredEventDetails};
    use serde_json::json;

    fn sent(kind: HistoryEventType) -> aws_sdk_sfn::types::builders::HistoryEventBuilder {
        SdkEvent::builder().id(7).previous_event_id(6).timestamp(DateTime::from_secs(5)).r#type(kind)
    }

    fn read(sent: aws_sdk_sfn::types::builders::HistoryEventBuilder) -> Option<HistoryEvent> {
        event("states:GetExecutionHistory", "deploy-1", sent.build().unwrap()).unwrap()
    }

    #[test]
    fn state_entered_has_name_and_input() {
        let details = StateEnteredEventDetails::builder().name("Lock").input(r#"{"a": 1}"#).build().unwrap();
        let event = read(sent(HistoryEventType::TaskStateEntered).state_entered_event_details(details)).unwrap();
        assert_eq!((event.id, event.event_type.as_str()), (7, "TaskStateEntered"));
        assert_eq!(event.details.name.as_deref(), Some("Lock"));
        assert_eq!(event.details.input.as_deref(), Some(&json!({"a": 1})));
    }

    #[test]
    fn failure_has_error_and_cause() {
        let details = LambdaFunctionFailedEventDetails::builder().error("LockError").cause("no answer").build();
        let sent = sent(HistoryEventType::LambdaFunctionFailed).lambda_function_failed_event_details(details);
        let event = read(sent).unwrap();
        assert_eq!(event.details.error.as_deref(), Some("LockError"));
        assert_eq!(event.details.cause.as_deref(), Some("no answer"));
    }

    #[test]
    fn function_that_could_not_start_has_failed() {
        let event = read(sent(HistoryEventType::LambdaFunctionStartFailed)).unwrap();
        assert_eq!(event.event_type, "LambdaFunctionFailed");
        assert_eq!(read(sent(HistoryEventType::from("StateDreamt"))), None);
    }
}
