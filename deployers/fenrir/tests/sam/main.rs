//! Runs AWS's own SAM transform on the templates that the rules produce. It has to accept all of them, and to expand them as the local
//! cloud does: also templates that `templates.py` generates from a seed. A longer run has another number of templates, and another seed:
//!
//! ```sh
//! SAM_TEMPLATES=5000 SAM_SEED=7 cargo test -p fenrir --test sam
//! ```

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../corpus/account.rs"]
mod account;
mod local;
mod shape;

use fenrir::rules::{self, CheckedTemplate, Header, check_expanded};
use fenrir::template::{Node, Source, read};
use serde::Deserialize;
use serde_json::{Value, json};
use shape::Shape;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// The result of the rules for a file. Its template is the one that CloudFormation would get, with a URI in place of each path.
fn checked(path: &Path) -> CheckedTemplate {
    let template = read(&Source::open(path).unwrap()).unwrap();
    let is_uploaded = path.file_name().unwrap().to_string_lossy().starts_with("uploaded");
    with_uris(account::apply(&template, &rules::header(&template).unwrap(), is_uploaded), &template)
}

/// Replaces each path of a template by a URI.
fn with_uris(mut checked: CheckedTemplate, template: &Node) -> CheckedTemplate {
    for code in rules::code_references(template) {
        checked.template["Resources"][&code.logical_id]["Properties"][code.property] = json!(account::FILES[2]);
    }
    checked
}

/// The files of the accepted templates of the corpus by name.
fn files() -> BTreeMap<String, PathBuf> {
    let accepted = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/accepted");
    let paths = fs::read_dir(accepted).unwrap().map(|entry| entry.unwrap().path());
    paths.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path)).collect()
}

/// The accepted templates of the corpus, as CloudFormation would get them, by file name.
fn accepted() -> BTreeMap<String, Value> {
    files().into_iter().map(|(name, path)| (name, checked(&path).template)).collect()
}

/// The number of generated templates, and their seed.
const TEMPLATES: u32 = 200;
const SEED: u32 = 1;

/// Generated templates with their headers, as CloudFormation would get them. None, with a message, without Python.
fn generated() -> Option<BTreeMap<String, (Header, CheckedTemplate)>> {
    let setting = |name, default: u32| std::env::var(name).unwrap_or_else(|_| default.to_string());
    let mut python = bifrost_moto::program("python")?;
    python.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sam/templates.py"));
    let output = python.args([setting("SAM_TEMPLATES", TEMPLATES), setting("SAM_SEED", SEED)]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let templates: BTreeMap<String, Value> = serde_json::from_slice(&output.stdout).unwrap();
    let checked = templates.into_iter().map(|(name, template)| {
        let node = Node::from(&template);
        let header = rules::header(&node).unwrap();
        let checked = with_uris(account::apply(&node, &header, false), &node);
        assert!(!checked.findings.refuse(), "{template:#}\n{}", checked.findings);
        (name, (header, checked))
    });
    Some(checked.collect())
}

/// The result of the transform.
#[derive(Deserialize)]
struct Transformed {
    /// The reason for which it refuses the template.
    refusal: Option<String>,
    /// The expanded template.
    expanded: Option<Value>,
}

impl Transformed {
    /// The types of the resources.
    fn types(&self) -> Option<BTreeSet<String>> {
        let resources = self.expanded.as_ref()?["Resources"].as_object()?;
        Some(resources.values().map(|of| of["Type"].as_str().unwrap().to_owned()).collect())
    }
}

/// Runs the transform on each template. None, with a message, without Python.
fn transformed(templates: &BTreeMap<String, Value>) -> Option<BTreeMap<String, Transformed>> {
    let mut python = bifrost_moto::program("python")?;
    python.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sam/transforms.py"));
    let mut python = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    python.stdin.take().unwrap().write_all(&serde_json::to_vec(templates).unwrap()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn sam_accepts_the_templates() {
    let Some(results) = transformed(&accepted()) else { return };
    let refused = results.into_iter().filter_map(|(name, result)| Some((name, result.refusal?)));
    let mut refused: BTreeMap<_, _> = refused.collect();
    let of_a_bucket = refused.remove("function_with_s3_event.yml").unwrap();
    assert!(of_a_bucket.contains("S3 events must reference an S3 bucket in the same template"));
    assert_eq!(refused, BTreeMap::new());
}

/// A function with properties for which SAM generates a topic and queues, and which the local cloud does not have.
fn with_destinations() -> Value {
    let code = account::FILES[2];
    json!({"Transform": "AWS::Serverless-2016-10-31", "Resources": {"hello": {
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "CodeUri": code, "Handler": "bootstrap", "Runtime": "provided.al2023", "Policies": [{"VPCAccessPolicy": {}}],
            "EventInvokeConfig": {"DestinationConfig": {"OnFailure": {"Type": "SQS"}, "OnSuccess": {"Type": "SNS"}}},
            "Events": {"daily": {"Type": "Schedule", "Properties": {
                "Schedule": "rate(1 day)", "DeadLetterConfig": {"Type": "SQS"},
            }}},
        },
    }}})
}

/// `tests/iam` compares the role of a target account with the actions that these types need.
#[test]
fn types_are_those_that_the_role_allows() {
    let mut templates = accepted();
    templates.insert("destinations".to_owned(), with_destinations());
    let Some(results) = transformed(&templates) else { return };
    let tables: Value = serde_json::from_str(include_str!("../iam/tables.json")).unwrap();
    let types = results.into_values().filter_map(|result| result.types()).flatten();
    let types: BTreeSet<String> = types.collect();
    assert!(types.contains("AWS::SNS::Topic"));
    let unknown = types.iter().filter(|of_type| tables["handlers"].get(of_type).is_none());
    assert_eq!(unknown.collect::<Vec<_>>(), [""; 0]);
}

/// The templates of the corpus, and generated ones.
#[tokio::test]
async fn local_cloud_expands_templates_as_sam_does() {
    let Some(generated) = generated() else { return };
    let generated = generated.into_iter().map(|(name, (_, checked))| (name, checked.template));
    let templates: BTreeMap<_, _> = accepted().into_iter().chain(generated).collect();
    let Some(all) = transformed(&templates) else { return };
    let mut differences = Vec::new();
    for (name, result) in all {
        let ours = local::expanded(&templates[&name]).await;
        let found = match (ours, result.expanded) {
            (Ok(ours), Some(translated)) => Shape::of(&ours).differences(&Shape::of(&translated)),
            (Err(_), None) => Vec::new(),
            (Ok(_), None) => vec![format!("only SAM refuses it: {}", result.refusal.unwrap())],
            (Err(reason), Some(_)) => vec![format!("only the local cloud refuses it: {reason}")],
        };
        differences.extend(found.into_iter().map(|line| format!("{name}: {line}")));
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn expanded_templates_reach_nobody_else() {
    let Some(results) = transformed(&accepted()) else { return };
    let files = files();
    for (name, result) in results {
        let Some(expanded) = result.expanded else { continue };
        let template = read(&Source::open(&files[&name]).unwrap()).unwrap();
        let header = rules::header(&template).unwrap();
        let checked = checked(&files[&name]);
        let findings = account::with_facts(&header, None, |facts| check_expanded(&expanded, &checked.allowed, facts));
        assert_eq!(findings.to_string(), "", "{name}");
        if name == "references_with_correct_tags.yml" {
            let none = BTreeSet::new();
            let findings = account::with_facts(&header, None, |facts| check_expanded(&expanded, &none, facts));
            assert!(findings.all().len() > 5, "{findings}");
        }
    }
}

#[test]
fn expanded_generated_templates_reach_nobody_else() {
    let Some(generated) = generated() else { return };
    let templates = generated.iter().map(|(name, (_, checked))| (name.clone(), checked.template.clone()));
    let Some(results) = transformed(&templates.collect()) else { return };
    for (name, result) in results {
        let (header, checked) = &generated[&name];
        let expanded = result.expanded.unwrap();
        let findings = account::with_facts(header, None, |facts| check_expanded(&expanded, &checked.allowed, facts));
        assert_eq!(findings.to_string(), "", "{name}");
    }
}
