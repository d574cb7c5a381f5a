//! Dependencies between resources.

use super::intrinsics::{SubPart, call, get_att, sub_parts};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The logical ids that each logical id depends on.
pub(crate) type Needs = BTreeMap<String, BTreeSet<String>>;

/// The names that a value refers to with `Ref`, `Fn::GetAtt` or `Fn::Sub`, each with its attribute if it has one.
pub(crate) fn references(value: &Value, found: &mut BTreeSet<(String, Option<String>)>) {
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
pub(crate) fn needs(definition: &Value) -> BTreeSet<String> {
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
pub(crate) fn needs_of<'d>(definitions: impl Iterator<Item = (&'d String, &'d Value)> + Clone) -> Needs {
    let all: BTreeSet<&String> = definitions.clone().map(|(name, _)| name).collect();
    let needs = |definition| needs(definition).into_iter().filter(|name| all.contains(name)).collect();
    definitions.map(|(name, definition)| (name.clone(), needs(definition))).collect()
}

/// Circular dependencies: the logical ids of each, in the order of the dependencies. Each resource that has one is in one of them.
pub(crate) fn circles(needs: &Needs) -> Vec<Vec<String>> {
    let (mut circles, mut reported, mut done) = (Vec::<Vec<String>>::new(), BTreeSet::new(), BTreeSet::new());
    for start in needs.keys() {
        let mut path: Vec<(&str, Vec<&str>)> = Vec::new();
        let mut next = Some(start.as_str());
        while next.is_some() || !path.is_empty() {
            if let Some(id) = next.take().filter(|id| !done.contains(id)) {
                match path.iter().position(|(before, _)| *before == id) {
                    Some(first) => {
                        let circle: Vec<String> = path.iter().skip(first).map(|(id, _)| (*id).to_owned()).collect();
                        let before = reported.len();
                        reported.extend(circle.iter().cloned());
                        if reported.len() > before {
                            circles.push(circle);
                        }
                    }
                    None => path.push((id, needs.get(id).into_iter().flatten().map(String::as_str).collect())),
                }
            }
            if let Some((id, needed)) = path.last_mut() {
                next = needed.pop();
                if next.is_none() {
                    done.insert(*id);
                    path.pop();
                }
            }
        }
    }
    circles
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
    fn circles_name_each_of_their_resources() {
        let needs: Needs =
            [("a", vec!["b", "d"]), ("b", vec!["c"]), ("c", vec!["a"]), ("d", vec!["d"]), ("e", vec!["a"])]
                .map(|(name, needed)| (name.to_owned(), names(&needed)))
                .into();
        let circles: BTreeSet<_> = circles(&needs).into_iter().map(|circle| circle.concat()).collect();
        assert_eq!(circles, names(&["abc", "d"]));
    }
}
