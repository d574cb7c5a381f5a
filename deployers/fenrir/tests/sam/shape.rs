//! What a deployer notices of an expanded template: which resources there are, and what each of them refers to.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The lines of an expanded template: for each resource its type, what it depends on, its policies, and each of its references.
pub(crate) struct Shape(BTreeSet<String>);

impl Shape {
    /// The shape of a template. SAM computes the digest in the id of an API's deployment from Python's representation of the API, so
    /// that the local cloud cannot have the same one.
    pub(crate) fn of(expanded: &Value) -> Self {
        let resources = expanded["Resources"].as_object().unwrap();
        let deployments = resources.iter().filter(|(_, of)| of["Type"] == "AWS::ApiGateway::Deployment");
        let digests: BTreeMap<&str, &str> = deployments.map(|(id, _)| (id.as_str(), &id[..id.len() - 10])).collect();
        let name = |id: &str| digests.get(id).copied().unwrap_or(id).to_owned();
        let mut lines = BTreeSet::new();
        for (id, of) in resources {
            let id = name(id);
            lines.insert(format!("{id}: {}", of["Type"].as_str().unwrap()));
            for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
                lines.extend(of[policy].as_str().map(|value| format!("{id}: {policy} {value}")));
            }
            lines.extend(references_of(of).into_iter().map(|(of, rest)| format!("{id} -> {}{rest}", name(&of))));
        }
        let outputs = references_of(&expanded["Outputs"]).into_iter();
        lines.extend(outputs.map(|(of, rest)| format!("Outputs -> {}{rest}", name(&of))));
        Self(lines)
    }

    /// The lines that only one of two shapes has.
    pub(crate) fn differences(&self, translator: &Self) -> Vec<String> {
        let ours = self.0.difference(&translator.0).map(|line| format!("only ours: {line}"));
        ours.chain(translator.0.difference(&self.0).map(|line| format!("only SAM's: {line}"))).collect()
    }
}

type References = BTreeSet<(String, String)>;

fn needed(value: &Value, found: &mut References) {
    let one = value.as_str().into_iter();
    let all = one.chain(value.as_array().into_iter().flatten().filter_map(Value::as_str));
    found.extend(all.map(|id| (id.to_owned(), " (DependsOn)".to_owned())));
}

/// The references of a resource or of all outputs, each with a dot and the attribute, and what it depends on.
fn references_of(of: &Value) -> References {
    let mut found = BTreeSet::new();
    references(of, &mut found);
    needed(&of["DependsOn"], &mut found);
    found
}

fn references(value: &Value, found: &mut References) {
    match value {
        Value::Object(fields) => {
            match fields.iter().next().filter(|_| fields.len() == 1) {
                Some((name, Value::String(id))) if name == "Ref" => add(id, found),
                Some((name, Value::Array(parts))) if name == "Fn::GetAtt" => {
                    add(&parts.iter().map(|part| part.as_str().unwrap()).collect::<Vec<_>>().join("."), found);
                }
                Some((name, argument)) if name == "Fn::Sub" => {
                    let (text, variables) = (argument.get(0).unwrap_or(argument), &argument[1]);
                    let names =
                        text.as_str().unwrap().split("${").skip(1).filter_map(|rest| Some(rest.split_once('}')?.0));
                    names
                        .filter(|name| !name.starts_with('!') && variables.get(*name).is_none())
                        .for_each(|name| add(name, found));
                    references(variables, found);
                }
                _ => {}
            }
            fields.iter().filter(|(name, _)| *name != "Fn::Sub").for_each(|(_, value)| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

fn add(name: &str, found: &mut References) {
    if !name.starts_with("AWS::") {
        let (id, attribute) = name.split_once('.').map_or((name, String::new()), |(id, rest)| (id, format!(".{rest}")));
        found.insert((id.to_owned(), attribute));
    }
}
