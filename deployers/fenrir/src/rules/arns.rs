//! ARNs: what a template may call by its bare name.

use super::rule_context::RuleContext;
use super::{Answer, Facts, Lookup, tags};
use crate::template::Node;
use serde_json::{Value, json};

/// The ARN of a resource of a service in the target account and region.
pub(super) fn arn(facts: &Facts<'_>, service: &str, resource: &str) -> String {
    facts.region.arn(service, facts.account, resource)
}

/// Whether a text is an ARN rather than a name.
pub(super) fn is_arn(text: &str) -> bool {
    text.starts_with("arn:")
}

/// The resource that an ARN of that service names, such as `stream/jobs`; none if it is no such ARN.
pub(super) fn resource_of<'a>(arn: &'a str, service: &str) -> Option<&'a str> {
    let mut parts = arn.splitn(6, ':');
    let is_of_service = parts.next() == Some("arn") && parts.nth(1) == Some(service);
    parts.nth(2).filter(|resource| is_of_service && !resource.is_empty())
}

/// The ARN of what a text names, which has to be one of the service if it is an ARN, and has to have correct tags.
/// `prefix` stands before the bare name in an ARN.
pub(super) fn resolve(
    context: &mut RuleContext<'_, '_>,
    node: &Node,
    text: &str,
    service: &str,
    prefix: &str,
) -> Value {
    let whole = if is_arn(text) { text.to_owned() } else { arn(context.facts(), service, &format!("{prefix}{text}")) };
    let named = resource_of(&whole, service).and_then(|resource| resource.strip_prefix(prefix));
    if named.is_none_or(str::is_empty) {
        let like = arn(context.facts(), service, &format!("{prefix}<name>"));
        context.refuse_with(node.span, format!("`{text}` should be a name, or an ARN like {like}"), "write its name");
    } else {
        require_correct_tags(context, node, text, &whole);
    }
    json!(whole)
}

/// Says so unless the resource of that ARN has correct tags, which may have to be looked up first.
pub(super) fn require_correct_tags(context: &mut RuleContext<'_, '_>, node: &Node, name: &str, arn: &str) {
    match context.look_up(Lookup::Tags(arn.to_owned())) {
        Some(Answer::Tags(Some(tags))) => tags::require_correct(context, node.span, &format!("`{name}`"), tags),
        Some(Answer::Tags(None)) => {
            let message = format!("`{name}` does not exist, or has no tags ({arn})");
            context.refuse_with(
                node.span,
                message,
                "only what has the tags of the project and config may be used: tag it",
            );
        }
        _ => {}
    }
}
