//! The top of a template: its sections, and which of them Fenrir takes.

use super::rule_context::{Check, RuleContext};
use super::table::Shape::{self, Object, Plain, Refused, Required, Rule, Text};
use super::table::{Table, walk};
use super::{globals, header, references, resource};
use crate::template::{Entry, Mapping, Node, nearest};
use serde_json::{Map, Value};

/// SAM's transform, the only one.
const SAM: &str = "AWS::Serverless-2016-10-31";

/// The sections that Fenrir takes.
const SECTIONS: [&str; 10] = [
    "AWSTemplateFormatVersion",
    "Transform",
    "Description",
    "Globals",
    "Resources",
    "Outputs",
    "ProjectName",
    "ConfigName",
    "AwsAccountID",
    "AwsRegion",
];

/// The sections that are refused, and what to do.
const REFUSED: [(&str, &str); 6] = [
    (
        "Parameters",
        "what is deployed is what was checked, and a parameter's value comes later: write it into the template, \
                    one for each config",
    ),
    ("Conditions", "what is deployed is what was checked: write a template for each config"),
    ("Mappings", "write the values where they are used, in a template for each config"),
    ("Metadata", "nothing in it is deployed: write a comment, or the metadata of a resource"),
    ("Rules", "they check parameters, and there are none"),
    ("Hooks", "blue/green deployments are those of `DeploymentPreference`"),
];

/// An output. An `Export` is for all stacks of the account, as with the original; CloudFormation gives a name to one
/// alone.
const OUTPUT: Table = &[
    ("Condition", Refused("there are no conditions: leave the output out")),
    ("Description", Plain(&Text)),
    ("Export", Object(&[("Name", Required(&Text))])),
    ("Value", Required(&Text)),
];

/// Holds a template against the rules, and gives it for CloudFormation: without globals and Fenrir's own names.
pub(super) fn walk_template(check: &mut Check<'_>, template: &Node) -> Value {
    let Some(sections) = template.as_mapping() else {
        let message = format!("a template is a mapping, and this is {}", template.kind());
        RuleContext::whole(check).refuse_with(template.span, message, "begin with `Transform` and `Resources`");
        return Value::Null;
    };
    for (name, help) in [("Transform", format!("write `Transform: {SAM}`")), ("Resources", at_least_one())] {
        if !sections.contains_key(name) {
            RuleContext::whole(check).refuse_with(template.span, format!("`{name}` is missing"), help);
        }
    }
    let walked = sections.iter().filter_map(|(name, entry)| Some((name.clone(), section(check, name, entry)?)));
    Value::Object(walked.collect())
}

fn at_least_one() -> String {
    "write at least one resource".to_owned()
}

/// A section for CloudFormation, if it is one.
fn section(check: &mut Check<'_>, name: &str, entry: &Entry) -> Option<Value> {
    let resources = check.resources;
    let context = &mut RuleContext::top(check, name);
    let node = &entry.value;
    match name {
        "AWSTemplateFormatVersion" => Some(Plain(&Shape::OneOf(&["2010-09-09"])).walk(context, node)),
        "Description" => Some(Plain(&Text).walk(context, node)),
        "Transform" => Some(Rule(transform).walk(context, node)),
        "Resources" => Some(walk_resources(context, node, resources)),
        "Outputs" => Some(walk_outputs(context, node)),
        "Globals" => {
            globals::check(context, node);
            None
        }
        _ if header::NAMES.contains(&name) => {
            check_header(context, name, node);
            None
        }
        _ => {
            refuse(context, name, entry);
            None
        }
    }
}

fn refuse(context: &mut RuleContext<'_, '_>, name: &str, entry: &Entry) {
    if let Some((_, help)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
        return context.refuse_with(entry.key_span, format!("`{name}` is not supported"), *help);
    }
    let help = match nearest(name, SECTIONS) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("these are known: {}", SECTIONS.join(", ")),
    };
    context.refuse_with(entry.key_span, format!("there is no section `{name}`"), help);
}

/// SAM's, as a text or as the only one of a list.
fn transform(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    let only = match node.as_sequence() {
        Some([only]) => only.as_str(),
        Some(_) => None,
        None => node.as_str(),
    };
    if only != Some(SAM) {
        let message = format!("should be `{SAM}` alone");
        context.refuse_with(node.span, message, "another transform would change the template after it was checked");
    }
    node.into()
}

fn check_header(context: &mut RuleContext<'_, '_>, name: &str, node: &Node) {
    let facts = context.facts();
    let of_release = match name {
        "ProjectName" => facts.project.as_str(),
        "ConfigName" => facts.config.as_str(),
        "AwsAccountID" => facts.account.as_str(),
        _ => facts.region.as_str(),
    };
    if node.as_str() != Some(of_release) {
        let is = node.as_str().map_or_else(|| node.kind().to_owned(), |text| format!("`{text}`"));
        let message = format!("is {is}, but the release's is `{of_release}`");
        context.refuse_with(node.span, message, "the two have to be one: make the release of this template");
    }
}

/// How many resources a template may have (CloudFormation's quotas).
const MAX_RESOURCES: usize = 500;

/// How many outputs a template may have (CloudFormation's quotas).
const MAX_OUTPUTS: usize = 200;

fn walk_resources(context: &mut RuleContext<'_, '_>, node: &Node, resources: &Mapping) -> Value {
    if node.as_mapping().is_none() {
        context.refuse_with(
            node.span,
            format!("should be a mapping, but is {}", node.kind()),
            "write resources by name",
        );
    } else if resources.is_empty() {
        context.refuse_with(node.span, "there is no resource", at_least_one());
    } else if resources.len() > MAX_RESOURCES {
        // Each is held against all others: so many are not even looked at.
        let message = format!("{} resources are more than CloudFormation takes, {MAX_RESOURCES}", resources.len());
        context.refuse_with(node.span, message, "split the project");
        return Value::Null;
    }
    let walked = resources.iter().map(|(logical_id, entry)| {
        (logical_id.clone(), resource::walk(&mut context.within(logical_id), logical_id, entry))
    });
    Value::Object(walked.collect())
}

fn walk_outputs(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    let Some(outputs) = node.as_mapping() else {
        context.refuse_with(node.span, format!("should be a mapping, but is {}", node.kind()), "write outputs by name");
        return Value::Null;
    };
    if outputs.len() > MAX_OUTPUTS {
        let message = format!("{} outputs are more than CloudFormation takes, {MAX_OUTPUTS}", outputs.len());
        context.refuse_with(node.span, message, "say fewer things, or split the project");
        return Value::Null;
    }
    let walked = outputs.iter().map(|(name, entry)| {
        let mut context = context.within(name);
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            context.refuse_with(
                entry.key_span,
                format!("{name:?} is no name of an output"),
                "use letters and digits only",
            );
        }
        references::check(&mut context, &entry.value);
        (name.clone(), Value::Object(walk(OUTPUT, &mut context, &entry.value)))
    });
    Value::Object(walked.collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use crate::rules::fixture::{RulesFixture, function};
    use serde_json::{Map, Value, json};

    fn with(name: &str, section: Value) -> Value {
        let mut template = json!({
            "Transform": "AWS::Serverless-2016-10-31",
            "Resources": {"hello": function(json!({}))},
        });
        template[name] = section;
        template
    }

    fn said(template: &Value) -> String {
        RulesFixture::default().apply(template).findings.to_string()
    }

    #[test]
    fn more_than_cloud_formation_takes_is_refused_without_a_look_at_each() {
        let many: Map<String, Value> = (0..501).map(|number| (format!("f{number}"), json!({"Ref": "none"}))).collect();
        let resources = said(&with("Resources", many.clone().into()));
        assert!(resources.contains("Resources: 501 resources are more than CloudFormation takes, 500"), "{resources}");
        assert!(!resources.contains("f500"), "{resources}");
        let outputs = said(&with("Outputs", many.into()));
        assert!(outputs.contains("Outputs: 501 outputs are more than CloudFormation takes, 200"), "{outputs}");
    }

    #[test]
    fn what_is_fenrirs_own_does_not_go_to_cloudformation() {
        let mut template = with("Globals", json!({"Function": {"Timeout": 5}}));
        template["ProjectName"] = json!("org/shop");
        template["ConfigName"] = json!("development");
        template["AwsAccountID"] = json!("000000000000");
        template["AwsRegion"] = json!("us-east-1");
        template["Description"] = json!("sells");
        template["AWSTemplateFormatVersion"] = json!("2010-09-09");
        assert_eq!(said(&template), "");
        let emitted = RulesFixture::default().apply(&template).template;
        let names: Vec<_> = emitted.as_object().unwrap().keys().cloned().collect();
        assert_eq!(names, ["Transform", "Resources", "Description", "AWSTemplateFormatVersion"]);
        assert_eq!(emitted["Resources"]["hello"]["Properties"]["Timeout"], 5);
    }

    #[test]
    fn a_header_of_another_release_is_refused() {
        let said = said(&with("ProjectName", json!("org/other")));
        assert!(said.contains("ProjectName: is `org/other`, but the release's is `org/shop`"), "{said}");
    }

    #[test]
    fn sections_that_leave_something_open_are_refused_with_a_reason() {
        for name in ["Parameters", "Conditions", "Mappings", "Metadata", "Rules", "Hooks"] {
            let said = said(&with(name, json!({})));
            assert!(said.starts_with(&format!("{name}: `{name}` is not supported; ")), "{said}");
        }
        assert!(
            said(&with("Resource", json!({}))).contains("there is no section `Resource`; did you mean `Resources`?")
        );
    }

    #[test]
    fn the_transform_is_sams_alone() {
        assert_eq!(said(&with("Transform", json!(["AWS::Serverless-2016-10-31"]))), "");
        for wrong in [json!("AWS::Include"), json!(["AWS::Serverless-2016-10-31", "X"]), json!([]), json!({})] {
            assert!(said(&with("Transform", wrong)).contains("should be `AWS::Serverless-2016-10-31` alone"));
        }
        assert!(said(&json!({"Resources": {}})).contains("`Transform` is missing"));
    }

    #[test]
    fn there_is_a_resource_at_least() {
        assert!(said(&with("Resources", json!({}))).contains("there is no resource"));
        assert!(said(&json!({"Transform": "AWS::Serverless-2016-10-31"})).contains("`Resources` is missing"));
        assert!(said(&with("Resources", json!([]))).contains("Resources: should be a mapping, but is a list"));
        for whole in [json!(null), json!([]), json!("text"), json!({"Ref": "x"})] {
            assert!(RulesFixture::default().apply(&whole).findings.refuse());
        }
    }

    #[test]
    fn an_output_has_a_value_and_may_be_exported() {
        let output = json!({
            "url": {"Value": {"Fn::Sub": "https://${hello}"}, "Description": "d", "Export": {"Name": "shop-url"}},
        });
        assert_eq!(said(&with("Outputs", output)), "");
        for (output, message) in [
            (json!({"url": {}}), "Outputs.url: `Value` is missing"),
            (json!({"url": {"Value": {"Ref": "hallo"}}}), "Outputs.url.Value: there is no resource `hallo`"),
            (json!({"url": {"Value": "x", "Export": {}}}), "Outputs.url.Export: `Name` is missing"),
            (json!({"url": {"Value": "x", "Condition": "c"}}), "Outputs.url.Condition: `Condition` is not supported"),
            (json!({"u-r-l": {"Value": "x"}}), "is no name of an output"),
            (json!([]), "Outputs: should be a mapping"),
        ] {
            let said = said(&with("Outputs", output));
            assert!(said.contains(message), "{said}");
        }
    }

    #[test]
    fn globals_that_sam_does_not_take_are_refused() {
        for (globals, message) in [
            (json!({"Function": {"Runtme": "x"}}), "Globals.Function.Runtme: `Runtme` cannot be global; did you mean"),
            (json!({"Function": {"Role": "x"}}), "Globals.Function.Role: `Role` cannot be global"),
            (json!({"Funktion": {}}), "Globals.Funktion: `Funktion` cannot be global; did you mean `Function`?"),
            (json!({"Function": []}), "Globals.Function: should be a mapping, but is a list"),
            (json!([]), "Globals: should be a mapping, but is a list"),
        ] {
            let said = said(&with("Globals", globals));
            assert!(said.contains(message), "{said}");
        }
    }
}
