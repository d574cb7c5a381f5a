//! `doctor` and `bootstrap` on a working deployer and on a broken one.

use crate::fixture::{AccountsFixture, DEPLOYER, LOCKS, TARGET};
use crate::shell::text;
use serde_json::{Value, json};

const BUCKET: &str = "coinbase-odin-000000000000";
const MACHINE: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:coinbase-odin";

/// The exit code of `doctor` and its findings that are not good.
fn findings(fixture: &AccountsFixture, target: &str) -> (i32, Vec<Value>) {
    let output = fixture.run(&format!("doctor --target {target} --output json"));
    let stdout = text(&output.stdout);
    let all = stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let bad = all.filter(|finding| finding["status"] != "good").collect();
    (output.status.code().unwrap_or_else(|| panic!("{}", text(&output.stderr))), bad)
}

/// The exit code, and the only finding that is not good: status and subject, and the next step.
fn only_finding(fixture: &AccountsFixture, target: &str) -> (i32, String, String) {
    let (code, found) = findings(fixture, target);
    assert_eq!(found.len(), 1, "{found:#?}");
    let text = |field: &str| found[0][field].as_str().unwrap().to_owned();
    (code, format!("{} {}", text("status"), text("what")), text("next_step"))
}

#[test]
fn new_deployer_is_healthy() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    assert_eq!(findings(&fixture, TARGET), (0, vec![]));
}

#[test]
fn missing_role_is_reported_with_command() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let (code, what, next) = only_finding(&fixture, "444444444444");
    assert_eq!((code, what.as_str()), (2, "bad role in 444444444444"));
    assert!(next.contains("odin bootstrap --target 444444444444 --deployer-account 000000000000 --apply"), "{next}");
}

#[test]
fn edited_definition_is_reported() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let definition = fixture.definition();
    let define = |definition: &str| {
        let update = json!({"stateMachineArn": MACHINE, "definition": definition});
        fixture.aws(DEPLOYER, "stepfunctions", "UpdateStateMachine", update);
    };
    let mut edited: Value = serde_json::from_str(&definition).unwrap();
    edited["States"]["WaitDetachForFailure"]["Seconds"] = json!(1);
    define(&edited.to_string());
    let (code, what, next) = only_finding(&fixture, TARGET);
    define(&definition);
    assert_eq!((code, what.as_str()), (2, "bad definition"));
    assert!(next.contains(&format!("update-state-machine --state-machine-arn {MACHINE}")), "{next}");
    assert_eq!(findings(&fixture, TARGET), (0, vec![]));
}

#[test]
fn missing_lock_table_is_reported_with_command() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let table = json!({"TableName": LOCKS});
    fixture.aws(DEPLOYER, "dynamodb", "UpdateTable", json!({"TableName": LOCKS, "DeletionProtectionEnabled": false}));
    fixture.aws(DEPLOYER, "dynamodb", "DeleteTable", table);
    let (code, what, next) = only_finding(&fixture, TARGET);
    let table = json!({"TableName": LOCKS, "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "key", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "key", "KeyType": "HASH"}]});
    fixture.aws(DEPLOYER, "dynamodb", "CreateTable", table);
    set_time_to_live(&fixture, true);
    assert_eq!((code, what.as_str()), (2, "bad lock table"));
    assert!(next.contains("odin bootstrap --apply"), "{next}");
}

fn set_time_to_live(fixture: &AccountsFixture, enabled: bool) {
    let specification = json!({"AttributeName": "expires_at", "Enabled": enabled});
    let update = json!({"TableName": LOCKS, "TimeToLiveSpecification": specification});
    fixture.aws(DEPLOYER, "dynamodb", "UpdateTimeToLive", update);
}

/// Tables of Go deployers and of earlier versions have no TTL.
#[test]
fn lock_table_without_ttl_is_a_warning() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    set_time_to_live(&fixture, false);
    let (code, what, next) = only_finding(&fixture, TARGET);
    set_time_to_live(&fixture, true);
    assert_eq!((code, what.as_str()), (0, "warning lock table: TTL"));
    assert!(next.contains(&format!("update-time-to-live --table-name {LOCKS}")), "{next}");
}

#[test]
fn suspended_versioning_is_a_warning() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let set = |status: &str| {
        let versioning = json!({"Bucket": BUCKET, "VersioningConfiguration": {"Status": status}});
        fixture.aws(DEPLOYER, "s3", "PutBucketVersioning", versioning);
    };
    set("Suspended");
    let (code, what, next) = only_finding(&fixture, TARGET);
    set("Enabled");
    assert_eq!((code, what.as_str()), (0, "warning bucket: versions"));
    assert!(next.contains(&format!("put-bucket-versioning --bucket {BUCKET}")), "{next}");
}

#[test]
fn alarm_without_subscription_is_a_warning() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    fixture.unsubscribe();
    let (code, what, next) = only_finding(&fixture, TARGET);
    fixture.subscribe();
    assert_eq!((code, what.as_str()), (0, "warning alarm"));
    assert!(
        next.contains("sns subscribe --topic-arn arn:aws:sns:us-east-1:000000000000:coinbase-odin-alarm "),
        "{next}"
    );
}

#[test]
fn repeated_bootstrap_changes_only_new_options() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let apply = |options: &str| {
        let applied = fixture.run(&format!("bootstrap --apply {options}"));
        assert_eq!(applied.status.code(), Some(0), "{applied:?}");
        text(&applied.stdout)
    };
    let (same, other) = (apply(""), apply("--alarm-email ada@example.com"));
    assert!(same.ends_with(": unchanged\n"), "{same}");
    assert!(other.ends_with(": updated\n"), "{other}");
    let reverted = apply("");
    assert!(reverted.ends_with(": updated\n"), "{reverted}");
    assert_eq!(findings(&fixture, TARGET), (0, vec![]));
}
