//! A release of Go Fenrir's client. The client reads the output of an execution strictly: a field that it does not know is an
//! error.

use crate::harness::{deploy, new_harness, release};
use bifrost::testing::Run;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The fields that Go Fenrir's client knows: those of the envelope, then its own (contract §2, §8).
const FIELDS: [&str; 28] = [
    "aws_account_id",
    "aws_region",
    "uuid",
    "release_id",
    "project_name",
    "config_name",
    "bucket",
    "created_at",
    "started_at",
    "timeout",
    "metadata",
    "error",
    "success",
    "template",
    "s3_uris_sha256s",
    "change_set_tags",
    "env",
    "stack_name",
    "change_set_name",
    "change_set_type",
    "change_set_status",
    "change_set_status_reason",
    "change_set_execution_status",
    "stack_status",
    "stack_creation_time",
    "stack_status_reason",
    "log_summary",
    "outputs",
];

/// A release as Go's client sends it: intrinsic functions are base64 of their JSON, and fields of the deployer have their zero
/// values.
fn sent(hours_ago: u32, changes: &[(&str, Value)]) -> Value {
    let go = [
        // {"Ref":"table"}
        ("/template/Outputs/Table", json!({ "Value": "eyJSZWYiOiJ0YWJsZSJ9" })),
        // {"Fn::GetAtt":["table","Arn"]}
        ("/template/Outputs/Arn", json!({ "Value": "eyJGbjo6R2V0QXR0IjpbInRhYmxlIiwiQXJuIl19" })),
        ("/timeout", json!(300)),
        ("/env", json!("test")),
        ("/stack_status", json!("")),
        ("/success", json!(false)),
    ];
    release(hours_ago, &[&go, changes].concat())
}

/// The names of the fields of an execution's output.
fn names(run: &Run) -> BTreeSet<&str> {
    let output = run.execution.output.as_ref().unwrap_or_else(|| panic!("{:?}", run.errors()));
    output.as_object().unwrap().keys().map(String::as_str).collect()
}

fn assert_go_knows(run: &Run) {
    let known = BTreeSet::from(FIELDS);
    assert_eq!(names(run).difference(&known).collect::<Vec<_>>(), Vec::<&&str>::new());
    assert_eq!(run.path().last(), Some(&"Success"));
}

#[tokio::test]
async fn output_of_success_has_only_fields_of_go() {
    let harness = new_harness(&[]);
    let created = deploy(&harness, &sent(3, &[])).await;
    assert_go_knows(&created);
    let output = created.execution.output.as_ref().unwrap();
    assert_eq!((&output["success"], &output["stack_status"]), (&json!(true), &json!("CREATE_COMPLETE")));
    let table = "fenrir-coinbase-deploy-test-development-table";
    assert_eq!(output["outputs"]["Table"], table);
    assert!(output["outputs"]["Arn"].as_str().unwrap().ends_with(&format!(":table/{table}")), "{output}");

    let more = ("/template/Resources/second", json!({ "Type": "AWS::Serverless::SimpleTable" }));
    assert_go_knows(&deploy(&harness, &sent(2, std::slice::from_ref(&more))).await);
    let unchanged = deploy(&harness, &sent(1, &[more])).await;
    assert_go_knows(&unchanged);
    let output = unchanged.execution.output.as_ref().unwrap();
    assert_eq!((&output["success"], &output["stack_status"]), (&json!(true), &json!("")));
}

/// What the deployer adds travels only while it is needed.
#[tokio::test]
async fn wait_is_present_while_the_deploy_runs() {
    let harness = new_harness(&[]);
    let run = deploy(&harness, &sent(1, &[])).await;
    assert_eq!(run.path().last(), Some(&"Success"));
    let entered = run.history.iter().filter(|event| event.enters_state());
    let mut waits = BTreeSet::new();
    for event in entered {
        let name = event.details.name.as_deref().unwrap();
        let input = event.details.input.as_ref().unwrap();
        if name.starts_with("WaitFor") {
            assert!(input["wait_seconds"].as_u64().is_some_and(|seconds| seconds >= 1), "{name}: {input}");
            waits.insert(name);
        }
    }
    assert_eq!(waits, BTreeSet::from(["WaitForChangeSet", "WaitForComplete"]));
}
