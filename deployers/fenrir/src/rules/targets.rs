//! What a reference names: a resource of the template, or one that SAM generates for it, and an attribute that its type has.
//!
//! The resources that SAM generates come from its expansion (module `sam`), which is made only if a reference needs it.

use super::cycles::Target;
use super::missing_resource;
use super::rule_context::RuleContext;
use crate::sam::{attributes_of, expanded_type, referable};
use crate::template::{FindingCode, Span, nearest};

/// The pseudo parameters of CloudFormation.
pub(super) const PSEUDO_PARAMETERS: [&str; 8] = [
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

/// Checks the name in a `!Ref`: a pseudo parameter, a logical id, or a name such as `hello.Alias`.
pub(super) fn require_ref(context: &mut RuleContext<'_, '_>, span: Option<Span>, name: &str) {
    if PSEUDO_PARAMETERS.contains(&name) {
        return;
    }
    let Some((logical_id, property)) = name.split_once('.') else { return require_resource(context, span, name) };
    if let Some(found) = generated_by(context, logical_id, property) {
        return add(context, span, found);
    }
    let Some(source_type) = context.check.type_of(logical_id) else {
        return missing_resource::refuse(context, span, logical_id);
    };
    if referable(source_type).any(|(known, _)| known == property) {
        return refuse_not_generated(context, span, logical_id, property);
    }
    let help = format!("write `!GetAtt {name}` for an attribute, or `!Ref {logical_id}`");
    context.refuse(FindingCode::InvalidArgument, span, format!("`!Ref` takes no attribute, but is `{name}`"), help);
}

/// Checks a logical id: of a resource of the template, or of one that SAM generates.
pub(super) fn require_resource(context: &mut RuleContext<'_, '_>, span: Option<Span>, logical_id: &str) {
    match find(context, logical_id) {
        Some(target) => add(context, span, target),
        None => missing_resource::refuse(context, span, logical_id),
    }
}

/// Checks resource and attribute of a `!GetAtt`. The attribute may begin with the name of a generated resource, as in
/// `hello.Version.FunctionArn`.
pub(super) fn require_attribute(context: &mut RuleContext<'_, '_>, span: Option<Span>, path: &str) {
    let (logical_id, attribute) = path.split_once('.').unwrap_or((path, ""));
    let (property, rest) = attribute.split_once('.').unwrap_or((attribute, ""));
    if is_referable(context, logical_id, property) {
        let Some(found) = generated_by(context, logical_id, property) else {
            return refuse_not_generated(context, span, logical_id, property);
        };
        if rest.is_empty() {
            let help = format!("write `!Ref {logical_id}.{property}`, or add an attribute of it");
            let message = format!("`{path}` is a resource, but `!GetAtt` takes an attribute");
            return context.refuse(FindingCode::InvalidArgument, span, message, help);
        }
        return check_attribute(context, span, found, rest);
    }
    match find(context, logical_id) {
        Some(target) => check_attribute(context, span, target, attribute),
        None => missing_resource::refuse(context, span, logical_id),
    }
}

/// Checks a name in the text of `!Sub`, which means the same as in a `!Ref` or, with a dot, in a `!GetAtt`.
pub(super) fn require_substituted(context: &mut RuleContext<'_, '_>, span: Option<Span>, written: &str) {
    let name = written.trim();
    if name != written && is_renamed(context, name) {
        let message = format!("SAM does not find `{name}` with spaces around it");
        return context.refuse(FindingCode::InvalidArgument, span, message, format!("write `${{{name}}}`"));
    }
    match name.split_once('.') {
        Some((logical_id, property)) if !is_referable(context, logical_id, property) => {
            require_attribute(context, span, name);
        }
        _ => require_ref(context, span, name),
    }
}

fn add(context: &mut RuleContext<'_, '_>, span: Option<Span>, target: Target) {
    let is_of_event = context.is_api_of_event();
    context.check.references.add(span, target, is_of_event);
}

fn find(context: &RuleContext<'_, '_>, logical_id: &str) -> Option<Target> {
    if let Some(position) = context.check.resources.get_index_of(logical_id) {
        return Some(Target::Resource(position));
    }
    let expanded = context.check.expanded();
    // Not of an implicit API, which Fenrir does not allow.
    let source = expanded.generated.get(logical_id).filter(|source| context.check.resources.contains_key(*source));
    let is_known = source.is_some() && !expanded.unpredictable.contains(logical_id);
    is_known.then(|| Target::Generated(logical_id.to_owned()))
}

/// Whether SAM may generate a resource that the name means: whether `Alias` is one for a function.
fn is_referable(context: &RuleContext<'_, '_>, logical_id: &str, property: &str) -> bool {
    let source_type = context.check.type_of(logical_id);
    source_type.is_some_and(|source_type| referable(source_type).any(|(known, _)| known == property))
}

/// Whether SAM replaces a name by another one.
fn is_renamed(context: &RuleContext<'_, '_>, name: &str) -> bool {
    let (logical_id, property) = name.split_once('.').unwrap_or((name, ""));
    let property = property.split('.').next().unwrap_or_default();
    let expanded = context.check.expanded();
    expanded.renames.id(logical_id) != logical_id
        || expanded.renames.property(&format!("{logical_id}.{property}")).is_some()
}

/// The generated resource that `hello.Alias` means.
fn generated_by(context: &RuleContext<'_, '_>, logical_id: &str, property: &str) -> Option<Target> {
    if !is_referable(context, logical_id, property) {
        return None;
    }
    let found = context.check.expanded().renames.property(&format!("{logical_id}.{property}"));
    found.map(|found| Target::Generated(found.to_owned()))
}

fn check_attribute(context: &mut RuleContext<'_, '_>, span: Option<Span>, target: Target, attribute: &str) {
    let (name, found) = match &target {
        Target::Resource(position) => {
            let name = context.check.resources.get_index(*position).map(|(name, _)| name.clone()).unwrap_or_default();
            let found = context.check.type_of(&name).map(|name| expanded_type(name).to_owned());
            (name, found)
        }
        Target::Generated(name) => (name.clone(), context.check.expanded().type_of(name).map(str::to_owned)),
    };
    add(context, span, target);
    // A resource of another type is refused itself.
    let Some(found) = found else { return };
    let Some(known) = attributes_of(&found) else { return };
    if !known.contains(&attribute) {
        let message = format!("`{name}` is of the type {found}, which has no attribute `{attribute}`");
        context.refuse(FindingCode::UnsupportedAttribute, span, message, proposed_attribute(attribute, known));
    }
}

fn proposed_attribute(written: &str, known: &[&'static str]) -> String {
    let written = written.to_ascii_lowercase();
    let ends_alike = |name: &&&str| {
        let name = name.to_ascii_lowercase();
        !written.is_empty() && (name.ends_with(&written) || written.ends_with(&name))
    };
    match nearest(&written, known.iter().copied()).or_else(|| known.iter().find(ends_alike).copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None if known.is_empty() => "use `!Ref`: the type has no attributes".to_owned(),
        None => format!("attributes: {}", known.join(", ")),
    }
}

fn refuse_not_generated(context: &mut RuleContext<'_, '_>, span: Option<Span>, logical_id: &str, property: &str) {
    let help = match property {
        "Alias" | "Version" => "add `AutoPublishAlias` to the function",
        "DestinationQueue" | "DestinationTopic" => {
            "add a destination with a `Type`, but without `Destination`, to `EventInvokeConfig` of the function"
        }
        "ApiKey" | "UsagePlan" | "UsagePlanKey" => "add `Auth.UsagePlan` to the API",
        _ => "remove the reference",
    };
    let message = format!("SAM generates no `{logical_id}.{property}` for this template");
    context.refuse(FindingCode::UnknownResource, span, message, help);
}

#[cfg(test)]
#[path = "targets_tests.rs"]
mod tests;
