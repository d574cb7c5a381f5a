//! Events without an API. SAM would create an implicit API for them, which is public, and which no rule could check.

use super::local;
use super::rule_context::RuleContext;
use crate::template::{FindingCode, Node, Span};

/// A type of API: the type of its events, their property that names the API, and a minimal resource.
pub(super) struct ApiType {
    pub(super) name: &'static str,
    pub(super) property: &'static str,
    /// The logical id of SAM's implicit API.
    implicit: &'static str,
    /// Logical ids to propose.
    proposed: [&'static str; 3],
    example: &'static str,
    /// What to know about that resource.
    note: &'static str,
}

pub(super) const REST: ApiType = ApiType {
    name: "AWS::Serverless::Api",
    property: "RestApiId",
    implicit: "ServerlessRestApi",
    proposed: ["api", "restApi", "publicApi"],
    example: "{Type: AWS::Serverless::Api, Properties: {StageName: Prod, EndpointConfiguration: REGIONAL}}",
    note: "; without `EndpointConfiguration` it is private",
};

pub(super) const HTTP: ApiType = ApiType {
    name: "AWS::Serverless::HttpApi",
    property: "ApiId",
    implicit: "ServerlessHttpApi",
    proposed: ["httpApi", "webApi", "publicHttpApi"],
    example: "{Type: AWS::Serverless::HttpApi}",
    note: "",
};

/// Refuses an event without an API. `properties` are those of the event.
pub(super) fn require_api(context: &mut RuleContext<'_, '_>, of: &ApiType, properties: &Node) {
    if properties.as_mapping().is_none() || properties.get(of.property).is_some() {
        return;
    }
    let message = format!("`{}` is missing: Fenrir allows no implicit API, which would be public", of.property);
    let help = proposal(context, of);
    context.refuse(FindingCode::MissingProperty, properties.span, message, help);
}

/// The lines to add: the property with an API of the template, or with one to add, too.
fn proposal(context: &RuleContext<'_, '_>, of: &ApiType) -> String {
    let line = |logical_id: &str| format!("`{}: !Ref {logical_id}`", of.property);
    let known = apis(context, of);
    if known.is_empty() {
        let is_free = |name: &&&str| !context.check.resources.contains_key(**name);
        let [first, ..] = of.proposed;
        let name = of.proposed.iter().find(is_free).unwrap_or(&first);
        return format!("add {}, and to `Resources` `{name}: {}`{}", line(name), of.example, of.note);
    }
    format!("add {}", known.into_iter().map(line).collect::<Vec<_>>().join(" or "))
}

/// The APIs of the template of that type.
pub(super) fn apis<'t>(context: &RuleContext<'_, 't>, of: &ApiType) -> Vec<&'t str> {
    let mut apis = local::resources_of(context, &[of.name]);
    apis.retain(|logical_id| *logical_id != of.implicit);
    apis
}

/// Refuses a resource with the logical id of an implicit API: SAM would replace it by its own API, without the settings of the template.
pub(super) fn check_logical_id(context: &mut RuleContext<'_, '_>, logical_id: &str, span: Option<Span>) {
    if of_implicit(logical_id).is_some() {
        let message = format!("SAM replaces a resource `{logical_id}` by its implicit API");
        let help = "choose another logical id, and change the references to it";
        context.refuse(FindingCode::InvalidName, span, message, help);
    }
}

/// The type of the implicit API of that logical id.
pub(super) fn of_implicit(logical_id: &str) -> Option<&'static ApiType> {
    [&REST, &HTTP].into_iter().find(|of| of.implicit == logical_id)
}

/// What to write in place of a reference to an implicit API.
pub(super) fn instead_of(context: &RuleContext<'_, '_>, of: &ApiType) -> String {
    match apis(context, of).first() {
        Some(logical_id) => format!("write `{logical_id}` in place of `{}`", of.implicit),
        None => format!("add an API of the type {} to the template, and write its logical id", of.name),
    }
}
