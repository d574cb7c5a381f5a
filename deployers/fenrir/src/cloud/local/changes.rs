//! The changes that a template makes to a stack.

use super::order::in_order;
use super::stack::{StoredResource, StoredStack};
use super::template::Template;
use super::types::ResourceType;
use crate::cloud::{Change, ChangeAction, Replacement};
use crate::rules::Tags;
use crate::sam::{needs_of, references};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The attributes, beside the properties, whose change is a change of the resource.
const ATTRIBUTES: [&str; 5] = ["CreationPolicy", "DeletionPolicy", "Metadata", "UpdatePolicy", "UpdateReplacePolicy"];

/// The changes that a template and tags make to a stack, by logical id.
pub(super) fn changes(stack: &StoredStack, template: &Template, tags: &Tags) -> Vec<Change> {
    let retagged = stack.tags != *tags;
    let mut changes = BTreeMap::new();
    // `Template::process` has refused circular dependencies.
    for logical_id in in_order(&needs_of(template.resources.iter())).unwrap_or_default() {
        if let Some(definition) = template.resources.get(&logical_id) {
            let change = change(stack, &logical_id, definition, retagged, &changes);
            changes.extend(change.map(|change| (logical_id, change)));
        }
    }
    let removed = stack.resources.iter().filter(|(logical_id, _)| !template.resources.contains_key(*logical_id));
    changes.extend(removed.map(|(logical_id, resource)| {
        let physical_id = Some(resource.physical_id.clone());
        let removal = new_change(ChangeAction::Remove, logical_id, physical_id, resource.resource_type());
        (logical_id.clone(), Change { policy_action: Some(policy_action(resource, true)), ..removal })
    }));
    changes.into_values().collect()
}

fn new_change(action: ChangeAction, logical_id: &str, physical_id: Option<String>, resource_type: &str) -> Change {
    Change {
        action,
        logical_id: logical_id.into(),
        physical_id,
        resource_type: resource_type.into(),
        replacement: None,
        scope: Vec::new(),
        policy_action: None,
    }
}

/// What happens to the existing resource, according to its policies.
fn policy_action(resource: &StoredResource, is_removed: bool) -> String {
    let policy = if is_removed { "DeletionPolicy" } else { "UpdateReplacePolicy" };
    let action = match (is_removed, resource.is_retained(policy)) {
        (true, true) => "Retain",
        (true, false) => "Delete",
        (false, true) => "ReplaceAndRetain",
        (false, false) => "ReplaceAndDelete",
    };
    action.into()
}

/// The change of one resource, if any. `before` has the changes of the resources that it depends on.
fn change(
    stack: &StoredStack,
    logical_id: &str,
    definition: &Value,
    retagged: bool,
    before: &BTreeMap<String, Change>,
) -> Option<Change> {
    let resource_type = definition.get("Type").and_then(Value::as_str).unwrap_or_default();
    let Some(resource) = stack.resources.get(logical_id) else {
        return Some(new_change(ChangeAction::Add, logical_id, None, resource_type));
    };
    let kind = ResourceType::of(resource_type);
    let stated = differing(&resource.definition, definition);
    let dynamic = properties_that_follow(definition, before);
    let tagged = retagged && kind.is_some_and(|kind| kind.takes_tags);
    let tags = tagged.then(|| "Tags".to_owned());
    let scope: BTreeSet<String> = stated.iter().chain(&dynamic).cloned().chain(tags).collect();
    let immutable = |changed: &BTreeSet<String>| {
        kind.is_some_and(|kind| kind.immutable.iter().any(|property| changed.contains(*property)))
    };
    let replacement = match (immutable(&stated), immutable(&dynamic)) {
        (true, _) => Replacement::True,
        (false, true) => Replacement::Conditional,
        (false, false) => Replacement::False,
    };
    (!scope.is_empty()).then(|| Change {
        replacement: Some(replacement),
        scope: scope.into_iter().collect(),
        policy_action: (replacement != Replacement::False).then(|| policy_action(resource, false)),
        ..new_change(ChangeAction::Modify, logical_id, Some(resource.physical_id.clone()), resource_type)
    })
}

/// The properties and attributes in which the two definitions differ.
fn differing(old: &Value, new: &Value) -> BTreeSet<String> {
    let none = serde_json::Map::new();
    let properties =
        |of: &Value| of.get("Properties").and_then(Value::as_object).cloned().unwrap_or_else(|| none.clone());
    let (old_properties, new_properties) = (properties(old), properties(new));
    let names = old_properties.keys().chain(new_properties.keys());
    let changed = names.filter(|name| old_properties.get(*name) != new_properties.get(*name)).cloned();
    let attributes = ATTRIBUTES.into_iter().filter(|name| old.get(name) != new.get(name)).map(Into::into);
    changed.chain(attributes).collect()
}

/// The properties that refer to a resource that is, or may be, replaced: they change with it.
fn properties_that_follow(definition: &Value, before: &BTreeMap<String, Change>) -> BTreeSet<String> {
    let is_new = |name: &String| {
        let replacement = before.get(name).and_then(|change| change.replacement);
        matches!(replacement, Some(Replacement::True | Replacement::Conditional))
    };
    let follows = |value: &Value| {
        let mut found = BTreeSet::new();
        references(value, &mut found);
        found.iter().any(|(name, _)| is_new(name))
    };
    let properties = definition.get("Properties").and_then(Value::as_object).into_iter().flatten();
    properties.filter(|(_, value)| follows(value)).map(|(name, _)| name.clone()).collect()
}
