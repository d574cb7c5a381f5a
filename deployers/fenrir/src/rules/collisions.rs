//! Logical ids that SAM generates, and that the template has already. SAM refuses most of them, and replaces the resources of the others.

use super::rule_context::{Check, RuleContext};
use crate::template::{FindingCode, Node};

/// What the ids of the resources that several functions or APIs share begin with.
const SHARED: [&str; 2] = ["Serverless", "CodeDeployServiceRole"];

/// Refuses the logical ids of resources that SAM generates, too.
pub(super) fn check(check: &mut Check<'_>) {
    if !may_collide(check) {
        return;
    }
    let expanded = check.expanded();
    let collide = check.resources.iter().filter_map(|(id, entry)| {
        // `implicit_api` refuses the names of implicit APIs.
        let source = expanded.generated.get(id).filter(|source| *source != id)?;
        Some((id.as_str(), entry.key_span, format!("SAM generates a resource `{id}` for `{source}`")))
    });
    for (id, span, message) in collide.collect::<Vec<_>>() {
        let context = &mut RuleContext::top(check, "Resources");
        context.within(id).refuse(FindingCode::InvalidName, span, message, "choose another logical id");
    }
}

/// Whether there may be such an id. It begins with the id of its source, or all sources share it, or the template names it.
fn may_collide(check: &Check<'_>) -> bool {
    let mut sorted: Vec<(&str, &Node)> =
        check.resources.iter().map(|(id, entry)| (id.as_str(), &entry.value)).collect();
    sorted.sort_unstable_by_key(|(id, _)| *id);
    sorted.iter().enumerate().any(|(at, (source, definition))| {
        let longer = sorted.iter().skip(at + 1).map_while(|(id, _)| id.strip_prefix(source));
        longer.into_iter().any(|rest| may_generate(definition, rest))
    }) || sorted.iter().any(|(id, _)| SHARED.iter().any(|start| id.starts_with(start)))
        || named(check).any(|id| check.resources.contains_key(id))
}

/// Whether SAM may append this to the logical id of a resource. Its own words begin with a capital letter; before them it puts the name of an
/// event, a stage or an authorizer.
fn may_generate(definition: &Node, rest: &str) -> bool {
    let properties = definition.get("Properties");
    let at = |name: &str| properties.and_then(|properties| properties.get(name));
    let authorizers = at("Auth").and_then(|auth| auth.get("Authorizers"));
    let mappings = [at("Events"), authorizers].into_iter().flatten().filter_map(Node::as_mapping);
    let mut names =
        mappings.flat_map(|mapping| mapping.keys().map(String::as_str)).chain(at("StageName").and_then(Node::as_str));
    rest.starts_with(|c: char| c.is_ascii_uppercase()) || names.any(|name| rest.starts_with(name))
}

/// The logical ids that events give to resources.
fn named<'t>(check: &Check<'t>) -> impl Iterator<Item = &'t str> + use<'t> {
    let events =
        check.resources.values().filter_map(|entry| entry.value.get("Properties")?.get("Events")?.as_mapping());
    events.flatten().filter_map(|(_, event)| event.value.get("Properties")).flat_map(|properties| {
        let at = |config: &str, name: &str| {
            properties.get(config).and_then(|config| config.get(name)).and_then(Node::as_str)
        };
        let ids = [at("DeadLetterConfig", "QueueLogicalId"), at("SqsSubscription", "QueuePolicyLogicalId")];
        ids.into_iter().flatten()
    })
}

#[cfg(test)]
mod tests {
    use crate::rules::fixture::{RulesFixture, function};
    use crate::template::FindingCode;
    use serde_json::{Value, json};

    fn with(id: &str) -> Value {
        let letters = json!({"Type": "SQS", "QueueLogicalId": "dead"});
        let tick = json!({"Type": "Schedule", "Properties": {"Schedule": "rate(1 day)", "DeadLetterConfig": letters}});
        json!({
            "hello": function(json!({
                "AutoPublishAlias": "live", "DeploymentPreference": {"Type": "AllAtOnce"}, "Events": {"tick": tick},
            })),
            id: {"Type": "AWS::SQS::Queue"},
        })
    }

    #[test]
    fn id_of_a_generated_resource_is_refused() {
        for id in [
            "helloRole",
            "helloAliaslive",
            "hellotick",
            "dead",
            "CodeDeployServiceRole",
            "ServerlessDeploymentApplication",
        ] {
            RulesFixture::default().refuses(with(id), id, FindingCode::InvalidName);
        }
        for id in ["helloUrl", "hellotock", "Dead", "ServerlessApiKey"] {
            RulesFixture::default().accepts(with(id));
        }
    }
}
