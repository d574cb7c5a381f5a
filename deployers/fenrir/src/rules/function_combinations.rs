//! Properties of a function that SAM or Lambda takes only together, or not together.

use super::combinations::{self, given};
use super::rule_context::RuleContext;
use crate::template::{FindingCode, Node};
use serde_json::{Value, json};

pub(super) fn check(context: &mut RuleContext<'_, '_>, node: &Node) {
    require_alias(context, node);
    check_log_levels(context, node);
    check_tenancy(context, node);
    check_snap_start(context, node);
    check_destinations(context, node);
}

/// SAM refuses these properties without an alias.
fn require_alias(context: &mut RuleContext<'_, '_>, node: &Node) {
    let is_off = |property: &Node| property.get("Enabled").is_some_and(|on| Value::from(on) == json!(false));
    for name in ["DeploymentPreference", "ProvisionedConcurrencyConfig"] {
        let property = node.get(name).filter(|property| name != "DeploymentPreference" || !is_off(property));
        if let Some(property) = property.filter(|_| node.get("AutoPublishAlias").is_none()) {
            let message = format!("`{name}` requires `AutoPublishAlias`");
            let context = &mut context.within(name);
            context.refuse(FindingCode::MissingProperty, property.span, message, "add `AutoPublishAlias: live`");
        }
    }
}

/// Lambda filters only logs in JSON by level.
fn check_log_levels(context: &mut RuleContext<'_, '_>, node: &Node) {
    let Some(config) = node.get("LoggingConfig") else { return };
    let mut context = context.within("LoggingConfig");
    for name in ["ApplicationLogLevel", "SystemLogLevel"] {
        if let Some(level) =
            given(config, name).filter(|_| config.get("LogFormat").and_then(Node::as_str) == Some("Text"))
        {
            let message = format!("`{name}` requires `LogFormat: JSON`");
            let help = format!("set `LogFormat: JSON`, or remove `{name}`");
            context.within(name).refuse(FindingCode::Conflict, level.span, message, help);
        }
    }
}

/// What a function that is isolated by tenant cannot have. SAM refuses it.
fn check_tenancy(context: &mut RuleContext<'_, '_>, node: &Node) {
    for name in ["ProvisionedConcurrencyConfig", "FunctionUrlConfig", "SnapStart"] {
        combinations::exclude(context, node, "TenancyConfig", name);
    }
    let events = node.get("Events").filter(|_| given(node, "TenancyConfig").is_some()).and_then(Node::as_mapping);
    let mut context = context.within("Events");
    for (name, entry) in events.into_iter().flatten() {
        let kind = entry.value.get("Type").filter(|kind| !matches!(kind.as_str(), Some("Api" | "HttpApi")));
        if let Some(kind) = kind {
            let message = "a function with `TenancyConfig` takes only events of the types Api and HttpApi";
            let mut context = context.within(name);
            let context = &mut context.within("Type");
            context.refuse(FindingCode::Conflict, kind.span, message, "remove the event or `TenancyConfig`");
        }
    }
}

/// Lambda takes snapshots of some runtimes. (<https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html>)
fn check_snap_start(context: &mut RuleContext<'_, '_>, node: &Node) {
    const TOO_OLD: [&str; 11] = [
        "java8",
        "java8.al2",
        "dotnet5.0",
        "dotnet6",
        "dotnet7",
        "python3.6",
        "python3.7",
        "python3.8",
        "python3.9",
        "python3.10",
        "python3.11",
    ];
    let is_on = |config: &Node| config.get("ApplyOn").and_then(Node::as_str) == Some("PublishedVersions");
    let Some(config) = node.get("SnapStart").filter(|config| is_on(config)) else { return };
    let Some(runtime) = node.get("Runtime").and_then(Node::as_str) else { return };
    let is_of_family = ["java", "python", "dotnet"].iter().any(|family| runtime.starts_with(family));
    if !is_of_family || runtime.starts_with("dotnetcore") || TOO_OLD.contains(&runtime) {
        let message = format!("Lambda takes no snapshots of functions with the runtime `{runtime}`");
        let help = "remove `SnapStart`, or use java11, python3.12, dotnet8 or a newer version";
        context.within("SnapStart").refuse(FindingCode::Conflict, config.span, message, help);
    }
}

/// SAM creates a destination only if it is a queue or topic.
fn check_destinations(context: &mut RuleContext<'_, '_>, node: &Node) {
    let Some(config) = node.get("EventInvokeConfig").and_then(|config| config.get("DestinationConfig")) else { return };
    let mut context = context.within("EventInvokeConfig");
    let mut context = context.within("DestinationConfig");
    for name in ["OnFailure", "OnSuccess"] {
        let Some(destination) = config.get(name).filter(|destination| destination.get("Destination").is_none()) else {
            continue;
        };
        if let Some(kind) = destination.get("Type").and_then(Node::as_str).filter(|kind| !["SQS", "SNS"].contains(kind))
        {
            let message = format!("a destination of the type {kind} requires `Destination`");
            let help = "add `Destination`: SAM creates only queues and topics";
            context.within(name).refuse(FindingCode::MissingProperty, destination.span, message, help);
        }
    }
}
