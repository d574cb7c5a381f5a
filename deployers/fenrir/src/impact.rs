//! The impact of a change: whether data is lost, whether the resource can be replaced, how traffic shifts to new code.

use crate::template::{Content, Node};

/// Types whose resources hold data, which is lost if the resource is replaced or deleted.
const STATEFUL: [&str; 4] =
    ["AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::Serverless::SimpleTable", "AWS::Logs::LogGroup"];

/// Whether resources of a type hold data.
#[must_use]
pub(crate) fn is_stateful(resource_type: &str) -> bool {
    STATEFUL.contains(&resource_type)
}

/// The types whose resources get a name from Fenrir (contract §8). CloudFormation does not replace a named resource, because
/// the old and the new one would have the same name.
#[cfg(feature = "cli")]
const NAMED: [&str; 6] = [
    "AWS::CloudWatch::Alarm",
    "AWS::DynamoDB::Table",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::Lambda::Function",
    "AWS::SQS::Queue",
];

/// A part of CloudFormation's error for such a replacement.
#[cfg(feature = "cli")]
const CUSTOM_NAME_ERROR: &str = "custom-named resource requires replacing";

/// The finding about a resource that would be replaced, if CloudFormation refuses to replace it.
#[must_use]
#[cfg(feature = "cli")]
pub(crate) fn refused_replacement(logical_id: &str, resource_type: &str) -> Option<String> {
    NAMED.contains(&resource_type).then(|| {
        let data = if is_stateful(resource_type) { ", which starts without the data of the old one" } else { "" };
        format!(
            "a deploy would fail: CloudFormation does not replace {logical_id}, whose name Fenrir generates from its logical \
             id; rename `{logical_id}` in the template to create a new resource{data}"
        )
    })
}

/// The remedy for an update that failed for that reason.
#[must_use]
#[cfg(feature = "cli")]
pub(crate) fn refused_replacement_help(failure: &str) -> Option<String> {
    failure.contains(CUSTOM_NAME_ERROR).then(|| {
        "Fenrir generates the name from the logical id; rename the resource in the template to create a new one, which starts \
         without the data of the old one"
            .into()
    })
}

/// The functions whose traffic shifts gradually (`AutoPublishAlias` with `DeploymentPreference`), each with a description of the
/// shift and of the alarms that roll it back.
#[must_use]
pub(crate) fn traffic_shifts(template: &Node) -> Vec<(String, String)> {
    let resources = template.get("Resources").and_then(Node::as_mapping).into_iter().flatten();
    resources.filter_map(|(name, entry)| Some((name.clone(), traffic_shift(entry.value.get("Properties")?)?))).collect()
}

fn traffic_shift(properties: &Node) -> Option<String> {
    let preference = properties.get("DeploymentPreference")?;
    if preference.get("Enabled").is_some_and(|enabled| enabled.content == Content::Boolean(false)) {
        return None;
    }
    let alias = properties.get("AutoPublishAlias")?.as_str()?;
    let kind = preference.get("Type")?.as_str()?;
    let alarms: Vec<&str> =
        preference.get("Alarms").and_then(Node::as_sequence).into_iter().flatten().filter_map(alarm_name).collect();
    let alarms = match alarms.as_slice() {
        [] => "no alarm rolls it back".to_owned(),
        alarms => format!("rolled back on alarm {}", alarms.join(" or ")),
    };
    Some(format!("alias {alias} shifts to the new code with {kind}; {alarms}"))
}

/// The name or logical id of an alarm.
fn alarm_name(alarm: &Node) -> Option<&str> {
    alarm.as_str().or_else(|| alarm.get("Ref")?.as_str())
}
