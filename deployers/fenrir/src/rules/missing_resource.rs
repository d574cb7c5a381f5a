//! References to what the template has no resource for: a parameter, SAM's implicit API, or a misspelt logical id.

use super::implicit_api;
use super::references::PSEUDO_PARAMETERS;
use super::rule_context::RuleContext;
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
    let known = context.check.resources.keys().map(String::as_str).chain(PSEUDO_PARAMETERS);
    let help = match nearest(logical_id, known) {
        Some(name) => format!("did you mean `{name}`?"),
        None => "write the logical id of a resource of this template".to_owned(),
    };
    context.refuse(FindingCode::UnknownResource, span, format!("unknown resource `{logical_id}`"), help);
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
