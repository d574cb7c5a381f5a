//! `Globals`: properties for all resources of a type.

use serde_json::{Map, Value, json};

/// The resources of the template, with the globals of their type added to their properties.
pub(super) fn with_globals(template: &Value) -> Map<String, Value> {
    let mut resources = template.get("Resources").and_then(Value::as_object).cloned().unwrap_or_default();
    for definition in resources.values_mut() {
        let section =
            definition.get("Type").and_then(Value::as_str).and_then(|name| name.strip_prefix("AWS::Serverless::"));
        let global = section.and_then(|section| template.get("Globals")?.get(section)).cloned();
        if let (Some(global), Some(definition)) = (global, definition.as_object_mut()) {
            let own = definition.remove("Properties").unwrap_or_else(|| json!({}));
            definition.insert("Properties".into(), merge(global, own));
        }
    }
    resources
}

/// Merges mappings, appends the resource's list to the global one, and takes the resource's own value otherwise.
fn merge(global: Value, own: Value) -> Value {
    match (global, own) {
        (Value::Object(mut global), Value::Object(own)) => {
            for (name, own) in own {
                let merged = match global.remove(&name) {
                    Some(global) => merge(global, own),
                    None => own,
                };
                global.insert(name, merged);
            }
            Value::Object(global)
        }
        (Value::Array(global), Value::Array(own)) => global.into_iter().chain(own).collect(),
        (_, own) => own,
    }
}
