//! Every property that takes text either names a resource, and is checked or refused, or has a reason in `naming_reasons`
//! why its text reaches nobody else. A property without either makes a test fail.

use super::naming_reasons::{REASONS, RULES};
use super::schema_tests::{SCHEMA, inside};
use super::table::{Shape, Table};
use super::{function_events, function_policies, resource};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What the tables do with a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Treatment {
    /// Its kind of resource is checked.
    Checked,
    /// A rule checks or replaces it.
    Rule,
    /// It is refused.
    Refused,
    /// Its values are numbers, booleans or words of a list.
    Fixed,
    /// Any text.
    Text,
}

/// Collects the treatment of each property, by its path.
fn collect(path: &str, shape: &Shape, found: &mut BTreeMap<String, Treatment>) {
    let treatment = match shape {
        Shape::Object(table) => return collect_table(path, table, found),
        Shape::List(inner) | Shape::Map(inner) | Shape::Plain(inner) | Shape::Required(inner) => {
            return collect(path, inner, found);
        }
        Shape::Either(one, other) => {
            collect(path, one, found);
            return collect(path, other, found);
        }
        Shape::Names(_) => Treatment::Checked,
        Shape::Rule(_) => Treatment::Rule,
        Shape::Refused(_) => Treatment::Refused,
        Shape::Integer | Shape::Number | Shape::Boolean | Shape::OneOf(_) => Treatment::Fixed,
        Shape::Text | Shape::Any => Treatment::Text,
    };
    // Of two shapes, the one that takes any text counts.
    let entry = found.entry(path.to_owned()).or_insert(treatment);
    if treatment == Treatment::Text {
        *entry = treatment;
    }
}

fn collect_table(path: &str, table: Table, found: &mut BTreeMap<String, Treatment>) {
    for (name, shape) in table {
        collect(&format!("{path}.{name}"), shape, found);
    }
}

/// The treatment of all properties.
fn treatments() -> BTreeMap<String, Treatment> {
    let mut found = BTreeMap::new();
    for of_type in &resource::TYPES {
        collect_table(of_type.name, of_type.table, &mut found);
    }
    for (name, table) in function_events::TYPES {
        collect_table(name, table, &mut found);
    }
    for (name, table) in function_policies::TEMPLATES {
        collect_table(name, table, &mut found);
    }
    found
}

fn is_listed(path: &str, listed: &str) -> bool {
    match listed.strip_prefix('*') {
        Some(end) => path.ends_with(end),
        None => path == listed,
    }
}

fn has_reason(path: &str, reasons: &[(&str, &[&str])]) -> bool {
    reasons.iter().any(|(_, paths)| paths.iter().any(|listed| is_listed(path, listed)))
}

#[test]
fn each_text_names_a_checked_resource_or_reaches_nobody() {
    let unclassified: Vec<_> = treatments()
        .into_iter()
        .filter(|(path, treatment)| match treatment {
            Treatment::Text => !has_reason(path, &REASONS),
            Treatment::Rule => !has_reason(path, &RULES),
            _ => false,
        })
        .collect();
    assert_eq!(unclassified, []);
}

/// A reason for a property that does not exist any more, or that is checked now, would hide the next property of that name.
#[test]
fn each_reason_is_needed() {
    let treatments = treatments();
    for (reasons, of) in [(&REASONS[..], Treatment::Text), (&RULES[..], Treatment::Rule)] {
        for listed in reasons.iter().flat_map(|(_, paths)| *paths) {
            let is_needed = |(path, treatment): (&String, &Treatment)| *treatment == of && is_listed(path, listed);
            assert!(treatments.iter().any(is_needed), "{listed}");
        }
    }
}

/// Collects the paths of a tree of the schema that has no properties below it.
fn leaves(path: &str, tree: &Value, found: &mut BTreeSet<String>) {
    match inside(tree)["properties"].as_object() {
        Some(properties) if !properties.is_empty() => {
            properties.iter().for_each(|(name, tree)| leaves(&format!("{path}.{name}"), tree, found));
        }
        _ => drop(found.insert(path.to_owned())),
    }
}

/// The tables may end above a property of the schema: then the treatment there counts.
#[test]
fn each_property_of_aws_is_classified() {
    let Some(schema) = SCHEMA.as_ref() else { return };
    let mut paths = BTreeSet::new();
    for of_type in &resource::TYPES {
        leaves(of_type.name, &schema["types"][of_type.name], &mut paths);
    }
    for (name, _) in function_events::TYPES {
        leaves(name, &schema["events"][name], &mut paths);
    }
    let treatments = treatments();
    let unclassified: Vec<_> = paths
        .iter()
        .filter(|path| {
            let ends = path.match_indices('.').map(|(at, _)| &path[..at]).chain([path.as_str()]);
            let mut known = ends.filter_map(|path| Some((path, treatments.get(path)?)));
            let is_deeper = treatments
                .keys()
                .any(|known| known.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('.')));
            !is_deeper
                && !known.any(|(path, treatment)| match treatment {
                    Treatment::Text => has_reason(path, &REASONS),
                    Treatment::Rule => has_reason(path, &RULES),
                    _ => true,
                })
        })
        .collect();
    assert_eq!(unclassified, [""; 0]);
    assert!(paths.len() > 500, "{}", paths.len());
}

/// Properties of the list: a change that makes one of them any text again would need a reason, but a reviewer sees it here.
#[test]
fn known_ways_to_others_are_closed() {
    let treatments = treatments();
    for path in [
        "AWS::Serverless::Function.EventInvokeConfig.DestinationConfig.OnSuccess.Destination",
        "AWS::Serverless::Function.DeadLetterQueue.TargetArn",
        "AWS::Serverless::Function.Layers",
        "AWS::Serverless::Function.FileSystemConfigs.Arn",
        "AWS::Serverless::Function.LoggingConfig.LogGroup",
        "AWS::Serverless::Function.KmsKeyArn",
        "Schedule.DeadLetterConfig.Arn",
        "Kinesis.DestinationConfig.OnFailure.Destination",
        "CloudWatchEvent.EventBusName",
        "AWS::SQS::Queue.RedrivePolicy.deadLetterTargetArn",
        "AWS::Serverless::Api.Auth.Authorizers.FunctionArn",
        "AWS::Serverless::HttpApi.Auth.Authorizers.FunctionArn",
        "AWS::CloudWatch::Alarm.AlarmActions",
        "AWS::ElasticLoadBalancingV2::Listener.DefaultActions.TargetGroupArn",
        "AWS::ElasticLoadBalancingV2::Listener.DefaultActions.ForwardConfig.TargetGroups.TargetGroupArn",
        "AWS::Lambda::Permission.SourceArn",
    ] {
        assert_eq!(treatments.get(path), Some(&Treatment::Checked), "{path}");
    }
}
