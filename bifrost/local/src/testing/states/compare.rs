//! Whether the recording of the current version is what its code does.

use super::folder::Version;
use super::recording::{RecordedState, Recording};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How a recording differs from what the code does now.
pub(super) fn differences(current: &BTreeMap<String, Recording>, recorded: &Version) -> Vec<String> {
    let mut differences = Vec::new();
    for (name, now) in current {
        match recorded.get(name) {
            None => differences.push(format!("{name} is not recorded")),
            Some((deploy, _)) if deploy.end != now.deploy.end => {
                differences.push(format!("{name} ends in {}, and is recorded with {}", now.deploy.end, deploy.end));
            }
            Some((_, states)) => states_that_differ(name, &now.states, states, &mut differences),
        }
    }
    let unused = recorded.keys().filter(|name| !current.contains_key(*name));
    differences.extend(unused.map(|name| format!("{name} is recorded, but the test has no such deploy")));
    differences
}

fn states_that_differ(
    name: &str,
    now: &[(String, RecordedState)],
    recorded: &BTreeMap<String, RecordedState>,
    differences: &mut Vec<String>,
) {
    for (state, RecordedState { input, .. }) in now {
        match recorded.get(state) {
            None => differences.push(format!("{name}.{state} is not recorded")),
            Some(recorded) => {
                let (now, recorded) = (fields(input), fields(&recorded.input));
                let new = now.difference(&recorded).map(|field| format!("{name}.{state}: {field} is not recorded"));
                differences.extend(new);
                let old = recorded.difference(&now).map(|field| format!("{name}.{state}: {field} is only recorded"));
                differences.extend(old);
            }
        }
    }
    let left = recorded.keys().filter(|state| !now.iter().any(|(entered, _)| entered == *state));
    differences.extend(left.map(|state| format!("{name} does not enter {state} any more")));
}

/// The paths of all values below this one, with their types. The elements of an array are one.
fn fields(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut left = vec![(String::new(), value)];
    while let Some((path, value)) = left.pop() {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(elements) => {
                left.extend(elements.iter().map(|element| (format!("{path}[]"), element)));
                "array"
            }
            Value::Object(members) => {
                left.extend(members.iter().map(|(key, member)| (format!("{path}.{key}"), member)));
                "object"
            }
        };
        found.insert(format!("{} ({kind})", path.trim_start_matches('.')));
    }
    found
}
