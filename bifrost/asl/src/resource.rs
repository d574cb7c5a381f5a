//! The `Resource` of a `Task`.

use std::fmt;
use std::sync::Arc;

/// The `Resource` of a task: its ARN and its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    arn: Arc<str>,
    kind: ResourceKind,
}

/// The kinds of resource, which differ in the events that they write to the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResourceKind {
    /// The ARN of a Lambda function: it receives the input as it is, and its response is the result.
    LambdaFunction,
    /// The ARN of an activity. Its workers poll for tasks.
    Activity,
    /// A service integration, `arn:aws:states:::service:action`.
    Service {
        /// `lambda`, `sqs`, `aws-sdk:s3`, …; the history's `resourceType`.
        service: Arc<str>,
        /// `invoke`, `sendMessage.waitForTaskToken`, …; the history's `resource`.
        action: Arc<str>,
        /// When the task is complete.
        pattern: Pattern,
    },
}

/// When the task of a service integration is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pattern {
    /// When the service has responded.
    RequestResponse,
    /// `.sync`, `.sync:2`: when the job that the call started has ended.
    Sync,
    /// `.waitForTaskToken`: when the task token was returned.
    WaitForTaskToken,
}

impl Resource {
    /// Reads an ARN. Any string that is neither an activity nor a service integration counts as a Lambda function: a
    /// placeholder such as `{{lambda_name}}` is not an ARN until it is replaced.
    #[must_use]
    pub fn parse(arn: &str) -> Self {
        let kind = service(arn)
            .or_else(|| is_activity(arn).then_some(ResourceKind::Activity))
            .unwrap_or(ResourceKind::LambdaFunction);
        Self { arn: arn.into(), kind }
    }

    /// The ARN as it is written in the definition.
    #[must_use]
    pub fn arn(&self) -> &Arc<str> {
        &self.arn
    }

    /// The kind of resource.
    #[must_use]
    pub fn kind(&self) -> &ResourceKind {
        &self.kind
    }

    /// Whether the task ends when its token is returned.
    #[must_use]
    pub fn has_task_token(&self) -> bool {
        matches!(self.kind, ResourceKind::Service { pattern: Pattern::WaitForTaskToken, .. })
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.arn)
    }
}

fn service(arn: &str) -> Option<ResourceKind> {
    let mut parts = arn.splitn(6, ':');
    let is_states = parts.next() == Some("arn") && parts.next().is_some() && parts.next() == Some("states");
    let (_region, account, name) = (parts.next()?, parts.next()?, parts.next()?);
    if !is_states || !account.is_empty() {
        return None;
    }
    let (base, pattern) = match name.split_once('.') {
        Some((base, "waitForTaskToken")) => (base, Pattern::WaitForTaskToken),
        Some((base, _)) => (base, Pattern::Sync),
        None => (name, Pattern::RequestResponse),
    };
    let (service, _) = base.rsplit_once(':')?;
    let action = name.get(service.len() + 1..)?;
    Some(ResourceKind::Service { service: service.into(), action: action.into(), pattern })
}

fn is_activity(arn: &str) -> bool {
    let mut parts = arn.splitn(7, ':');
    parts.nth(2) == Some("states") && parts.nth(2) == Some("activity")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service_of(arn: &str) -> (String, String, Pattern) {
        match Resource::parse(arn).kind() {
            ResourceKind::Service { service, action, pattern } => (service.to_string(), action.to_string(), *pattern),
            other => panic!("{arn} is {other:?}"),
        }
    }

    #[test]
    fn service_integration_is_split_as_in_the_history() {
        let invoke = ("lambda".into(), "invoke".into(), Pattern::RequestResponse);
        assert_eq!(service_of("arn:aws:states:::lambda:invoke"), invoke);
        assert_eq!(service_of("arn:aws:states:us-east-1::lambda:invoke"), invoke);
        let token = ("aws-sdk:s3".into(), "listBuckets.waitForTaskToken".into(), Pattern::WaitForTaskToken);
        assert_eq!(service_of("arn:aws:states:::aws-sdk:s3:listBuckets.waitForTaskToken"), token);
        let sync = ("states".into(), "startExecution.sync:2".into(), Pattern::Sync);
        assert_eq!(service_of("arn:aws:states:::states:startExecution.sync:2"), sync);
    }

    #[test]
    fn activities_and_functions_are_distinguished() {
        let activity = Resource::parse("arn:aws:states:us-east-1:111111111111:activity:a");
        assert_eq!(activity.kind(), &ResourceKind::Activity);
        for function in ["arn:aws:lambda:us-east-1:111111111111:function:f", "{{lambda_name}}", "foo:bar", ""] {
            assert_eq!(Resource::parse(function).kind(), &ResourceKind::LambdaFunction, "{function}");
        }
    }
}
