//! `doctor` and `bootstrap` on a deployer that runs, and on one that somebody broke.

use crate::fixture::{AccountsFixture, DEPLOYER, LOCKS, TARGET};
use crate::shell::text;
use serde_json::{Value, json};

const BUCKET: &str = "coinbase-odin-000000000000";
const MACHINE: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:coinbase-odin";

/// What `doctor` says that is not good, and what it exits with.
fn complaints(fixture: &AccountsFixture, target: &str) -> (i32, Vec<Value>) {
    let output = fixture.run(&format!("doctor --target {target} --output json"));
    let said = text(&output.stdout);
    let findings = said.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let bad = findings.filter(|finding| finding["status"] != "good").collect();
    (output.status.code().unwrap_or_else(|| panic!("{}", text(&output.stderr))), bad)
}

/// The one complaint: what it is about, how bad it is, and what to do.
fn complaint(fixture: &AccountsFixture, target: &str) -> (i32, String, String) {
    let (code, found) = complaints(fixture, target);
    assert_eq!(found.len(), 1, "{found:#?}");
    let text = |field: &str| found[0][field].as_str().unwrap().to_owned();
    (code, format!("{} {}", text("status"), text("what")), text("next_step"))
}

#[test]
fn a_deployer_that_bootstrap_made_is_healthy() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    assert_eq!(complaints(&fixture, TARGET), (0, vec![]));
}

#[test]
fn an_account_without_the_role_is_told_with_the_command_that_makes_it() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let (code, what, next) = complaint(&fixture, "444444444444");
    assert_eq!((code, what.as_str()), (2, "bad role in 444444444444"));
    assert!(next.contains("odin bootstrap --target 444444444444 --deployer-account 000000000000 --apply"), "{next}");
}

#[test]
fn a_definition_that_was_edited_by_hand_is_told_until_it_is_the_deployers_again() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let definition = fixture.definition();
    let define = |definition: &str| {
        let update = json!({"stateMachineArn": MACHINE, "definition": definition});
        fixture.aws(DEPLOYER, "stepfunctions", "UpdateStateMachine", update);
    };
    let mut edited: Value = serde_json::from_str(&definition).unwrap();
    edited["States"]["WaitForDeploy"]["Seconds"] = json!(1);
    define(&edited.to_string());
    let (code, what, next) = complaint(&fixture, TARGET);
    define(&definition);
    assert_eq!((code, what.as_str()), (2, "bad definition"));
    assert!(next.contains(&format!("update-state-machine --state-machine-arn {MACHINE}")), "{next}");
    assert_eq!(complaints(&fixture, TARGET), (0, vec![]));
}

#[test]
fn a_lock_table_that_is_gone_is_told_with_the_command_that_makes_it() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let table = json!({"TableName": LOCKS});
    fixture.aws(DEPLOYER, "dynamodb", "UpdateTable", json!({"TableName": LOCKS, "DeletionProtectionEnabled": false}));
    fixture.aws(DEPLOYER, "dynamodb", "DeleteTable", table);
    let (code, what, next) = complaint(&fixture, TARGET);
    let table = json!({"TableName": LOCKS, "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "key", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "key", "KeyType": "HASH"}]});
    fixture.aws(DEPLOYER, "dynamodb", "CreateTable", table);
    assert_eq!((code, what.as_str()), (2, "bad lock table"));
    assert!(next.contains("odin bootstrap --apply"), "{next}");
}

#[test]
fn a_bucket_that_forgets_is_a_warning_with_the_command_that_has_it_remember() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let set = |status: &str| {
        let versioning = json!({"Bucket": BUCKET, "VersioningConfiguration": {"Status": status}});
        fixture.aws(DEPLOYER, "s3", "PutBucketVersioning", versioning);
    };
    set("Suspended");
    let (code, what, next) = complaint(&fixture, TARGET);
    set("Enabled");
    assert_eq!((code, what.as_str()), (0, "warning bucket: versions"));
    assert!(next.contains(&format!("put-bucket-versioning --bucket {BUCKET}")), "{next}");
}

#[test]
fn a_second_bootstrap_changes_nothing_and_one_with_other_options_does() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let apply = |options: &str| {
        let applied = fixture.run(&format!("bootstrap --apply {options}"));
        assert_eq!(applied.status.code(), Some(0), "{applied:?}");
        text(&applied.stdout)
    };
    let (same, other) = (apply(""), apply("--alarm-email ada@example.com"));
    assert!(same.contains("nothing was changed"), "{same}");
    assert!(other.contains("is updated"), "{other}");
    let back = apply("");
    assert!(back.contains("is updated"), "{back}");
    assert_eq!(complaints(&fixture, TARGET), (0, vec![]));
}
