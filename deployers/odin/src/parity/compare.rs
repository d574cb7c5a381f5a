//! Compares what the authors of two releases set.

use crate::release::{OdinRelease, Policy, fill_defaults};
use bifrost::Shape as _;
use bifrost::json::same;
use bifrost::release::ConfigName;
use serde::Serialize;
use serde_json::{Map, Number, Value, json};
use std::collections::BTreeSet;

/// What stands for the name of the config, as in user data.
const PLACEHOLDER: &str = "{{CONFIG_NAME}}";

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// Where it is in a release, such as `services.web.autoscaling.min_size`.
    pub path: String,
    /// Its value in the first release; `None` if it is absent there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<Value>,
    /// Its value in the second release; `None` if it is absent there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second: Option<Value>,
}

/// The fields that differ, sorted by path.
///
/// Compared is what an author sets, with the defaults of what an author leaves out. The place of a release (account, region, bucket,
/// config), its id, its time and its metadata may differ. Names that differ only in the name of their config are alike, and lists in
/// another order are.
#[must_use]
pub fn differences(first: &OdinRelease, second: &OdinRelease) -> Vec<Difference> {
    let configs = [&first.envelope.config_name, &second.envelope.config_name];
    let mut comparison = Comparison { configs, path: Vec::new(), found: Vec::new() };
    comparison.compare(Some(&comparable(first)), Some(&comparable(second)));
    comparison.found.sort_by(|a, b| a.path.cmp(&b.path));
    comparison.found
}

/// What an author sets, as JSON. Policies are members by their type and name, because their order has no meaning.
fn comparable(release: &OdinRelease) -> Value {
    let mut release = release.clone();
    fill_defaults(&mut release);
    release.fields.clear_deployer_fields();
    let timeout = release.envelope.timeout;
    for service in release.fields.services.values_mut() {
        // The default is the timeout, which is compared itself.
        service.autoscaling.health_check_grace_period.take_if(|period| *period == timeout);
    }
    let mut fields = json!(release.fields);
    set(&mut fields, "timeout", json!(timeout));
    // What only one release has is listed member by member.
    set(&mut fields, "lifecycle", json!(release.fields.lifecycle));
    for (name, service) in &release.fields.services {
        let policies: Map<_, _> = service.autoscaling.policies.iter().map(policy).collect();
        let Some(fields) = fields.get_mut("services").and_then(|services| services.get_mut(name.as_str())) else {
            continue;
        };
        set(fields, "tags", json!(service.tags));
        if let Some(autoscaling) = fields.get_mut("autoscaling") {
            set(autoscaling, "policies", policies.into());
        }
    }
    fields
}

fn set(object: &mut Value, key: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(key.to_owned(), value);
    }
}

/// A policy by its type and name, with its defaults.
fn policy(policy: &Policy) -> (String, Value) {
    let kind = policy.kind.as_str();
    let key = policy.name.as_ref().map_or_else(|| kind.to_owned(), |name| format!("{kind}-{name}"));
    let mut filled = policy.clone();
    filled.threshold = filled.threshold.or_else(|| Number::from_f64(policy.threshold_percent()));
    filled.scaling_adjustment = Some(policy.adjustment());
    (key, json!(filled))
}

struct Comparison<'a> {
    configs: [&'a ConfigName; 2],
    /// The keys that lead to the values that are compared.
    path: Vec<String>,
    found: Vec<Difference>,
}

impl Comparison<'_> {
    /// Compares two values, and the members of two objects one by one.
    fn compare(&mut self, first: Option<&Value>, second: Option<&Value>) {
        if let (Some(Value::Object(first)), Some(Value::Object(second))) = (first, second) {
            let keys: BTreeSet<_> = first.keys().chain(second.keys()).collect();
            for key in keys {
                self.path.push(key.clone());
                self.compare(first.get(key), second.get(key));
                self.path.pop();
            }
            return;
        }
        let is_alike = match (first, second) {
            (Some(first), Some(second)) => self.alike(first, second),
            _ => first == second,
        };
        if !is_alike {
            let path = self.path.join(".");
            self.found.push(Difference { path, first: first.cloned(), second: second.cloned() });
        }
    }

    fn alike(&self, first: &Value, second: &Value) -> bool {
        let configs = has_names(&self.path).then_some(self.configs);
        match (first, second) {
            (Value::Array(first), Value::Array(second)) => alike_lists(first, second, configs),
            (Value::String(first), Value::String(second)) => {
                first == second || configs.is_some_and(|[a, b]| without_config(first, a) == without_config(second, b))
            }
            _ => same(first, second),
        }
    }
}

/// Whether the value of a field is a name or a list of names, which usually contain the name of their config.
fn has_names(path: &[String]) -> bool {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    matches!(
        path[..],
        ["ami" | "subnets" | "alarms"]
            | ["lifecycle", _, "role" | "sns"]
            | ["services", _, "elbs" | "placement_group_name" | "profile" | "security_groups" | "target_groups"]
            | ["services", _, "tags", _]
    )
}

/// Whether two lists have the same elements, in any order; with `configs`, except for the name of their config.
fn alike_lists(first: &[Value], second: &[Value], configs: Option<[&ConfigName; 2]>) -> bool {
    let [first, second] = without_common(texts(first), texts(second));
    let Some([a, b]) = configs else { return first.is_empty() && second.is_empty() };
    let canonical = |texts: Vec<String>, config| {
        let mut texts: Vec<_> = texts.iter().map(|text| without_config(text, config)).collect();
        texts.sort();
        texts
    };
    canonical(first, a) == canonical(second, b)
}

fn texts(values: &[Value]) -> Vec<String> {
    values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)).collect()
}

/// Both lists without the elements that both have.
fn without_common(first: Vec<String>, mut second: Vec<String>) -> [Vec<String>; 2] {
    second.sort();
    let mut matched = vec![false; second.len()];
    let mut first = first;
    first.sort();
    let mut next = 0;
    first.retain(|text| {
        while second.get(next).is_some_and(|other| other < text) {
            next += 1;
        }
        match matched.get_mut(next) {
            Some(is_matched) if second.get(next) == Some(text) => {
                *is_matched = true;
                next += 1;
                false
            }
            _ => true,
        }
    });
    let second = second.into_iter().zip(matched).filter(|(_, matched)| !matched).map(|(text, _)| text).collect();
    [first, second]
}

fn without_config(text: &str, config: &ConfigName) -> String {
    text.replace(config.as_str(), PLACEHOLDER)
}

#[cfg(test)]
#[path = "compare_tests.rs"]
mod tests;
