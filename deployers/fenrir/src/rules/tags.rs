//! Tags: Fenrir checks those of existing resources, and adds its own to resources of a template.

use super::rule_context::RuleContext;
use super::table::Shape::{self, Map as MapOf, Required, Rule, Text};
use super::table::Table;
use super::{Facts, Tags};
use crate::template::{FindingCode, Node, Span};
use serde_json::{Map, Value, json};

/// The properties of a tag, in most resource types.
pub(super) const TAG: Table = &[("Key", Required(&Text)), ("Value", Required(&Text))];

/// Tags by key, in SAM's types.
pub(super) const MAP: Shape = Rule(map);

const PROJECT_NAME: &str = "ProjectName";
const CONFIG_NAME: &str = "ConfigName";
const SERVICE_NAME: &str = "ServiceName";
/// The keys of the tags that Fenrir adds.
pub(super) const KEYS: [&str; 3] = [PROJECT_NAME, CONFIG_NAME, SERVICE_NAME];
/// The limits of AWS, in characters.
const MAX_KEY_LEN: usize = 128;
const MAX_VALUE_LEN: usize = 256;
/// The key of the tag that SAM adds.
const OF_SAM: &str = "lambda:createdBy";
/// The tag value for all projects, configs or services.
const ALL: &str = "_all";
/// The tag of the subnets that releases may use. Its value does not matter.
pub(super) const DEPLOY_WITH_FENRIR: &str = "DeployWithFenrir";

fn map(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    for (key, entry) in node.as_mapping().filter(|_| node.intrinsic().is_none()).into_iter().flatten() {
        let mut context = context.within(key);
        check_key(&mut context, entry.key_span, key);
        let len = entry.value.as_str().map_or(0, |value| value.chars().count());
        if len > MAX_VALUE_LEN {
            let message = format!("a tag has at most {MAX_VALUE_LEN} characters, but this has {len}");
            context.refuse_value(FindingCode::InvalidValue, entry.value.span, message);
        }
    }
    MapOf(&Text).walk(context, node)
}

/// Refuses keys that AWS or SAM reserves. (<https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>)
fn check_key(context: &mut RuleContext<'_, '_>, span: Option<Span>, key: &str) {
    let len = key.chars().count();
    if key.to_ascii_lowercase().starts_with("aws:") || key == OF_SAM {
        let message = format!("the tag key `{key}` is reserved");
        context.refuse(FindingCode::InvalidName, span, message, "use another key");
    } else if len == 0 || len > MAX_KEY_LEN {
        let message = format!("the key of a tag has 1 to {MAX_KEY_LEN} characters, but this has {len}");
        context.refuse_value(FindingCode::InvalidName, span, message);
    }
}

/// Refuses a resource without *correct tags*: those of the release's project and config, or a tag that lets this project and
/// config, or all of them, use the resource.
pub(super) fn require_correct(context: &mut RuleContext<'_, '_>, span: Option<Span>, what: &str, tags: &Tags) {
    let Facts { project, config, .. } = context.facts();
    let has = |key: &str, value: &str| tags.get(key).is_some_and(|found| found == value);
    let allowed = format!("FenrirAllowed:{project}:{config}");
    let belongs = has(PROJECT_NAME, project.as_str()) && has(CONFIG_NAME, config.as_str());
    if !belongs && !has(&allowed, "true") && !has("FenrirAllAllowed", "true") {
        let tag = |key: &str| tags.get(key).map_or(format!("no {key}"), |value| format!("{key}={value}"));
        let (found_project, found_config) = (tag(PROJECT_NAME), tag(CONFIG_NAME));
        let message = format!(
            "the tags of {what} do not allow project {project} with config {config}: {found_project}, {found_config}"
        );
        let help = format!(
            "if this project may use it, add the tag {allowed}=true; \
             if it belongs to this project, the tags {PROJECT_NAME}={project} and {CONFIG_NAME}={config}"
        );
        context.refuse(FindingCode::OtherProject, span, message, help);
    }
}

/// Whether a resource has correct tags only because it allows this project and config by name.
pub(super) fn only_allowed(facts: &Facts<'_>, tags: &Tags) -> bool {
    let has = |key: &str, value: &str| tags.get(key).is_some_and(|found| found == value);
    let belongs = has(PROJECT_NAME, facts.project.as_str()) && has(CONFIG_NAME, facts.config.as_str());
    let allowed = format!("FenrirAllowed:{}:{}", facts.project, facts.config);
    has(&allowed, "true") && !belongs && !has("FenrirAllAllowed", "true")
}

/// Refuses a resource without *service tags*: project, config and logical id of the release's resource, or `_all`.
pub(super) fn require_service(context: &mut RuleContext<'_, '_>, span: Option<Span>, what: &str, tags: &Tags) {
    for (key, value) in own(context) {
        let found = tags.get(key).map(String::as_str);
        if found != Some(&value) && found != Some(ALL) {
            let message = match found {
                Some(found) => format!("{what} has the tag {key}={found}, but needs {key}={value} or {key}={ALL}"),
                None => format!("{what} has no tag {key}, but needs {key}={value} or {key}={ALL}"),
            };
            let help = format!(
                "if it belongs to this resource alone, set {key}={value}; if several may use it, set {key}={ALL}"
            );
            context.refuse(FindingCode::OtherProject, span, message, help);
        }
    }
}

/// Adds the tags of the release to `Tags` that are a mapping.
pub(super) fn add_to_map(context: &mut RuleContext<'_, '_>, node: &Node, properties: &mut Map<String, Value>) {
    let written = properties.entry("Tags").or_insert_with(|| json!({}));
    for (key, value) in own(context) {
        if let Some(tags) = written.as_object_mut() {
            let old = tags.insert(key.to_owned(), json!(value));
            warn_if_other(context, node, key, &value, old.as_ref());
        }
    }
}

/// Adds the tags of the release to `Tags` that are a list.
pub(super) fn add_to_list(context: &mut RuleContext<'_, '_>, node: &Node, properties: &mut Map<String, Value>) {
    let own = own(context);
    let is_own = |tag: &Value| own.iter().any(|(key, _)| tag.get("Key").and_then(Value::as_str) == Some(key));
    let written = properties.entry("Tags").or_insert_with(|| json!([]));
    let Some(tags) = written.as_array_mut() else { return };
    for (position, tag) in node.get("Tags").and_then(Node::as_sequence).unwrap_or_default().iter().enumerate() {
        if let Some(key) = tag.get("Key").and_then(Node::as_str) {
            check_key(&mut context.within("Tags").at(position), tag.span, key);
        }
    }
    let (overwritten, kept): (Vec<Value>, Vec<Value>) = std::mem::take(tags).into_iter().partition(is_own);
    for (key, value) in &own {
        let old = overwritten.iter().find(|tag| tag.get("Key").and_then(Value::as_str) == Some(key));
        warn_if_other(context, node, key, value, old.and_then(|tag| tag.get("Value")));
    }
    *tags = kept.into_iter().chain(own.iter().map(|(key, value)| json!({"Key": key, "Value": value}))).collect();
}

fn warn_if_other(context: &mut RuleContext<'_, '_>, node: &Node, key: &str, value: &str, old: Option<&Value>) {
    if old.is_some_and(|old| *old != *value) {
        let span = node.get("Tags").and_then(|tags| tags.span);
        let message = format!("Fenrir overwrites the tag {key} with `{value}`");
        context.within("Tags").warn(FindingCode::Overwritten, span, message, "remove the tag");
    }
}

/// The tags of the release for the resource around a position.
fn own(context: &RuleContext<'_, '_>) -> [(&'static str, String); 3] {
    let Facts { project, config, .. } = context.facts();
    [
        (PROJECT_NAME, project.to_string()),
        (CONFIG_NAME, config.to_string()),
        (SERVICE_NAME, context.logical_id().to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use crate::rules::fixture::{RulesFixture, function, resource};
    use crate::template::FindingCode;
    use serde_json::{Value, json};

    fn with(tags: &Value) -> Value {
        json!({"hello": function(json!({"Tags": tags}))})
    }

    #[test]
    fn reserved_keys_are_refused() {
        for key in ["aws:cloudformation:stack-name", "AWS:x", "lambda:createdBy", "", &"x".repeat(129)] {
            let path = format!("hello.Properties.Tags.{key}");
            RulesFixture::default().refuses(with(&json!({key: "x"})), &path, FindingCode::InvalidName);
        }
        let group = resource(
            "AWS::ElasticLoadBalancingV2::TargetGroup",
            json!({"TargetType": "lambda", "Tags": [{"Key": "aws:x", "Value": "y"}]}),
        );
        RulesFixture::default().refuses(json!({"group": group}), "group.Properties.Tags.0", FindingCode::InvalidName);
    }

    #[test]
    fn values_have_at_most_256_characters() {
        RulesFixture::default().accepts(with(&json!({"team": "ü".repeat(256), "level": 3, "on": true})));
        let path = "hello.Properties.Tags.team";
        RulesFixture::default().refuses(with(&json!({"team": "x".repeat(257)})), path, FindingCode::InvalidValue);
    }
}
