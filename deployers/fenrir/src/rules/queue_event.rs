//! Events of a queue: what Lambda takes depends on the queue, where it is one of the template.

use super::rule_context::RuleContext;
use super::{combinations, limits, local};
use crate::template::{FindingCode, Node};
use serde_json::Value;

/// What SQS takes depends on the kind of the queue. (<https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html>)
pub(super) fn check(context: &mut RuleContext<'_, '_>, event: &Node) {
    const MAX_BATCH_WITHOUT_WINDOW: f64 = 10.0;
    let queue = event.get("Queue").and_then(local::attribute_of).map(|(logical_id, _)| logical_id);
    let queue = queue.and_then(|logical_id| context.check.resources.get(logical_id)?.value.get("Properties"));
    check_visibility(context, queue, event);
    let is_fifo = queue.is_some_and(|queue| combinations::is_true(queue, "FifoQueue"));
    let window = combinations::given(event, "MaximumBatchingWindowInSeconds");
    if let Some(window) = window.filter(|_| is_fifo) {
        let message = "a FIFO queue has no `MaximumBatchingWindowInSeconds`";
        let context = &mut context.within("MaximumBatchingWindowInSeconds");
        return context.refuse(FindingCode::Conflict, window.span, message, "remove it");
    }
    if let Some(size) = event.get("BatchSize").filter(|_| is_fifo || window.is_none()) {
        limits::check_between(&mut context.within("BatchSize"), size, 1.0, MAX_BATCH_WITHOUT_WINDOW);
    }
}

/// Lambda refuses a queue whose messages would become visible again while the function still works on them.
fn check_visibility(context: &mut RuleContext<'_, '_>, queue: Option<&Node>, event: &Node) {
    const DEFAULT_VISIBILITY_SECONDS: u64 = 30;
    const DEFAULT_TIMEOUT_SECONDS: u64 = 3;
    let seconds = |of: Option<&Node>, name, by_default| match of.and_then(|of| of.get(name)) {
        Some(value) if value.intrinsic().is_some() => None,
        Some(value) => Value::from(value).to_string().trim_matches('"').parse().ok(),
        None => Some(by_default),
    };
    let function = context.check.resources.get(context.logical_id()).and_then(|of| of.value.get("Properties"));
    let is_local = event.get("Queue").and_then(local::attribute_of).is_some();
    let visibility: Option<u64> = seconds(queue, "VisibilityTimeout", DEFAULT_VISIBILITY_SECONDS);
    let timeout: Option<u64> = seconds(function, "Timeout", DEFAULT_TIMEOUT_SECONDS);
    if let (true, Some(visibility), Some(timeout)) = (is_local, visibility, timeout)
        && visibility < timeout
    {
        let message = format!(
            "the `VisibilityTimeout` of the queue is {visibility} s, less than the function's `Timeout`, {timeout} s"
        );
        let help =
            format!("set `VisibilityTimeout` of the queue to at least {timeout}; AWS recommends six times the timeout");
        let span = event.get("Queue").and_then(|queue| queue.span);
        context.within("Queue").refuse(FindingCode::InvalidValue, span, message, help);
    }
}
