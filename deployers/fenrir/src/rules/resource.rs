//! Resources: their attributes, and the rules of their types.

use super::names::Naming;
use super::rule_context::RuleContext;
use super::table::{self, Shape, Table};
use super::{
    Facts, alarm, api, distribution, function, http_api, implicit_api, layer_version, limits, listener, listener_rule,
    load_balancer, permission, queue, references, simple_table, target_group, targets, unsupported_type,
};
use crate::template::{Content, Entry, FindingCode, Mapping, Node, Span, nearest};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A supported resource type.
pub(super) struct ResourceType {
    pub(super) name: &'static str,
    pub(super) table: Table,
    /// The property for the generated name, and the rules for it. None if the type has no name.
    pub(super) named: Option<(&'static str, Naming)>,
    /// Checks that concern several properties, and additions. Gets the properties of the template, and those for CloudFormation.
    pub(super) finish: fn(&mut RuleContext<'_, '_>, &Node, &mut Map<String, Value>),
    /// The default of `DeletionPolicy`.
    pub(super) deletion_policy: Option<&'static str>,
}

/// The supported types.
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

/// The attributes of CloudFormation, and SAM's `IgnoreGlobals`, which the merge of the globals has applied.
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

/// The attributes that are refused, with the remedy.
const REFUSED: [(&str, &str); 2] = [
    (
        "Condition",
        "remove the resource from this template: each config has its own template, so that conditions are not needed",
    ),
    ("Connectors", "use `Policies`: a connector grants permissions that Fenrir does not check"),
];

/// Checks a resource by the rules of its type, and returns it for CloudFormation.
pub(super) fn walk(context: &mut RuleContext<'_, '_>, logical_id: &str, entry: &Entry) -> Value {
    check_logical_id(context, logical_id, entry);
    context.check.references.from = context.check.resources.get_index_of(logical_id);
    let Some(attributes) = entry.value.as_mapping() else {
        let message = format!("should be a mapping, but is {}", entry.value.kind());
        context.refuse(
            FindingCode::WrongType,
            entry.value.span,
            message,
            "write a mapping with `Type` and `Properties`",
        );
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
    /// The limit of CloudFormation.
    const MAX_LEN: usize = 255;
    let is_alphanumeric = logical_id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if logical_id.is_empty() || logical_id.len() > MAX_LEN || !is_alphanumeric {
        let message = format!("{logical_id:?} is not a valid logical id");
        context.refuse(FindingCode::InvalidName, entry.key_span, message, "use only letters and digits, at most 255");
    }
    implicit_api::check_logical_id(context, logical_id, entry.key_span);
}

/// Checks all attributes except the properties, and returns them for CloudFormation. Drops unknown ones, as Go Fenrir does:
/// CloudFormation would refuse them.
fn walk_attributes(context: &mut RuleContext<'_, '_>, attributes: &Mapping) -> Map<String, Value> {
    let mut emitted = Map::new();
    for (name, entry) in attributes {
        let mut context = context.within(name);
        match name.as_str() {
            "DependsOn" => check_depends_on(&mut context, &entry.value),
            "DeletionPolicy" | "UpdateReplacePolicy" => check_policy(&mut context, name, &entry.value),
            "Metadata" | "CreationPolicy" | "UpdatePolicy" if entry.value.as_mapping().is_none() => {
                let message = format!("should be a mapping, but is {}", entry.value.kind());
                context.refuse_value(FindingCode::WrongType, entry.value.span, message);
            }
            _ => {}
        }
        if !ATTRIBUTES.contains(&name.as_str()) {
            report_unknown_attribute(&mut context, name, entry.key_span);
        } else if name != "IgnoreGlobals" && name != "Properties" {
            emitted.insert(name.clone(), (&entry.value).into());
        }
    }
    emitted
}

fn report_unknown_attribute(context: &mut RuleContext<'_, '_>, name: &str, span: Option<Span>) {
    if let Some((_, help)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
        return context.refuse(FindingCode::NotAllowed, span, format!("`{name}` is not allowed"), *help);
    }
    let help = nearest(name, ATTRIBUTES).map_or("remove it".to_owned(), |name| format!("did you mean `{name}`?"));
    context.warn(FindingCode::UnknownAttribute, span, format!("Fenrir ignores the unknown attribute `{name}`"), help);
}

fn check_depends_on(context: &mut RuleContext<'_, '_>, node: &Node) {
    let names = node.as_sequence().unwrap_or(std::slice::from_ref(node));
    for name in names {
        let Some(logical_id) = name.as_str() else {
            let message = format!("should be a logical id, but is {}", name.kind());
            context.refuse_value(FindingCode::WrongType, name.span, message);
            continue;
        };
        targets::require_resource(context, name.span, logical_id);
    }
}

fn check_policy(context: &mut RuleContext<'_, '_>, name: &str, node: &Node) {
    const POLICIES: [&str; 4] = ["Delete", "Retain", "RetainExceptOnCreate", "Snapshot"];
    let allowed = if name == "DeletionPolicy" { &POLICIES[..] } else { &["Delete", "Retain", "Snapshot"] };
    if !node.as_str().is_some_and(|policy| allowed.contains(&policy)) {
        let found = node.as_str().map_or_else(|| node.kind().to_owned(), |policy| format!("`{policy}`"));
        let help = format!("write one of {}", allowed.join(", "));
        context.refuse(FindingCode::InvalidValue, node.span, format!("invalid {name} {found}"), help);
    }
}

fn type_of(context: &mut RuleContext<'_, '_>, entry: &Entry, attributes: &Mapping) -> Option<&'static ResourceType> {
    let Some(kind) = attributes.get("Type") else {
        let help = "add `Type`, such as `Type: AWS::Serverless::Function`";
        context.refuse(FindingCode::MissingProperty, entry.key_span, "`Type` is missing", help);
        return None;
    };
    let written = kind.value.as_str().unwrap_or_default();
    let found = TYPES.iter().find(|of_type| of_type.name == written);
    if found.is_none() {
        let help = unsupported_type::remedy(written);
        let found = if written.is_empty() { kind.value.kind().to_owned() } else { format!("`{written}`") };
        let message = format!("{found} is not a supported resource type");
        context.within("Type").refuse(FindingCode::UnknownType, kind.value.span, message, help);
    }
    found
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
    limits::check(&mut context, properties, limits::of(&limits::TYPES, of_type.name));
    set_name(&mut context, of_type, properties, &mut walked);
    (of_type.finish)(&mut context, properties, &mut walked);
    walked
}

/// Sets the generated name. Overwrites a name in the types for which Go Fenrir accepts one, as it does.
fn set_name(
    context: &mut RuleContext<'_, '_>,
    of_type: &ResourceType,
    properties: &Node,
    walked: &mut Map<String, Value>,
) {
    let Some((property, naming)) = of_type.named else { return };
    let name = naming.name(context.facts(), context.logical_id());
    let is_refused = of_type.table.iter().any(|(name, shape)| *name == property && matches!(shape, Shape::Refused(_)));
    if let Some(written) = properties.get(property).filter(|_| !is_refused) {
        let message = format!("Fenrir overwrites it with `{name}`");
        context.within(property).warn(FindingCode::Overwritten, written.span, message, "remove the property");
    }
    walked.insert(property.to_owned(), json!(name));
}

/// The logical ids of resources by their generated names.
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
    use crate::template::FindingCode;
    use serde_json::json;

    #[test]
    fn unknown_type_is_refused_with_a_proposal() {
        let of_type = |name: &str| json!({"x": {"Type": name, "Properties": {}}});
        let fixture = RulesFixture::default();
        fixture.refuses(of_type("AWS::S3::Bucket"), "x.Type", FindingCode::UnknownType);
        for misspelt in ["AWS::Lambda::Function", "AWS::Serverless::Funtion"] {
            let proposed = "AWS::Serverless::Function";
            fixture.proposes(of_type(misspelt), "x.Type", FindingCode::UnknownType, proposed);
        }
        fixture.refuses(json!({"x": {"Type": 3}}), "x.Type", FindingCode::UnknownType);
    }

    #[test]
    fn resource_is_a_mapping_with_a_type() {
        let fixture = RulesFixture::default();
        fixture.refuses(json!({"x": {"Properties": {}}}), "x", FindingCode::MissingProperty);
        fixture.refuses(json!({"x": []}), "x", FindingCode::WrongType);
        let number = json!({"x": {"Type": "AWS::SQS::Queue", "Properties": 3}});
        fixture.refuses(number, "x.Properties", FindingCode::WrongType);
    }

    #[test]
    fn logical_id_has_only_letters_and_digits() {
        for name in ["../x", "a-b", "", "hellö", "a.b", &"x".repeat(256)] {
            RulesFixture::default().refuses(json!({name: function(json!({}))}), name, FindingCode::InvalidName);
        }
    }

    #[test]
    fn attributes_of_cloudformation_are_kept() {
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
    fn unknown_attribute_is_ignored_with_a_warning() {
        let with = |name: &str, value| json!({"jobs": {"Type": "AWS::SQS::Queue", name: value}});
        let misspelt = with("DeletonPolicy", json!("Retain"));
        RulesFixture::default().warns(misspelt, "jobs.DeletonPolicy", FindingCode::UnknownAttribute);
        let emitted = RulesFixture::default().with(with("dependsOn", json!(["jobs"]))).template;
        assert_eq!(emitted["Resources"]["jobs"].get("dependsOn"), None);
    }

    #[test]
    fn invalid_attributes_are_refused() {
        let with = |name: &str, value| json!({"jobs": {"Type": "AWS::SQS::Queue", name: value}});
        let fixture = RulesFixture::default();
        fixture.refuses(with("Condition", json!("x")), "jobs.Condition", FindingCode::NotAllowed);
        fixture.refuses(with("Connectors", json!({})), "jobs.Connectors", FindingCode::NotAllowed);
        let misspelt = with("DependsOn", json!("job"));
        fixture.proposes(misspelt, "jobs.DependsOn", FindingCode::UnknownResource, "jobs");
        fixture.refuses(with("Metadata", json!("text")), "jobs.Metadata", FindingCode::WrongType);
        fixture.refuses(with("DependsOn", json!([3])), "jobs.DependsOn", FindingCode::WrongType);
        fixture.refuses(with("DeletionPolicy", json!("Keep")), "jobs.DeletionPolicy", FindingCode::InvalidValue);
    }

    #[test]
    fn unknown_property_is_refused_with_a_proposal() {
        let template = json!({"hello": function(json!({"Runtme": "provided.al2023", "Colour": "red"}))});
        let fixture = RulesFixture::default();
        fixture.proposes(template.clone(), "hello.Properties.Runtme", FindingCode::UnknownProperty, "Runtime");
        fixture.refuses(template, "hello.Properties.Colour", FindingCode::UnknownProperty);
    }
}
