//! Reads stacks, events and templates from CloudFormation's answers.

use crate::cloud::{Stack, StackEvent};
use aws_sdk_cloudformation::types;
use bifrost::aws::Request;
use bifrost::cloud::CloudError;
use bifrost::json;
use serde_json::Value;

/// Reads a stack.
///
/// # Errors
/// If a field is missing that every stack has.
pub(super) fn stack(stack: types::Stack, request: Request<'_>) -> Result<Stack, CloudError> {
    let tags = stack.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value));
    let output = |output: types::Output| {
        Ok((request.field("OutputKey", output.output_key)?, request.field("OutputValue", output.output_value)?))
    };
    Ok(Stack {
        id: request.field("StackId", stack.stack_id)?,
        name: request.field("StackName", stack.stack_name)?,
        status: request.field("StackStatus", stack.stack_status)?.as_str().into(),
        status_reason: stack.stack_status_reason,
        creation_time: request.time("CreationTime", stack.creation_time)?,
        change_set_id: stack.change_set_id,
        tags: request.tags(tags)?,
        outputs: stack.outputs.unwrap_or_default().into_iter().map(output).collect::<Result<_, _>>()?,
    })
}

/// Reads an event.
///
/// # Errors
/// If a field is missing that every event has.
pub(super) fn event(event: types::StackEvent, request: Request<'_>) -> Result<StackEvent, CloudError> {
    Ok(StackEvent {
        id: request.field("EventId", event.event_id)?,
        timestamp: request.time("Timestamp", event.timestamp)?,
        logical_id: request.field("LogicalResourceId", event.logical_resource_id)?,
        // Empty for a resource that does not have one yet.
        physical_id: event.physical_resource_id.filter(|id| !id.is_empty()),
        resource_type: request.field("ResourceType", event.resource_type)?,
        status: request.field("ResourceStatus", event.resource_status)?.as_str().to_owned(),
        reason: event.resource_status_reason,
        token: event.client_request_token,
    })
}

/// Reads a template. One that is not JSON becomes a string.
///
/// # Errors
/// If the answer has no template.
pub(super) fn template(body: Option<String>, request: Request<'_>) -> Result<Value, CloudError> {
    let body = request.field("TemplateBody", body)?;
    Ok(json::from_slice(body.as_bytes()).unwrap_or(Value::String(body)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_cloudformation::primitives::DateTime;
    use serde_json::json;
    use std::collections::BTreeMap;

    const REQUEST: &str = "cloudformation:DescribeStacks";

    fn web() -> types::builders::StackBuilder {
        types::Stack::builder()
            .stack_id("arn:web")
            .stack_name("sam-web")
            .stack_status(types::StackStatus::ReviewInProgress)
            .creation_time(DateTime::from_secs(5))
    }

    #[test]
    fn stack_in_review_has_no_outputs_and_no_change_set() {
        let found = stack(web().build(), Request::new(REQUEST, "sam-web")).unwrap();
        assert_eq!((found.status.as_str(), found.change_set_id), ("REVIEW_IN_PROGRESS", None));
        assert_eq!((found.tags, found.outputs), (BTreeMap::new(), BTreeMap::new()));
    }

    #[test]
    fn stack_without_id_or_status_is_an_error() {
        let half_an_output = types::Output::builder().output_key("Url").build();
        for (incomplete, field) in [
            (web().set_stack_id(None), "StackId"),
            (web().set_stack_status(None), "StackStatus"),
            (web().outputs(half_an_output), "OutputValue"),
        ] {
            let error = stack(incomplete.build(), Request::new(REQUEST, "sam-web")).unwrap_err();
            assert_eq!(error.code, "IncompleteAnswer", "{field}");
            assert!(error.message.ends_with(field), "{error}");
        }
    }

    #[test]
    fn resource_that_does_not_exist_has_no_physical_id() {
        let started = types::StackEvent::builder()
            .event_id("1")
            .timestamp(DateTime::from_secs(5))
            .logical_resource_id("hello")
            .physical_resource_id("")
            .resource_type("AWS::Lambda::Function")
            .resource_status(types::ResourceStatus::CreateInProgress);
        let request = Request::new("cloudformation:DescribeStackEvents", "sam-web");
        let started = event(started.build(), request).unwrap();
        assert_eq!((started.physical_id, started.status.as_str()), (None, "CREATE_IN_PROGRESS"));
    }

    #[test]
    fn template_that_is_not_json_is_a_string() {
        let read = |body: &str| template(Some(body.into()), Request::new("cloudformation:GetTemplate", "web")).unwrap();
        assert_eq!(read(r#"{"Resources": {}}"#), json!({"Resources": {}}));
        assert_eq!(read("Resources: {}\n"), json!("Resources: {}\n"));
    }
}
