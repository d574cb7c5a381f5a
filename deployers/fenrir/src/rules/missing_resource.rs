//! References to what the template has no resource for: a parameter, SAM's implicit API, or a misspelt logical id.

use super::implicit_api;
use super::rule_context::RuleContext;
use super::targets::PSEUDO_PARAMETERS;
use crate::sam::referable;
use crate::template::{Content, FindingCode, Node, Span, nearest};

/// Refuses the reference.
pub(super) fn refuse(context: &mut RuleContext<'_, '_>, span: Option<Span>, logical_id: &str) {
    if let Some(parameter) = context.check.parameter(logical_id) {
        let message = format!("`{logical_id}` is a parameter, and Fenrir allows no parameters");
        return context.refuse(FindingCode::Parameter, span, message, value_of(parameter));
    }
    if let Some(of) = implicit_api::of_implicit(logical_id) {
        let message = format!("`{logical_id}` is SAM's implicit API, which Fenrir does not allow");
        let help = implicit_api::instead_of(context, of);
        return context.refuse(FindingCode::UnknownResource, span, message, help);
    }
    let help = match named_by_sam(context, logical_id) {
        Some(found) => format!("write `!Ref {found}`"),
        None => nearest_id(context, logical_id).map_or_else(
            || "write the logical id of a resource of this template".to_owned(),
            |name| format!("did you mean `{name}`?"),
        ),
    };
    context.refuse(FindingCode::UnknownResource, span, format!("unknown resource `{logical_id}`"), help);
}

/// The maximum number of generated logical ids that a misspelt one is compared with. A template of the maximum size has many more.
const MAX_COMPARED: usize = 500;

/// SAM's name for the generated resource that a logical id seems to mean: `hello.Version` for `helloVersion0123456789`.
fn named_by_sam(context: &RuleContext<'_, '_>, logical_id: &str) -> Option<String> {
    context.check.resources.iter().find_map(|(source, entry)| {
        let rest = logical_id.strip_prefix(source.as_str())?;
        let mut names = referable(entry.value.get("Type")?.as_str()?).map(|(name, _)| name);
        let found = names.find(|name| rest.starts_with(name)).map(|name| format!("{source}.{name}"))?;
        context.check.expanded().renames.property(&found).is_some().then_some(found)
    })
}

fn nearest_id<'c>(context: &'c RuleContext<'_, '_>, logical_id: &str) -> Option<&'c str> {
    let expanded = context.check.expanded();
    let resources = context.check.resources.keys().map(String::as_str);
    let generated = expanded.generated.keys().filter(|id| !expanded.unpredictable.contains(*id)).take(MAX_COMPARED);
    nearest(logical_id, resources.chain(PSEUDO_PARAMETERS))
        .or_else(|| nearest(logical_id, generated.map(String::as_str)))
}
/// What to write in place of a reference to a parameter.
fn value_of(parameter: &Node) -> String {
    const HELP: &str = "write its value here, in one template for each config";
    let of_parameter_store = parameter.get("Type").and_then(Node::as_str).filter(|of| of.starts_with("AWS::SSM::"));
    if of_parameter_store.is_some() {
        return format!("{HELP}; or let the code of the function read the parameter of Systems Manager");
    }
    let default = parameter.get("Default").and_then(|default| match &default.content {
        Content::String(text) => Some(text.clone()),
        Content::Number(number) => Some(number.to_string()),
        Content::Boolean(boolean) => Some(boolean.to_string()),
        _ => None,
    });
    match default.filter(|text| !text.is_empty()) {
        Some(text) => format!("{HELP}, such as its default `{text}`"),
        None => HELP.to_owned(),
    }
}
