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
    /// `.sync`, `.sync:2`: when the job that the call started has ended, or the task token was returned.
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

    /// Whether the task has a token, which can be returned to end it.
    #[must_use]
    pub fn has_task_token(&self) -> bool {
        match &self.kind {
            ResourceKind::Service { pattern, .. } => *pattern != Pattern::RequestResponse,
            ResourceKind::Activity => true,
            ResourceKind::LambdaFunction => false,
        }
    }
}

impl Resource {
    /// Why AWS refuses the ARN, if it does: a function with something that is not a version or alias behind its name, or
    /// an integration with anything behind its action.
    pub(crate) fn fault(&self) -> Option<String> {
        match &self.kind {
            // A placeholder may stand for any part until it is replaced.
            _ if self.arn.contains("{{") || self.arn.contains("${") => None,
            ResourceKind::LambdaFunction => function_fault(&self.arn),
            ResourceKind::Service { service, action, .. } => {
                let is_known = !service.contains(':') || service.starts_with("aws-sdk:");
                let message = || {
                    format!(
                        "`{service}:{action}` is not a service integration, which takes no version or alias; write \
                         `…:states:::service:action`"
                    )
                };
                (!is_known).then(message)
            }
            ResourceKind::Activity => None,
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.arn)
    }
}

/// Checks what follows `function:`: a name, and possibly a version or alias.
fn function_fault(arn: &str) -> Option<String> {
    let mut parts = arn.splitn(7, ':');
    let is_function = parts.next() == Some("arn") && parts.nth(1) == Some("lambda") && parts.nth(2) == Some("function");
    let function = parts.next().filter(|_| is_function)?;
    let (name, qualifier) = function.split_once(':').map_or((function, None), |(name, rest)| (name, Some(rest)));
    let is_word =
        |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    // Lambda accepts dots in the names of existing functions.
    if !name.split('.').all(is_word) {
        return Some(format!("{name:?} is not a function's name; write letters, digits, `-` and `_`"));
    }
    let qualifier = qualifier.filter(|qualifier| *qualifier != "$LATEST" && !is_word(qualifier))?;
    Some(format!(
        "{qualifier:?} is not a version or alias of the function; write a version number, an alias or $LATEST"
    ))
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
