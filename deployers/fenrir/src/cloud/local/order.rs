//! Dependencies between resources, and the order that follows from them.

use super::resolve::{SubPart, call, get_att, sub_parts};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The logical ids that each logical id depends on.
pub(super) type Needs = BTreeMap<String, BTreeSet<String>>;

/// The names that a value refers to with `Ref`, `Fn::GetAtt` or `Fn::Sub`, each with its attribute if it has one.
pub(super) fn references(value: &Value, found: &mut BTreeSet<(String, Option<String>)>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        Value::Object(fields) => match call(fields) {
            Some(("Ref", Value::String(name))) => drop(found.insert((name.clone(), None))),
            Some(("Fn::GetAtt", argument)) => {
                found.extend(get_att(argument).map(|(name, attribute)| (name, Some(attribute))));
            }
            Some(("Fn::Sub", argument)) => substituted(argument, found),
            Some((_, argument)) => references(argument, found),
            None => fields.values().for_each(|value| references(value, found)),
        },
        _ => {}
    }
}

fn substituted(argument: &Value, found: &mut BTreeSet<(String, Option<String>)>) {
    let (text, names) = match argument {
        Value::Array(parts) => (parts.first(), parts.get(1)),
        text => (Some(text), None),
    };
    for part in sub_parts(text.and_then(Value::as_str).unwrap_or_default()) {
        if let SubPart::Name(name) = part
            && names.is_none_or(|names| names.get(name).is_none())
        {
            let (name, attribute) =
                name.split_once('.').map_or((name, None), |(name, rest)| (name, Some(rest.to_owned())));
            found.insert((name.to_owned(), attribute));
        }
    }
    if let Some(names) = names {
        references(names, found);
    }
}

/// The logical ids that the definition of a resource refers to.
pub(super) fn needs(definition: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    references(definition, &mut found);
    let named = match definition.get("DependsOn") {
        Some(Value::String(name)) => vec![name.clone()],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).map(Into::into).collect(),
        _ => Vec::new(),
    };
    found.into_iter().map(|(name, _)| name).filter(|name| !name.starts_with("AWS::")).chain(named).collect()
}

/// The dependencies between these resources.
pub(super) fn needs_of<'d>(definitions: impl Iterator<Item = (&'d String, &'d Value)> + Clone) -> Needs {
    let all: BTreeSet<&String> = definitions.clone().map(|(name, _)| name).collect();
    let needs = |definition| needs(definition).into_iter().filter(|name| all.contains(name)).collect();
    definitions.map(|(name, definition)| (name.clone(), needs(definition))).collect()
}

/// The logical ids that depend on each logical id.
pub(super) fn reversed(needs: &Needs) -> Needs {
    let mut reversed: Needs = needs.keys().map(|name| (name.clone(), BTreeSet::new())).collect();
    for (name, needed) in needs {
        for needed in needed {
            reversed.entry(needed.clone()).or_default().insert(name.clone());
        }
    }
    reversed
}

/// All logical ids, each after its dependencies.
///
/// # Errors
/// The logical ids of a circular dependency.
pub(super) fn in_order(needs: &Needs) -> Result<Vec<String>, Vec<String>> {
    let mut left = needs.clone();
    let mut order = Vec::new();
    while !left.is_empty() {
        let ready = |(name, needed): (&String, &BTreeSet<String>)| {
            needed.iter().all(|needed| !left.contains_key(needed)).then(|| name.clone())
        };
        let able: Vec<_> = left.iter().filter_map(ready).collect();
        if able.is_empty() {
            return Err(left.into_keys().collect());
        }
        for name in &able {
            left.remove(name);
        }
        order.extend(able);
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn dependencies_are_intrinsics_and_depends_on() {
        let definition = json!({
            "DependsOn": ["a"],
            "Properties": {
                "One": {"Ref": "b"}, "Two": [{"Fn::GetAtt": ["c", "Arn"]}], "Three": {"Fn::Sub": "${d.Arn}-${!e}-${AWS::Region}"},
                "Four": {"Fn::Sub": ["${f}-${g}", {"g": {"Ref": "h"}}]}, "Five": {"Fn::Join": ["", [{"Ref": "i"}]]},
            },
        });
        assert_eq!(needs(&definition), names(&["a", "b", "c", "d", "f", "h", "i"]));
    }

    #[test]
    fn circular_dependency_is_an_error() {
        let needs: Needs = [("a", vec!["b"]), ("b", vec!["a"]), ("c", vec![])]
            .map(|(name, needed)| (name.to_owned(), names(&needed)))
            .into();
        assert_eq!(in_order(&needs), Err(vec!["a".into(), "b".into()]));
    }
}
