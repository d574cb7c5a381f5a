//! Compares the tables with the SAM and CloudFormation schemas of the packages that are pinned in
//! `tests/moto/python/requirements.txt`. A newer version there shows what AWS has added since.

use super::table::{Shape, Table};
use super::{function_events, function_policies, globals, resource};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Properties that the tables have and the schemas do not.
const BEYOND: [&str; 11] = [
    // SAM reads it (`model/eventsources/pull.py`) to let the role of the function send there.
    "DynamoDB.DestinationConfig.OnFailure.Type",
    "Kinesis.DestinationConfig.OnFailure.Type",
    // SAM takes them (`model/eventsources/push.py`, `model/api/api_generator.py`), and its schema does not know them.
    "SNS.RedrivePolicy",
    "CloudWatchEvent.DeadLetterConfig",
    "CloudWatchEvent.InputTransformer",
    "CloudWatchEvent.RetryPolicy",
    "CloudWatchEvent.RuleName",
    "CloudWatchEvent.Target",
    "EventBridgeRule.Enabled",
    "EventBridgeRule.State",
    "AWS::Serverless::Api.EndpointConfiguration.VpcEndpointIds",
];

/// Properties that may be global in SAM, and that Fenrir refuses in a resource.
const NOT_GLOBAL: [&str; 3] = ["Function.AssumeRolePolicyDocument", "Function.RolePath", "Api.Name"];

/// The schemas. None, with a message, without Python.
pub(super) static SCHEMA: LazyLock<Option<Value>> = LazyLock::new(|| {
    let mut python = bifrost_moto::program("python")?;
    let output = python.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sam/schema.py")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
});

/// The table of the properties inside of a value.
fn table_in(shape: &Shape) -> Option<Table> {
    match shape {
        Shape::Object(table) => Some(table),
        Shape::List(inner) | Shape::Map(inner) | Shape::Plain(inner) | Shape::Required(inner) => table_in(inner),
        Shape::Either(one, other) => table_in(one).or_else(|| table_in(other)),
        _ => None,
    }
}

/// The node of the mapping in a value of the schema: in a list or in the values of a mapping, that of each.
pub(super) fn inside(tree: &Value) -> &Value {
    tree.get("each").filter(|_| tree.get("properties").is_none()).map_or(tree, inside)
}

/// The JSON types of the literals that a shape takes. None if a rule decides.
fn types_of(shape: &Shape) -> Option<Vec<&'static str>> {
    match shape {
        // CloudFormation converts numbers and booleans.
        Shape::Text => Some(vec!["string", "number", "boolean"]),
        Shape::OneOf(_) | Shape::Names(_) => Some(vec!["string"]),
        Shape::Integer => Some(vec!["integer", "number"]),
        Shape::Number => Some(vec!["number"]),
        Shape::Boolean => Some(vec!["boolean"]),
        Shape::List(_) => Some(vec!["array"]),
        Shape::Map(_) | Shape::Object(_) => Some(vec!["object"]),
        Shape::Either(one, other) => Some([types_of(one)?, types_of(other)?].concat()),
        Shape::Plain(inner) | Shape::Required(inner) => types_of(inner),
        Shape::Any | Shape::Rule(_) | Shape::Refused(_) => None,
    }
}

/// Collects the properties whose shape takes no type that the schema has, and those that only the schema requires.
fn mistyped(path: &str, table: Table, tree: &Value, found: &mut BTreeSet<String>) {
    for (name, shape) in table {
        let (path, tree) = (format!("{path}.{name}"), &tree["properties"][*name]);
        let listed: Vec<_> = tree["types"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if let Some(types) = types_of(shape)
            && !listed.is_empty()
            && !types.iter().any(|name| listed.contains(name))
        {
            found.insert(format!("{path} takes {listed:?}"));
        }
        if tree["required"] == true && !matches!(shape, Shape::Required(_) | Shape::Refused(_)) {
            found.insert(format!("{path} is required"));
        }
        if let Some(table) = table_in(shape) {
            mistyped(&path, table, inside(tree), found);
        }
    }
}

/// Collects the paths of the properties that only the table or only the schema has.
fn differences(path: &str, table: Table, tree: &Value, found: &mut BTreeSet<String>) {
    let Some(known) = tree["properties"].as_object() else { return };
    for name in known.keys().filter(|name| !table.iter().any(|(listed, _)| listed == name)) {
        found.insert(format!("AWS has {path}.{name}"));
    }
    for (name, shape) in table {
        let inner = format!("{path}.{name}");
        match (known.get(*name), table_in(shape)) {
            (None, _) if BEYOND.contains(&inner.as_str()) => {}
            (None, _) => drop(found.insert(format!("AWS has no {inner}"))),
            (Some(tree), Some(table)) => differences(&inner, table, inside(tree), found),
            _ => {}
        }
    }
}

#[test]
fn tables_have_the_properties_of_aws() {
    let Some(schema) = SCHEMA.as_ref() else { return };
    let mut found = BTreeSet::new();
    for of_type in &resource::TYPES {
        differences(of_type.name, of_type.table, &schema["types"][of_type.name], &mut found);
    }
    for (name, table) in function_events::TYPES {
        differences(name, table, &schema["events"][name], &mut found);
    }
    for (name, table) in function_policies::TEMPLATES {
        differences(name, table, &schema["policies"][name], &mut found);
    }
    assert_eq!(found, BTreeSet::new());
}

/// What AWS's schemas say and AWS does not do.
const NOT_AS_SCHEMAS_SAY: [&str; 4] = [
    // Seconds.
    r#"AWS::ElasticLoadBalancingV2::Listener.DefaultActions.AuthenticateCognitoConfig.SessionTimeout takes ["string"]"#,
    r#"AWS::ElasticLoadBalancingV2::Listener.DefaultActions.AuthenticateOidcConfig.SessionTimeout takes ["string"]"#,
    // SAM adds no header for what is not there.
    "AWS::Serverless::Api.Cors.AllowOrigin is required",
    // SAM makes a list of it, which is `Types` of CloudFormation.
    r#"AWS::Serverless::Api.EndpointConfiguration.Type takes ["array"]"#,
];

#[test]
fn tables_have_the_types_of_aws() {
    let Some(schema) = SCHEMA.as_ref() else { return };
    let mut found = BTreeSet::new();
    for of_type in &resource::TYPES {
        mistyped(of_type.name, of_type.table, &schema["types"][of_type.name], &mut found);
    }
    for (name, table) in function_events::TYPES {
        mistyped(name, table, &schema["events"][name], &mut found);
    }
    assert_eq!(found, NOT_AS_SCHEMAS_SAY.into_iter().map(str::to_owned).collect());
}

#[test]
fn globals_are_those_of_sam() {
    let Some(schema) = SCHEMA.as_ref() else { return };
    for (section, listed) in globals::SECTIONS {
        let known = schema["globals"][section].as_array().unwrap().iter().map(|name| name.as_str().unwrap());
        let known: Vec<_> = known.filter(|name| !NOT_GLOBAL.contains(&format!("{section}.{name}").as_str())).collect();
        assert_eq!(listed, known, "{section}");
    }
}
