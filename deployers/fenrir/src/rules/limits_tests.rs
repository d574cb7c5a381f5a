//! The generated tables of limits are those of AWS's schemas, and are obeyed.
//!
//! `UPDATE_LIMITS=1 cargo test -p fenrir limits` writes the tables, where Python is installed.

use super::fixture::{RulesFixture, function};
use super::schema_tests::SCHEMA;
use super::table::{Shape, Table};
use super::{function_events, resource};
use crate::template::FindingCode;
use regex_lite::Regex;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::{env, fs};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/rules/limits/tables.rs");

/// Patterns of AWS that Rust's library cannot read, or that miss AWS's own rule, with what replaces them: none is no limit.
const REWRITTEN: [(&str, Option<&str>); 3] = [
    // The name of a variable. Lambda's API requires it of the whole name.
    ("[a-zA-Z][a-zA-Z0-9_]+", Some("^[a-zA-Z][a-zA-Z0-9_]+$")),
    // The characters of tags, of all languages.
    (r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$", None),
    // The name of an alias: no version number.
    ("^(?!^[0-9]+$)([a-zA-Z0-9-_]+)$", Some("^[0-9]*[a-zA-Z_-][a-zA-Z0-9_-]*$")),
];

/// Renders limits as Rust, each level of properties on lines of its own.
struct Renderer {
    depth: usize,
}

impl Renderer {
    /// The limits of a value of a shape. Empty if AWS sets no limits, or if Fenrir replaces the value.
    fn limits(&mut self, shape: &Shape, schema: &Value) -> Vec<String> {
        match shape {
            Shape::Names(_) | Shape::Rule(_) | Shape::Refused(_) => Vec::new(),
            Shape::Required(inner) | Shape::Plain(inner) => self.limits(inner, schema),
            Shape::Either(one, other) if schema.get("properties").is_some() || schema.get("each").is_some() => {
                let found = self.limits(other, schema);
                if found.is_empty() { self.limits(one, schema) } else { found }
            }
            shape => {
                let mut found = own(shape, schema);
                found.extend(self.inner(shape, schema));
                found
            }
        }
    }

    fn inner(&mut self, shape: &Shape, schema: &Value) -> Vec<String> {
        let mut found = Vec::new();
        match shape {
            Shape::List(item) | Shape::Map(item) => {
                if let Some(each) =
                    schema.get("each").map(|each| self.limits(item, each)).filter(|each| !each.is_empty())
                {
                    found.push(format!("Each(&[{}])", each.join(", ")));
                }
                if let Some(keys) = schema.get("keys").map(|keys| own(&Shape::Text, keys)) {
                    found.push(format!("Keys(&[{}])", keys.join(", ")));
                }
            }
            Shape::Object(table) => found.extend(self.object(table, schema)),
            _ => {}
        }
        found
    }

    /// The limits of a mapping with the properties of a table: of combinations, and of each.
    fn object(&mut self, table: Table, schema: &Value) -> Vec<String> {
        combinations(table, schema).into_iter().chain(self.properties(table, schema)).collect()
    }

    fn properties(&mut self, table: Table, schema: &Value) -> Option<String> {
        self.depth += 1;
        let indent = "    ".repeat(self.depth);
        let mut rendered = String::new();
        for (name, shape) in table {
            let limits = schema["properties"].get(*name).map(|schema| self.limits(shape, schema)).unwrap_or_default();
            if !limits.is_empty() {
                writeln!(rendered, "{indent}({name:?}, &[{}]),", limits.join(", ")).unwrap();
            }
        }
        self.depth -= 1;
        let outdent = "    ".repeat(self.depth);
        (!rendered.is_empty()).then(|| format!("Properties(&[\n{rendered}{outdent}])"))
    }
}

/// The limits of the combinations of properties. Those that Fenrir refuses are not worth a word.
fn combinations(table: Table, schema: &Value) -> Vec<String> {
    let is_taken =
        |name: &&str| table.iter().any(|(known, shape)| known == name && !matches!(shape, Shape::Refused(_)));
    let names = |names: &Value| -> Vec<String> {
        let names = names.as_array().into_iter().flatten().filter_map(Value::as_str).filter(is_taken);
        names.map(|name| format!("{name:?}")).collect()
    };
    let mut found = Vec::new();
    for (key, variant) in [("excludes", "Excludes"), ("needs", "Needs")] {
        for (name, others) in schema[key].as_object().into_iter().flatten().filter(|(name, _)| is_taken(&name.as_str()))
        {
            found.push(format!("{variant}({name:?}, &[{}])", names(others).join(", ")));
        }
    }
    let one: Vec<_> = schema["exactly_one"].as_array().into_iter().flatten().map(Value::to_string).collect();
    let is_required =
        |(name, shape): &(&str, Shape)| matches!(shape, Shape::Required(_)) && one.contains(&format!("{name:?}"));
    if !one.is_empty() && !table.iter().any(is_required) {
        found.push(format!("ExactlyOne(&[{}])", one.join(", ")));
    }
    found
}

/// The limits of a value itself.
fn own(shape: &Shape, schema: &Value) -> Vec<String> {
    let bounds = |name: &str| schema[name].as_array().map(|bounds| (bounds[0].as_f64(), bounds[1].as_f64()));
    let counts = |name: &str| {
        let count = |bound: Option<f64>, open: &str| bound.map_or(open.to_owned(), |bound| format!("{bound}"));
        bounds(name).map(|(least, most)| (count(least, "0"), count(most, "usize::MAX")))
    };
    let is_list = matches!(shape, Shape::List(_));
    let mut found = Vec::new();
    if let (Some(texts), false) = (schema["enum"].as_array(), matches!(shape, Shape::OneOf(_))) {
        let texts = texts.iter().map(|text| format!("{:?}", text.as_str().map_or(text.to_string(), str::to_owned)));
        found.push(format!("OneOf(&[{}])", texts.collect::<Vec<_>>().join(", ")));
    }
    if let Some(kind) = schema["strictly"].as_str().filter(|_| !matches!(shape, Shape::OneOf(_))) {
        found.push(format!(
            "Strictly({:?})",
            if kind == "integer" { format!("an {kind}") } else { format!("a {kind}") }
        ));
    }
    if let Some(pattern) = schema["pattern"].as_str().and_then(readable) {
        found.push(format!("Pattern({pattern:?})"));
    }
    if let (Some((least, most)), false) = (counts("length"), is_list) {
        found.push(format!("Length({least}, {most})"));
    }
    if let Some((least, most)) = bounds("range") {
        let bound = |bound: Option<f64>, open: &str| bound.map_or(open.to_owned(), |bound| format!("{bound:?}"));
        found.push(format!("Between({}, {})", bound(least, "f64::NEG_INFINITY"), bound(most, "f64::INFINITY")));
    }
    if let (Some((least, most)), true) = (counts("items"), is_list) {
        found.push(format!("Items({least}, {most})"));
    }
    if schema["unique"] == true && is_list {
        found.push("Unique".to_owned());
    }
    found
}

/// The pattern as Rust's library reads it. None if it excludes nothing.
fn readable(pattern: &str) -> Option<&str> {
    let pattern = REWRITTEN.iter().find(|(of_aws, _)| *of_aws == pattern).map_or(Some(pattern), |(_, ours)| *ours)?;
    let regex = Regex::new(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}; see REWRITTEN"));
    let takes_anything = ["", "ü \n", "a", "$"].iter().all(|text| regex.is_match(text));
    (!takes_anything).then_some(pattern)
}

/// The whole file.
fn rendered(schema: &Value) -> String {
    let mut text = "//! Generated from AWS's schemas by `limits_tests`: `UPDATE_LIMITS=1 cargo test -p fenrir limits`. Do not edit.\n\n\
         use super::Limit::*;\nuse super::Limits;\n"
        .to_owned();
    let reserved: Vec<_> = schema["reserved_variables"].as_array().unwrap().iter().map(Value::to_string).collect();
    let doc = "The names of environment variables that Lambda sets itself.";
    write!(
        text,
        "\n/// {doc}\npub(in crate::rules) const RESERVED_VARIABLES: [&str; {}] = [{}];\n",
        reserved.len(),
        reserved.join(", ")
    )
    .unwrap();
    let types = resource::TYPES.iter().map(|of_type| (of_type.name, of_type.table, &schema["types"][of_type.name]));
    section(&mut text, "The limits of the properties of each resource type.", "TYPES", types);
    let events = function_events::TYPES.iter().map(|(name, table)| (*name, *table, &schema["events"][*name]));
    section(&mut text, "The limits of the properties of each event type.", "EVENTS", events);
    text
}

fn section<'s>(text: &mut String, doc: &str, name: &str, all: impl Iterator<Item = (&'s str, Table, &'s Value)>) {
    let mut renderer = Renderer { depth: 1 };
    let limits = all.map(|(name, table, schema)| (name, renderer.object(table, schema).join(", ")));
    let limits: Vec<_> = limits.filter(|(_, limits)| !limits.is_empty()).collect();
    write!(text, "\n/// {doc}\npub(in crate::rules) const {name}: [(&str, Limits); {}] = [\n", limits.len()).unwrap();
    for (name, limits) in limits {
        writeln!(text, "    ({name:?}, &[{limits}]),").unwrap();
    }
    text.push_str("];\n");
}

#[test]
fn tables_are_those_of_aws() {
    let Some(schema) = SCHEMA.as_ref() else { return };
    let rendered = rendered(schema);
    if env::var_os("UPDATE_LIMITS").is_some() {
        fs::write(PATH, &rendered).unwrap();
    }
    let is_current = fs::read_to_string(PATH).unwrap() == rendered;
    assert!(is_current, "the limits are out of date: UPDATE_LIMITS=1 cargo test -p fenrir limits");
}

/// Resources with one value that AWS does not take, and the path of it.
#[test]
fn values_beyond_the_limits_are_refused() {
    let queue = |properties: Value| json!({"x": {"Type": "AWS::SQS::Queue", "Properties": properties}});
    let of_function = |properties: Value| json!({"x": function(properties)});
    let table = |properties: Value| json!({"x": {"Type": "AWS::Serverless::SimpleTable", "Properties": properties}});
    for (resources, path) in [
        (queue(json!({"VisibilityTimeout": 43201})), "VisibilityTimeout"),
        (queue(json!({"VisibilityTimeout": "43201"})), "VisibilityTimeout"),
        (queue(json!({"DelaySeconds": -1})), "DelaySeconds"),
        (of_function(json!({"Description": "x".repeat(257)})), "Description"),
        (of_function(json!({"Handler": "a b"})), "Handler"),
        (of_function(json!({"Handler": ""})), "Handler"),
        (of_function(json!({"Architectures": []})), "Architectures"),
        (of_function(json!({"Architectures": ["arm64", "x86_64"]})), "Architectures"),
        (of_function(json!({"AutoPublishAlias": "1"})), "AutoPublishAlias"),
        (of_function(json!({"ReservedConcurrentExecutions": -1})), "ReservedConcurrentExecutions"),
        (of_function(json!({"EphemeralStorage": {"Size": 511}})), "EphemeralStorage.Size"),
        (of_function(json!({"Environment": {"Variables": {"a-b": "c"}}})), "Environment.Variables.a-b"),
        (table(json!({"PrimaryKey": {"Name": "id", "Type": "S"}})), "PrimaryKey.Type"),
        (table(json!({"PrimaryKey": {"Name": "", "Type": "String"}})), "PrimaryKey.Name"),
    ] {
        RulesFixture::default().refuses(resources, &format!("x.Properties.{path}"), FindingCode::InvalidValue);
    }
}

#[test]
fn values_within_the_limits_and_functions_are_accepted() {
    for properties in [
        json!({"Description": "x".repeat(256), "Handler": "app.handler", "MemorySize": "10240", "Timeout": 1}),
        json!({"AutoPublishAlias": "1a", "EphemeralStorage": {"Size": 10240}, "ReservedConcurrentExecutions": 0}),
        json!({"Description": {"Ref": "AWS::Region"}, "Environment": {"Variables": {"aB_9": "x"}}}),
    ] {
        RulesFixture::default().accepts(json!({"x": function(properties)}));
    }
}

/// CloudFormation would convert these, but SAM reads them first.
#[test]
fn values_that_sam_reads_are_not_converted() {
    let api = |properties: Value| json!({"x": {"Type": "AWS::Serverless::Api", "Properties": properties}});
    for (resources, path) in [
        (json!({"x": function(json!({"PropagateTags": "true"}))}), "PropagateTags"),
        (api(json!({"StageName": 5})), "StageName"),
        (api(json!({"StageName": "live", "TracingEnabled": "true"})), "TracingEnabled"),
        (api(json!({"StageName": "live", "MinimumCompressionSize": "5"})), "MinimumCompressionSize"),
    ] {
        RulesFixture::default().refuses(resources, &format!("x.Properties.{path}"), FindingCode::InvalidValue);
    }
    RulesFixture::default().accepts(json!({"x": function(json!({"Description": true, "Timeout": "5"}))}));
}

#[test]
fn item_is_in_a_list_once() {
    let target = json!({"Id": {"Fn::GetAtt": ["hello", "Arn"]}});
    let resources = json!({
        "hello": function(json!({})),
        "x": {
            "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
            "Properties": {"TargetType": "lambda", "Targets": [target, target]},
        },
    });
    RulesFixture::default().refuses(resources, "x.Properties.Targets.1", FindingCode::InvalidValue);
}

#[test]
fn value_of_a_wrong_type_is_one_finding() {
    let resources = json!({"x": function(json!({"EphemeralStorage": {"Size": "big"}, "Architectures": "arm64"}))});
    assert_eq!(RulesFixture::default().with(resources).findings.all().len(), 2);
}

#[test]
fn properties_that_exclude_or_need_each_other_are_refused() {
    let alarm = |properties: Value| {
        let mut all = json!({"ComparisonOperator": "LessThanThreshold", "MetricName": "Errors"});
        all.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
        json!({"x": {"Type": "AWS::CloudWatch::Alarm", "Properties": all}})
    };
    let both = alarm(json!({"Statistic": "Sum", "ExtendedStatistic": "p90"}));
    RulesFixture::default().refuses(both, "x.Properties.Statistic", FindingCode::Conflict);
    let metrics = alarm(json!({"Metrics": [{"Id": "a", "Expression": "1"}]}));
    let codes = RulesFixture::default().with(metrics).findings;
    assert!(codes.all().iter().all(|finding| finding.code == FindingCode::Conflict), "{codes}");
    let neither =
        json!({"x": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"ComparisonOperator": "LessThanThreshold"}}});
    RulesFixture::default().refuses(neither, "x.Properties", FindingCode::MissingProperty);
    let recovery = json!({"PointInTimeRecoverySpecification": {"RecoveryPeriodInDays": 3}});
    let table = json!({"x": {"Type": "AWS::Serverless::SimpleTable", "Properties": recovery}});
    let path = "x.Properties.PointInTimeRecoverySpecification.RecoveryPeriodInDays";
    RulesFixture::default().refuses(table, path, FindingCode::MissingProperty);
}
