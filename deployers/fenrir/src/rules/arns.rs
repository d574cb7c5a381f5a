//! ARNs of resources that a template may refer to by name.

use super::rule_context::RuleContext;
use super::{Answer, Facts, Lookup, tags};
use crate::template::{FindingCode, Node};
use serde_json::{Value, json};

/// The ARN of a resource of a service in the target account and region.
pub(super) fn arn(facts: &Facts<'_>, service: &str, resource: &str) -> String {
    facts.region.arn(service, facts.account, resource)
}

/// Whether a string is an ARN rather than a name.
pub(super) fn is_arn(text: &str) -> bool {
    text.starts_with("arn:")
}

/// The resource part of an ARN of a service, such as `stream/jobs`. None if it is not an ARN of that service.
pub(super) fn resource_of<'a>(arn: &'a str, service: &str) -> Option<&'a str> {
    let mut parts = arn.splitn(6, ':');
    let is_of_service = parts.next() == Some("arn") && parts.nth(1) == Some(service);
    parts.nth(2).filter(|resource| is_of_service && !resource.is_empty())
}

/// Resolves a name or ARN to an ARN. Refuses an ARN of another service, and a resource without correct tags. `prefix`
/// precedes the name in the ARN.
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
        let message = format!("`{text}` is neither a name nor an ARN like {like}");
        context.refuse(FindingCode::InvalidName, node.span, message, "write the name of the resource");
    } else {
        require_correct_tags(context, node, text, &whole);
    }
    json!(whole)
}

/// Refuses a resource of another account.
pub(super) fn require_own_account(context: &mut RuleContext<'_, '_>, node: &Node, name: &str, account: &str) -> bool {
    let own = context.facts().account.as_str();
    if account != own {
        let message = format!("`{name}` is not in account {own}, which the release is deployed to");
        context.refuse(FindingCode::OtherProject, node.span, message, "use a resource of the target account");
    }
    account == own
}

/// Refuses a resource of another account, or without correct tags. Asks for a look-up of the tags if it was not made yet.
pub(super) fn require_correct_tags(context: &mut RuleContext<'_, '_>, node: &Node, name: &str, arn: &str) {
    // Buckets and hosted zones have no account in their ARNs.
    let account = arn.split(':').nth(4).filter(|account| !account.is_empty());
    if account.is_some_and(|account| !require_own_account(context, node, name, account)) {
        return;
    }
    context.check.allow(arn);
    match context.look_up(Lookup::Tags(arn.to_owned())) {
        Some(Answer::Tags(Some(tags))) => tags::require_correct(context, node.span, &format!("`{name}`"), tags),
        Some(Answer::Tags(None)) => {
            let message = format!("`{name}` does not exist, or has no tags ({arn})");
            let help = match context.check.type_of(name) {
                Some(_) => format!("to refer to `{name}` of this template, write `!GetAtt {name}.Arn`"),
                None => "check the name; tag the resource if this project may use it; if it does not exist, create it with tags"
                    .to_owned(),
            };
            context.refuse(FindingCode::NotFound, node.span, message, help);
        }
        _ => {}
    }
}
