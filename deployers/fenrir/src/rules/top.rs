//! The top level of a template: its sections, and which of them Fenrir allows.

use super::rule_context::{Check, RuleContext};
use super::table::Shape::{self, Object, Plain, Refused, Required, Rule, Text};
use super::table::{Table, walk};
use super::{evaluate, globals, header, references, resource, stack_name_of};
use crate::template::{Entry, FindingCode, Mapping, Node, nearest};
use serde_json::{Map, Value};

/// SAM's transform, which is the only allowed one.
const SAM: &str = "AWS::Serverless-2016-10-31";

/// The allowed sections.
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

/// The sections that are refused, with the remedy.
const REFUSED: [(&str, &str); 6] = [
    (
        "Parameters",
        "remove it, and write the values where they are used, in one template for each config: Fenrir deploys what it checked",
    ),
    (
        "Conditions",
        "remove it, and write one template for each config, without what that config does not have: Fenrir deploys what it checked",
    ),
    ("Mappings", "remove it, and write the values where they are used, in one template for each config"),
    (
        "Metadata",
        "remove it; use a comment, or the `Metadata` of a resource: CloudFormation does not deploy this section",
    ),
    ("Rules", "remove them: they check parameters, which Fenrir does not allow"),
    ("Hooks", "use `DeploymentPreference` of a function for gradual deployments"),
];

/// The properties of an output. As in Go Fenrir, all stacks of the account can import an `Export`. CloudFormation lets only one
/// stack export a name, so that the name has to belong to the project.
const OUTPUT: Table = &[
    ("Condition", Refused("remove the output from this template: each config has its own template")),
    ("Description", Plain(&Text)),
    ("Export", Object(&[("Name", Required(&Rule(export_name)))])),
    ("Value", Required(&Text)),
];

/// Checks a template by all rules, and returns it for CloudFormation: without globals and the header.
pub(super) fn walk_template(check: &mut Check<'_>, template: &Node) -> Value {
    let Some(sections) = template.as_mapping() else {
        let message = format!("a template is a mapping, but this is {}", template.kind());
        let help = "begin with `ProjectName:`, `ConfigName:`, `Transform:` and `Resources:`";
        RuleContext::whole(check).refuse(FindingCode::WrongType, template.span, message, help);
        return Value::Null;
    };
    for (name, help) in [("Transform", format!("add `Transform: {SAM}`")), ("Resources", ADD_RESOURCE.to_owned())] {
        if !sections.contains_key(name) {
            let message = format!("`{name}` is missing");
            RuleContext::whole(check).refuse(FindingCode::MissingSection, template.span, message, help);
        }
    }
    let walked = sections.iter().filter_map(|(name, entry)| Some((name.clone(), section(check, name, entry)?)));
    Value::Object(walked.collect())
}

const ADD_RESOURCE: &str = "add at least one resource";

/// Checks a section, and returns it if CloudFormation gets it.
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
        return context.refuse(FindingCode::NotAllowed, entry.key_span, format!("`{name}` is not allowed"), *help);
    }
    let help = match nearest(name, SECTIONS) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("allowed sections: {}", SECTIONS.join(", ")),
    };
    context.refuse(FindingCode::UnknownSection, entry.key_span, format!("unknown section `{name}`"), help);
}

/// The rule of `Transform`: SAM's, as a string or as the only item of a list.
fn transform(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    let only = match node.as_sequence() {
        Some([only]) => only.as_str(),
        Some(_) => None,
        None => node.as_str(),
    };
    if only != Some(SAM) {
        let message = format!("should be only `{SAM}`");
        let help = "remove other transforms: they would change the template after the check";
        context.refuse(FindingCode::NotAllowed, node.span, message, help);
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
        let found = node.as_str().map_or_else(|| node.kind().to_owned(), |text| format!("`{text}`"));
        let message = format!("is {found}, but the release has `{of_release}`");
        context.refuse(FindingCode::OtherRelease, node.span, message, "create the release from this template");
    }
}

/// The maximum number of resources of a template, by CloudFormation's quotas.
const MAX_RESOURCES: usize = 500;

/// The maximum number of outputs of a template, by CloudFormation's quotas.
const MAX_OUTPUTS: usize = 200;

fn walk_resources(context: &mut RuleContext<'_, '_>, node: &Node, resources: &Mapping) -> Value {
    if node.as_mapping().is_none() {
        let message = format!("should be a mapping, but is {}", node.kind());
        context.refuse(FindingCode::WrongType, node.span, message, "write resources by logical id");
    } else if resources.is_empty() {
        context.refuse(FindingCode::Empty, node.span, "the template has no resources", ADD_RESOURCE);
    } else if resources.len() > MAX_RESOURCES {
        // They are not checked: the check of each resource takes all others into account.
        let message = format!("{} resources exceed CloudFormation's limit of {MAX_RESOURCES}", resources.len());
        context.refuse(FindingCode::TooMany, node.span, message, "split the project");
        return Value::Null;
    }
    let walked = resources.iter().map(|(logical_id, entry)| {
        (logical_id.clone(), resource::walk(&mut context.within(logical_id), logical_id, entry))
    });
    Value::Object(walked.collect())
}

fn walk_outputs(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    context.check.references.from = None;
    let Some(outputs) = node.as_mapping() else {
        let message = format!("should be a mapping, but is {}", node.kind());
        context.refuse(FindingCode::WrongType, node.span, message, "write outputs by name");
        return Value::Null;
    };
    if outputs.len() > MAX_OUTPUTS {
        let message = format!("{} outputs exceed CloudFormation's limit of {MAX_OUTPUTS}", outputs.len());
        context.refuse(FindingCode::TooMany, node.span, message, "remove outputs, or split the project");
        return Value::Null;
    }
    let walked = outputs.iter().map(|(name, entry)| {
        let mut context = context.within(name);
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            let message = format!("{name:?} is not a valid name of an output");
            context.refuse(FindingCode::InvalidName, entry.key_span, message, "use only letters and digits");
        }
        references::check(&mut context, &entry.value);
        (name.clone(), Value::Object(walk(OUTPUT, &mut context, &entry.value)))
    });
    Value::Object(walked.collect::<Map<_, _>>())
}

/// The name of an export: the stack's name, alone or followed by `-`, `:` or another separator.
fn export_name(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    let facts = context.facts();
    let (stack, name) = (stack_name_of(facts.project, facts.config), evaluate::text(facts, node));
    let rest = name.as_ref().and_then(|name| name.strip_prefix(&stack));
    if rest.is_none_or(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric())) {
        let found = name.as_ref().map_or_else(|| node.kind().to_owned(), |name| format!("`{name}`"));
        let message = format!("should begin with the stack's name `{stack}`, but is {found}");
        let help = format!("write `!Sub ${{AWS::StackName}}-{}`", name.as_deref().unwrap_or("<name>"));
        context.refuse(FindingCode::InvalidName, node.span, message, help);
    }
    node.into()
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

    /// The findings of a template, each as `path code`.
    fn findings(template: &Value) -> Vec<String> {
        let findings = RulesFixture::default().apply(template).findings;
        findings.all().iter().map(|finding| format!("{} {}", finding.path, finding.code)).collect()
    }

    #[test]
    fn too_large_template_is_not_checked_further() {
        let many: Map<String, Value> = (0..501).map(|number| (format!("f{number}"), json!({"Ref": "none"}))).collect();
        assert_eq!(findings(&with("Resources", many.clone().into())), ["Resources template/too-many"]);
        assert_eq!(findings(&with("Outputs", many.into())), ["Outputs template/too-many"]);
    }

    #[test]
    fn header_and_globals_are_removed_for_cloudformation() {
        let mut template = with("Globals", json!({"Function": {"Timeout": 5}}));
        template["ProjectName"] = json!("org/shop");
        template["ConfigName"] = json!("development");
        template["AwsAccountID"] = json!("000000000000");
        template["AwsRegion"] = json!("us-east-1");
        template["Description"] = json!("sells");
        template["AWSTemplateFormatVersion"] = json!("2010-09-09");
        assert_eq!(findings(&template), [""; 0]);
        let emitted = RulesFixture::default().apply(&template).template;
        let names: Vec<_> = emitted.as_object().unwrap().keys().cloned().collect();
        assert_eq!(names, ["Transform", "Resources", "Description", "AWSTemplateFormatVersion"]);
        assert_eq!(emitted["Resources"]["hello"]["Properties"]["Timeout"], 5);
    }

    #[test]
    fn header_of_another_release_is_refused() {
        let other = with("ProjectName", json!("org/other"));
        assert_eq!(findings(&other), ["ProjectName template/other-release"]);
    }

    #[test]
    fn other_sections_are_refused() {
        for name in ["Parameters", "Conditions", "Mappings", "Metadata", "Rules", "Hooks"] {
            assert_eq!(findings(&with(name, json!({}))), [format!("{name} template/not-allowed")]);
        }
        let misspelt = with("Resource", json!({}));
        assert_eq!(findings(&misspelt), ["Resource template/unknown-section"]);
        let help = RulesFixture::default().apply(&misspelt).findings.all()[0].help.clone().unwrap();
        assert!(help.contains("`Resources`"), "{help}");
    }

    #[test]
    fn only_sams_transform_is_accepted() {
        assert_eq!(findings(&with("Transform", json!(["AWS::Serverless-2016-10-31"]))), [""; 0]);
        for wrong in [json!("AWS::Include"), json!(["AWS::Serverless-2016-10-31", "X"]), json!([]), json!({})] {
            assert_eq!(findings(&with("Transform", wrong)), ["Transform template/not-allowed"]);
        }
        let missing = findings(&json!({"Resources": {}}));
        assert!(missing.contains(&" template/missing-section".to_owned()), "{missing:?}");
    }

    #[test]
    fn at_least_one_resource_is_required() {
        assert_eq!(findings(&with("Resources", json!({}))), ["Resources template/empty"]);
        let missing = json!({"Transform": "AWS::Serverless-2016-10-31"});
        assert_eq!(findings(&missing), [" template/missing-section"]);
        assert_eq!(findings(&with("Resources", json!([]))), ["Resources template/wrong-type"]);
        for whole in [json!(null), json!([]), json!("text"), json!({"Ref": "x"})] {
            assert!(RulesFixture::default().apply(&whole).findings.refuse());
        }
    }

    #[test]
    fn output_has_a_value_and_may_be_exported() {
        let output = json!({
            "url": {"Value": {"Fn::Sub": "https://${hello}"}, "Description": "d", "Export": {"Name": "sam-org-shop-development-url"}},
        });
        assert_eq!(findings(&with("Outputs", output)), [""; 0]);
        for (output, finding) in [
            (json!({"url": {}}), "Outputs.url template/missing-property"),
            (json!({"url": {"Value": {"Ref": "hallo"}}}), "Outputs.url.Value template/unknown-resource"),
            (json!({"url": {"Value": "x", "Export": {}}}), "Outputs.url.Export template/missing-property"),
            (
                json!({"url": {"Value": "x", "Export": {"Name": "shop"}}}),
                "Outputs.url.Export.Name template/invalid-name",
            ),
            (
                json!({"url": {"Value": "x", "Export": {"Name": "sam-org-shop-developmental"}}}),
                "Outputs.url.Export.Name template/invalid-name",
            ),
            (
                json!({"url": {"Value": "x", "Export": {"Name": {"Fn::Sub": "${AWS::AccountId}-x"}}}}),
                "Outputs.url.Export.Name template/invalid-name",
            ),
            (json!({"url": {"Value": "x", "Condition": "c"}}), "Outputs.url.Condition template/not-allowed"),
            (json!({"u-r-l": {"Value": "x"}}), "Outputs.u-r-l template/invalid-name"),
            (json!([]), "Outputs template/wrong-type"),
        ] {
            assert_eq!(findings(&with("Outputs", output)), [finding]);
        }
    }

    #[test]
    fn invalid_globals_are_refused() {
        for (globals, finding) in [
            (json!({"Function": {"Runtme": "x"}}), "Globals.Function.Runtme template/not-global"),
            (json!({"Function": {"Role": "x"}}), "Globals.Function.Role template/not-global"),
            (json!({"Funktion": {}}), "Globals.Funktion template/not-global"),
            (json!({"Function": []}), "Globals.Function template/wrong-type"),
            (json!([]), "Globals template/wrong-type"),
        ] {
            let findings = findings(&with("Globals", globals));
            assert!(findings.contains(&finding.to_owned()), "{findings:?}");
        }
    }
}
