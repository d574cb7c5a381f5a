//! Tags: by which Fenrir knows whose a resource is, and which it gives to what it makes.

use super::rule_context::RuleContext;
use super::table::Shape::{Required, Scalar, Text};
use super::table::Table;
use super::{Facts, Tags};
use crate::template::{Node, Span};
use serde_json::{Map, Value, json};

/// A tag of most resource types.
pub(super) const TAG: Table = &[("Key", Required(&Text)), ("Value", Required(&Scalar))];

const PROJECT_NAME: &str = "ProjectName";
const CONFIG_NAME: &str = "ConfigName";
const SERVICE_NAME: &str = "ServiceName";
/// The value of a tag that stands for all projects, configs or services.
const ALL: &str = "_all";
/// The tag of subnets that Fenrir may use, with any value.
pub(super) const DEPLOY_WITH_FENRIR: &str = "DeployWithFenrir";

/// Says so unless tags are *correct*: they say that the resource belongs to the release's project and config, or that
/// these, or all, may use it.
pub(super) fn require_correct(context: &mut RuleContext<'_, '_>, span: Option<Span>, what: &str, tags: &Tags) {
    let Facts { project, config, .. } = context.facts();
    let has = |key: &str, value: &str| tags.get(key).is_some_and(|found| found == value);
    let allowed = format!("FenrirAllowed:{project}:{config}");
    let belongs = has(PROJECT_NAME, project.as_str()) && has(CONFIG_NAME, config.as_str());
    if !belongs && !has(&allowed, "true") && !has("FenrirAllAllowed", "true") {
        let is = |key: &str| tags.get(key).map_or("no".to_owned(), |value| format!("`{value}` as"));
        let message = format!("{what} has {} {PROJECT_NAME} and {} {CONFIG_NAME}", is(PROJECT_NAME), is(CONFIG_NAME));
        let help = format!(
            "tag it {PROJECT_NAME}={project} and {CONFIG_NAME}={config}, or {allowed}=true, or FenrirAllAllowed=true"
        );
        context.refuse_with(span, message, help);
    }
}

/// Says so unless tags are *service tags*: project, config and the logical id of the resource, each of them or `_all`.
pub(super) fn require_service(context: &mut RuleContext<'_, '_>, span: Option<Span>, what: &str, tags: &Tags) {
    for (key, value) in own(context) {
        let found = tags.get(key).map(String::as_str);
        if found != Some(&value) && found != Some(ALL) {
            let message = match found {
                Some(found) => format!("{what} has the tag {key}={found}, which is not this one's"),
                None => format!("{what} has no tag {key}"),
            };
            context.refuse_with(span, message, format!("tag it {key}={value}, or {key}={ALL}"));
        }
    }
}

/// Adds the tags of the release to those of a type that has them by name.
pub(super) fn add_to_map(context: &mut RuleContext<'_, '_>, node: &Node, properties: &mut Map<String, Value>) {
    let written = properties.entry("Tags").or_insert_with(|| json!({}));
    for (key, value) in own(context) {
        if let Some(tags) = written.as_object_mut() {
            let old = tags.insert(key.to_owned(), json!(value));
            warn_if_other(context, node, key, &value, old.as_ref());
        }
    }
}

/// Adds the tags of the release to those of a type that has them as a list.
pub(super) fn add_to_list(context: &mut RuleContext<'_, '_>, node: &Node, properties: &mut Map<String, Value>) {
    let own = own(context);
    let is_own = |tag: &Value| own.iter().any(|(key, _)| tag.get("Key").and_then(Value::as_str) == Some(key));
    let written = properties.entry("Tags").or_insert_with(|| json!([]));
    let Some(tags) = written.as_array_mut() else { return };
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
        context.within("Tags").warn(span, format!("the tag {key} is overwritten with `{value}`"), "leave it out");
    }
}

/// The tags of the release, for the resource that a place is in.
fn own(context: &RuleContext<'_, '_>) -> [(&'static str, String); 3] {
    let Facts { project, config, .. } = context.facts();
    [
        (PROJECT_NAME, project.to_string()),
        (CONFIG_NAME, config.to_string()),
        (SERVICE_NAME, context.logical_id().to_owned()),
    ]
}
