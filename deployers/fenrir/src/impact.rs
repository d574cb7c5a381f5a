//! What a change means for a resource: whether data is lost, whether it can be replaced, how traffic shifts to new code.

use crate::template::{Content, Node};

/// Types whose resources hold data: one that is replaced or removed loses it.
const STATEFUL: [&str; 4] =
    ["AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::Serverless::SimpleTable", "AWS::Logs::LogGroup"];

/// Whether a resource of that type holds data.
#[must_use]
pub(crate) fn is_stateful(resource_type: &str) -> bool {
    STATEFUL.contains(&resource_type)
}

/// The types whose resources all get a name from Fenrir (contract §8). CloudFormation does not replace a resource with a
/// name of its own: there cannot be two of them at once.
#[cfg(feature = "cli")]
const NAMED: [&str; 6] = [
    "AWS::CloudWatch::Alarm",
    "AWS::DynamoDB::Table",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::Lambda::Function",
    "AWS::SQS::Queue",
];

/// What CloudFormation answers where a stack would replace one.
#[cfg(feature = "cli")]
const ANSWER: &str = "custom-named resource requires replacing";

/// What to do, for each resource of that type that would be replaced.
#[must_use]
#[cfg(feature = "cli")]
pub(crate) fn refused_replacement(logical_id: &str, resource_type: &str) -> Option<String> {
    NAMED.contains(&resource_type).then(|| {
        format!(
            "a deploy would fail: CloudFormation does not replace {logical_id}, as it has a name, which is made of \
             `{logical_id}`; to have a new one, call it otherwise in the template"
        )
    })
}

/// What to do about an update that failed for that reason.
#[must_use]
#[cfg(feature = "cli")]
pub(crate) fn refused_replacement_help(failure: &str) -> Option<String> {
    failure.contains(ANSWER).then(|| {
        "the name is made of the resource's name in the template: to have a new one, call it otherwise there".into()
    })
}

/// Functions whose traffic shifts to new code step by step (`AutoPublishAlias` with `DeploymentPreference`), each with how
/// it shifts and which alarms undo that.
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
        [] => "no alarm undoes it".to_owned(),
        alarms => format!("undone if {} goes off", alarms.join(" or ")),
    };
    Some(format!("alias {alias} shifts to the new code by {kind}; {alarms}"))
}

/// An alarm of the template, or one by its name.
fn alarm_name(alarm: &Node) -> Option<&str> {
    alarm.as_str().or_else(|| alarm.get("Ref")?.as_str())
}
