//! What the rules make of a template, held against AWS's own SAM transform: it takes all of it.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test that cannot go on says where by panicking")]

#[path = "../corpus/account.rs"]
mod account;
mod local;

use fenrir::rules;
use fenrir::template::{Source, read};
use local::Types;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

/// The template that CloudFormation would get of a file, with an upload in place of each path in it.
fn emitted(path: &Path) -> Value {
    let template = read(&Source::open(path).unwrap()).unwrap();
    let is_uploaded = path.file_name().unwrap().to_string_lossy().starts_with("uploaded");
    let mut emitted = account::apply(&template, rules::header(&template).unwrap(), is_uploaded).template;
    for code in rules::code_references(&template) {
        emitted["Resources"][&code.logical_id]["Properties"][code.property] = json!(account::FILES[2]);
    }
    emitted
}

/// The templates of the corpus that must pass, as CloudFormation would get them, by file name.
fn accepted() -> BTreeMap<String, Value> {
    let accepted = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/accepted");
    let paths = fs::read_dir(accepted).unwrap().map(|entry| entry.unwrap().path());
    paths.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), emitted(&path))).collect()
}

/// What the transform says of a template.
#[derive(Deserialize)]
struct Said {
    /// Why it refuses it.
    refusal: Option<String>,
    /// What it makes of it: types by logical id.
    types: Option<Types>,
}

/// What the transform says of each template; none, with a message, where there is no Python.
fn transformed(templates: &BTreeMap<String, Value>) -> Option<BTreeMap<String, Said>> {
    let mut python = bifrost_moto::program("python")?;
    python.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sam/transforms.py"));
    let mut python = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    python.stdin.take().unwrap().write_all(&serde_json::to_vec(templates).unwrap()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn sam_takes_what_the_rules_make_of_accepted_templates() {
    let Some(said) = transformed(&accepted()) else { return };
    let mut refused: BTreeMap<_, _> = said.into_iter().filter_map(|(name, said)| Some((name, said.refusal?))).collect();
    let of_a_bucket = refused.remove("a_function_that_watches_a_bucket_outside.yml").unwrap();
    assert!(of_a_bucket.contains("S3 events must reference an S3 bucket in the same template"));
    assert_eq!(refused, BTreeMap::new());
}

#[tokio::test]
async fn the_embedded_world_expands_them_as_sam_does() {
    let templates = accepted();
    let Some(all) = transformed(&templates) else { return };
    for (name, said) in all {
        let expected = said.types.map(local::without_digests);
        assert_eq!(local::types(&templates[&name]).await, expected, "{name}");
    }
}
