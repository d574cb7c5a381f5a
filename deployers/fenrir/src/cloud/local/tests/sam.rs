//! What SAM's types become, held against what SAM's own translator makes of the same templates.

use super::super::sam::expand;
use super::*;

/// Logical ids and types, in order.
fn expanded(template: &Value) -> String {
    let expanded = expand(template).unwrap();
    let resources = expanded["Resources"].as_object().unwrap();
    let mut lines: Vec<_> = resources
        .iter()
        .map(|(id, definition)| format!("{id}: {}", definition["Type"].as_str().unwrap()))
        .collect();
    lines.sort();
    lines.join("\n")
}

fn function(properties: Value) -> Value {
    let mut function = json!({"CodeUri": "s3://bucket/key/b.zip", "Handler": "app.handler", "Runtime": "python3.13"});
    function.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
    json!({"Type": "AWS::Serverless::Function", "Properties": function})
}
