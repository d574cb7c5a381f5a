//! A resource: its attributes, and the rules of its type.

use super::names::Naming;
use super::rule_context::RuleContext;
use super::table::{self, Shape, Table};
use super::{
    Facts, alarm, api, distribution, function, http_api, layer_version, listener, listener_rule, load_balancer,
    permission, queue, references, simple_table, target_group,
};
use crate::template::{Content, Entry, Mapping, Node, Span, nearest};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A type of resource that Fenrir supports.
pub(super) struct ResourceType {
    /// Its name in CloudFormation.
    pub(super) name: &'static str,
    /// Its properties.
    pub(super) table: Table,
    /// The property that is its name, and what names it may have; none if it has no name.
    pub(super) named: Option<(&'static str, Naming)>,
    /// What concerns more than one property, and what is added: works on the walked properties.
    pub(super) finish: fn(&mut RuleContext<'_, '_>, &Node, &mut Map<String, Value>),
    /// Its `DeletionPolicy`, if the template has none.
    pub(super) deletion_policy: Option<&'static str>,
}

/// All of them.
pub(super) const TYPES: [ResourceType; 13] = [
    function::TYPE,
    api::TYPE,
    http_api::TYPE,
    layer_version::TYPE,
    simple_table::TYPE,
    queue::TYPE,
    alarm::TYPE,
    distribution::TYPE,
    load_balancer::TYPE,
    target_group::TYPE,
    listener::TYPE,
    listener_rule::TYPE,
    permission::TYPE,
];

/// Attributes that CloudFormation knows, and SAM's `IgnoreGlobals`, which the merged globals have heeded.
const ATTRIBUTES: [&str; 9] = [
    "Type",
    "Properties",
    "DependsOn",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "Metadata",
    "CreationPolicy",
    "UpdatePolicy",
    "IgnoreGlobals",
];

/// Attributes that are refused, and why.
const REFUSED: [(&str, &str); 2] = [
    ("Condition", "there are no conditions, as each config has a template of its own: leave the resource out"),
    ("Connectors", "a connector gives rights of its own making: write `Policies`"),
];

/// Holds a resource against the rules of its type, and gives it for CloudFormation.
pub(super) fn walk(context: &mut RuleContext<'_, '_>, logical_id: &str, entry: &Entry) -> Value {
    check_logical_id(context, logical_id, entry);
    let Some(attributes) = entry.value.as_mapping() else {
        let message = format!("should be a mapping, but is {}", entry.value.kind());
        context.refuse_with(entry.value.span, message, "write its `Type` and `Properties`");
        return Value::Null;
    };
    references::check(context, &entry.value);
    let mut emitted = walk_attributes(context, attributes);
    if let Some(of_type) = type_of(context, entry, attributes) {
        let properties = walk_properties(context, of_type, entry, attributes);
        emitted.insert("Properties".to_owned(), Value::Object(properties));
        if let Some(policy) = of_type.deletion_policy {
            emitted.entry("DeletionPolicy").or_insert_with(|| json!(policy));
        }
    }
    Value::Object(emitted)
}

fn check_logical_id(context: &mut RuleContext<'_, '_>, logical_id: &str, entry: &Entry) {
    /// CloudFormation's limit.
    const MAX_LEN: usize = 255;
    let is_alphanumeric = logical_id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if logical_id.is_empty() || logical_id.len() > MAX_LEN || !is_alphanumeric {
        let message = format!("{logical_id:?} is no logical id");
        context.refuse_with(entry.key_span, message, "use letters and digits only, at most 255");
    }
}

/// All attributes but the properties, for CloudFormation. It would refuse an unknown one; the original left them out.
fn walk_attributes(context: &mut RuleContext<'_, '_>, attributes: &Mapping) -> Map<String, Value> {
    let mut emitted = Map::new();
    for (name, entry) in attributes {
        let mut context = context.within(name);
        match name.as_str() {
            "DependsOn" => check_depends_on(&mut context, &entry.value),
            "DeletionPolicy" | "UpdateReplacePolicy" => check_policy(&mut context, name, &entry.value),
            _ => {}
        }
        if !ATTRIBUTES.contains(&name.as_str()) {
            say_unknown(&mut context, name, entry.key_span);
        } else if name != "IgnoreGlobals" && name != "Properties" {
            emitted.insert(name.clone(), (&entry.value).into());
        }
    }
    emitted
}

fn say_unknown(context: &mut RuleContext<'_, '_>, name: &str, span: Option<Span>) {
    if let Some((_, why)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
        return context.refuse_with(span, format!("`{name}` is not supported"), *why);
    }
    let help = nearest(name, ATTRIBUTES).map_or("remove it".to_owned(), |name| format!("did you mean `{name}`?"));
    context.warn(span, format!("there is no attribute `{name}`, so it is left out"), help);
}

fn check_depends_on(context: &mut RuleContext<'_, '_>, node: &Node) {
    let names = node.as_sequence().unwrap_or(std::slice::from_ref(node));
    for name in names {
        let Some(logical_id) = name.as_str() else {
            let message = format!("should be a logical id, but is {}", name.kind());
            context.refuse_with(name.span, message, "write one");
            continue;
        };
        references::require_one(context, name.span, logical_id);
    }
}

fn check_policy(context: &mut RuleContext<'_, '_>, name: &str, node: &Node) {
    const POLICIES: [&str; 4] = ["Delete", "Retain", "RetainExceptOnCreate", "Snapshot"];
    let allowed = if name == "DeletionPolicy" { &POLICIES[..] } else { &["Delete", "Retain", "Snapshot"] };
    if !node.as_str().is_some_and(|policy| allowed.contains(&policy)) {
        context.refuse_with(
            node.span,
            format!("there is no such {name}"),
            format!("write one of {}", allowed.join(", ")),
        );
    }
}

fn type_of(context: &mut RuleContext<'_, '_>, entry: &Entry, attributes: &Mapping) -> Option<&'static ResourceType> {
    let Some(kind) = attributes.get("Type") else {
        context.refuse_with(entry.key_span, "`Type` is missing", "write its type, such as `AWS::Serverless::Function`");
        return None;
    };
    let written = kind.value.as_str().unwrap_or_default();
    let found = TYPES.iter().find(|of_type| of_type.name == written);
    if found.is_none() {
        let help = match meant_by(written) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("these are: {}", TYPES.map(|of_type| of_type.name).join(", ")),
        };
        let what = if written.is_empty() { kind.value.kind().to_owned() } else { format!("`{written}`") };
        context.within("Type").refuse_with(kind.value.span, format!("{what} is not a supported type"), help);
    }
    found
}

/// The type that may be meant: all begin alike, so the last of their words has to be like the written one's.
fn meant_by(written: &str) -> Option<&'static str> {
    let last = |name: &'static str| name.rsplit(':').next().unwrap_or(name);
    let written = written.rsplit(':').next()?;
    let meant = nearest(written, TYPES.iter().map(|of_type| last(of_type.name)))?;
    TYPES.iter().map(|of_type| of_type.name).find(|name| last(name) == meant)
}

fn walk_properties(
    context: &mut RuleContext<'_, '_>,
    of_type: &ResourceType,
    entry: &Entry,
    attributes: &Mapping,
) -> Map<String, Value> {
    let none = Node { content: Content::Mapping(Mapping::new()), span: entry.key_span };
    let properties = attributes.get("Properties").map_or(&none, |properties| &properties.value);
    let mut context = context.within("Properties");
    let mut walked = table::walk(of_type.table, &mut context, properties);
    name(&mut context, of_type, properties, &mut walked);
    (of_type.finish)(&mut context, properties, &mut walked);
    walked
}

/// Sets the name. The original let some types have one of their own, and did not keep it.
fn name(context: &mut RuleContext<'_, '_>, of_type: &ResourceType, properties: &Node, walked: &mut Map<String, Value>) {
    let Some((property, naming)) = of_type.named else { return };
    let name = naming.name(context.facts(), context.logical_id());
    let is_refused = of_type.table.iter().any(|(name, shape)| *name == property && matches!(shape, Shape::Refused(_)));
    if let Some(written) = properties.get(property).filter(|_| !is_refused) {
        context.within(property).warn(written.span, format!("is overwritten with `{name}`"), "leave it out");
    }
    walked.insert(property.to_owned(), json!(name));
}

/// The names that resources are given, each with its logical id.
pub(super) fn names<'t>(facts: &Facts<'_>, resources: &'t Mapping) -> BTreeMap<String, &'t str> {
    let named = resources.iter().filter_map(|(logical_id, entry)| {
        let kind = entry.value.get("Type")?.as_str()?;
        let (_, naming) = TYPES.iter().find(|of_type| of_type.name == kind)?.named?;
        Some((naming.name(facts, logical_id), logical_id.as_str()))
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use crate::rules::fixture::{RulesFixture, function};
    use serde_json::json;

    #[test]
    fn a_type_that_is_not_supported_is_refused_by_name() {
        let of_type = |name: &str| json!({"x": {"Type": name, "Properties": {}}});
        RulesFixture::default().refuses(
            of_type("AWS::S3::Bucket"),
            "x.Type",
            "`AWS::S3::Bucket` is not a supported type; these are",
        );
        RulesFixture::default().refuses(
            of_type("AWS::Lambda::Function"),
            "x.Type",
            "did you mean `AWS::Serverless::Function`?",
        );
        RulesFixture::default().refuses(
            of_type("AWS::Serverless::Funtion"),
            "x.Type",
            "did you mean `AWS::Serverless::Function`?",
        );
        RulesFixture::default().refuses(json!({"x": {"Properties": {}}}), "x", "`Type` is missing");
        RulesFixture::default().refuses(json!({"x": {"Type": 3}}), "x.Type", "a number is not a supported type");
        RulesFixture::default().refuses(json!({"x": []}), "x", "should be a mapping, but is a list");
        RulesFixture::default().refuses(
            json!({"x": {"Type": "AWS::SQS::Queue", "Properties": 3}}),
            "x.Properties",
            "a mapping",
        );
    }

    #[test]
    fn a_logical_id_is_letters_and_digits() {
        for name in ["../x", "a-b", "", "hellö", "a.b", &"x".repeat(256)] {
            RulesFixture::default().refuses(json!({name: function(json!({}))}), name, "is no logical id");
        }
    }

    #[test]
    fn attributes_of_cloudformation_are_handed_on() {
        let emitted = RulesFixture::default().accepts(json!({
            "jobs": {
                "Type": "AWS::SQS::Queue", "DependsOn": ["dead"], "DeletionPolicy": "Delete",
                "UpdateReplacePolicy": "Retain", "Metadata": {"a": "b"},
            },
            "dead": {"Type": "AWS::SQS::Queue"},
        }));
        let jobs = &emitted["Resources"]["jobs"];
        assert_eq!(jobs["DependsOn"], json!(["dead"]));
        assert_eq!(jobs["DeletionPolicy"], "Delete");
        assert_eq!(emitted["Resources"]["dead"]["DeletionPolicy"], "Retain");
    }

    #[test]
    fn an_unknown_attribute_is_a_warning_and_a_condition_is_refused() {
        let with = |name: &str, value| json!({"jobs": {"Type": "AWS::SQS::Queue", name: value}});
        RulesFixture::default().warns(
            with("DeletonPolicy", json!("Retain")),
            "jobs.DeletonPolicy",
            "did you mean `DeletionPolicy`?",
        );
        let emitted = RulesFixture::default().with(with("dependsOn", json!(["jobs"]))).template;
        assert_eq!(emitted["Resources"]["jobs"].get("dependsOn"), None);
        RulesFixture::default().refuses(with("Condition", json!("x")), "jobs.Condition", "there are no conditions");
        RulesFixture::default().refuses(with("Connectors", json!({})), "jobs.Connectors", "rights of its own making");
        RulesFixture::default().refuses(with("DependsOn", json!("job")), "jobs.DependsOn", "did you mean `jobs`?");
        RulesFixture::default().refuses(
            with("DeletionPolicy", json!("Keep")),
            "jobs.DeletionPolicy",
            "write one of Delete, Retain",
        );
    }

    #[test]
    fn an_unknown_property_is_refused_with_the_nearest_name() {
        let template = json!({"hello": function(json!({"Runtme": "provided.al2023", "Colour": "red"}))});
        RulesFixture::default().refuses(template.clone(), "hello.Properties.Runtme", "did you mean `Runtime`?");
        RulesFixture::default().refuses(template, "hello.Properties.Colour", "these are known: Architectures,");
    }
}
