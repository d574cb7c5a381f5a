//! Compares the tables with the SAM and CloudFormation schemas of the packages that are pinned in
//! `tests/moto/python/requirements.txt`. A newer version there shows what AWS has added since.

use super::table::{Shape, Table};
use super::{function_events, function_policies, globals, resource, runtimes};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Properties that the tables have and the schemas do not.
const BEYOND: [&str; 2] = [
    // SAM reads it (`model/eventsources/pull.py`) to let the role of the function send there.
    "DynamoDB.DestinationConfig.OnFailure.Type",
    "Kinesis.DestinationConfig.OnFailure.Type",
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

/// Collects the paths of the properties that only the table or only the schema has.
fn differences(path: &str, table: Table, tree: &Value, found: &mut BTreeSet<String>) {
    let known = tree.as_object().unwrap();
    for name in known.keys().filter(|name| !table.iter().any(|(listed, _)| listed == name)) {
        found.insert(format!("AWS has {path}.{name}"));
    }
    for (name, shape) in table {
        let inner = format!("{path}.{name}");
        match (known.get(*name), table_in(shape)) {
            (None, _) if BEYOND.contains(&inner.as_str()) => {}
            (None, _) => drop(found.insert(format!("AWS has no {inner}"))),
            (Some(tree @ Value::Object(_)), Some(table)) => differences(&inner, table, tree, found),
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

#[test]
fn globals_are_those_of_sam() {
    let Some(schema) = SCHEMA.as_ref() else { return };
    for (section, listed) in globals::SECTIONS {
        let known = schema["globals"][section].as_array().unwrap().iter().map(|name| name.as_str().unwrap());
        let known: Vec<_> = known.filter(|name| !NOT_GLOBAL.contains(&format!("{section}.{name}").as_str())).collect();
        assert_eq!(listed, known, "{section}");
    }
}

#[test]
fn deprecated_runtimes_are_complete() {
    /// The date of the list.
    const LIST_DATE: &str = "2026-11-26";
    let Some(schema) = SCHEMA.as_ref() else { return };
    let all = schema["deprecations"].as_object().unwrap().iter();
    let deprecated = all.map(|(runtime, since)| (runtime.as_str(), since.as_str().unwrap()));
    let deprecated: BTreeSet<_> = deprecated.filter(|(_, since)| *since <= LIST_DATE).collect();
    assert_eq!(BTreeSet::from(runtimes::RETIRED), deprecated);
}
