//! Commands that fail before they change anything: each prints one line with the problem and the remedy.

use crate::fixture::{AccountsFixture, DEPLOYER};
use crate::project::Project;
use crate::shell::{error_code, text};
use bifrost_moto::Fault;
use serde_json::{Value, json};
use std::process::Command;

/// Prefixes of the names of operations that only read.
const READS: [&str; 5] = ["AssumeRole", "Describe", "Get", "Head", "List"];

/// The error line of a command that must fail before it changes anything.
fn refusal(fixture: &AccountsFixture, line: &str, change: impl FnOnce(&mut Command)) -> String {
    fixture.moto.clear_calls();
    let mut command = fixture.shell.command(line);
    command.envs(fixture.moto.environment(DEPLOYER));
    change(&mut command);
    let output = command.output().unwrap();
    let complaint = text(&output.stderr);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(2), ""), "{line}: {complaint}");
    assert_eq!(complaint.lines().count(), 1, "{line}: {complaint}");
    let calls = fixture.moto.calls();
    let changes = calls.iter().filter(|call| !READS.iter().any(|read| call.action.starts_with(read)));
    assert_eq!(changes.count(), 0, "{calls:#?}");
    complaint
}

/// Checks the code of an error line, and that its message contains these parts.
fn assert_error(complaint: &str, code: &str, parts: &[&str]) {
    assert_eq!(error_code(complaint), code, "{complaint}");
    assert!(parts.iter().all(|part| complaint.contains(part)), "{complaint}");
}

/// The command that deploys a release of a project. The resources of the project do not exist: no command gets that
/// far.
fn deploy(fixture: &AccountsFixture, id: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut project = Project::without_resources(fixture, id);
    change(&mut project.release);
    format!("deploy {}", project.write())
}

#[test]
fn missing_credentials_are_reported() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let complaint = refusal(&fixture, &deploy(&fixture, "no-credentials", |_| {}), |command| {
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"] {
            command.env_remove(name);
        }
        command.env("HOME", &fixture.shell.folder);
    });
    assert_error(&complaint, "aws/no-credentials", &["`aws sso login`", "AWS_PROFILE"]);
    assert_eq!(fixture.moto.calls(), []);
}

#[test]
fn expired_and_unknown_credentials_differ() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let line = deploy(&fixture, "expired", |_| {});
    fixture.moto.faults(&[Fault::error("sts", "GetCallerIdentity", 403, "ExpiredToken")]);
    let expired = refusal(&fixture, &line, |_| {});
    assert_error(&expired, "aws/not-authenticated", &["ExpiredToken", "`aws sso login`"]);
    fixture.moto.faults(&[Fault::error("sts", "GetCallerIdentity", 403, "InvalidClientTokenId")]);
    let unknown = refusal(&fixture, &line, |_| {});
    assert_error(&unknown, "aws/not-authenticated", &["InvalidClientTokenId", "AWS_PROFILE"]);
}

#[test]
fn missing_deployer_is_reported() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let line = deploy(&fixture, "no-deployer", |_| {});
    let region = refusal(&fixture, &format!("{line} --deployer-region eu-west-1"), |_| {});
    assert_error(&region, "aws/not-found", &["coinbase-odin", "000000000000", "eu-west-1", "--deployer-region"]);
    let name = refusal(&fixture, &format!("{line} --deployer acme-odin"), |_| {});
    assert_error(&name, "aws/not-found", &["acme-odin", "us-east-1", "bootstrap --apply`"]);
    let account = refusal(&fixture, &format!("{line} --deployer-account 999999999999"), |_| {});
    assert_error(&account, "aws/wrong-account", &["000000000000", "999999999999", "AWS_PROFILE"]);
}

#[test]
fn missing_region_and_endpoint_are_reported() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let line = deploy(&fixture, "no-region", |_| {});
    let no_region = refusal(&fixture, &line, |command| {
        command.env_remove("AWS_REGION").env_remove("AWS_DEFAULT_REGION").env("HOME", &fixture.shell.folder);
    });
    assert_error(&no_region, "aws/no-region", &["AWS_REGION", "--deployer-region"]);
    let unreachable = refusal(&fixture, &line, |command| {
        command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    });
    assert_error(&unreachable, "aws/unavailable", &["AWS_ENDPOINT_URL"]);
}

#[test]
fn missing_or_foreign_bucket_is_reported() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    fixture.target("s3", "CreateBucket", json!({"Bucket": "theirs"}));
    let theirs = deploy(&fixture, "their-bucket", |release| release["bucket"] = json!("theirs"));
    assert_error(
        &refusal(&fixture, &theirs, |_| {}),
        "release/foreign-bucket",
        &["theirs", "coinbase-odin-000000000000"],
    );
    let allowed = |line: &str| format!("{line} --allowed-buckets theirs,missing");
    let complaint = refusal(&fixture, &allowed(&theirs), |_| {});
    assert_error(&complaint, "aws/access-denied", &["AccessDenied", "bucket theirs", "000000000000"]);
    let missing = deploy(&fixture, "no-bucket", |release| release["bucket"] = json!("missing"));
    let complaint = refusal(&fixture, &allowed(&missing), |_| {});
    assert_error(&complaint, "aws/not-found", &["NoSuchBucket", "bucket missing", "000000000000"]);
}

#[test]
fn clock_skew_is_reported() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let line = deploy(&fixture, "clock-skew", |_| {});
    let late = || Fault::clock("sts", "GetCallerIdentity", 600);
    // The SDK corrects its clock and retries. The retry succeeds, and its response time shows the same skew.
    let skewed = |code: &str| Fault::skewed("sts", "GetCallerIdentity", 600, code);
    for faults in
        [vec![late()], vec![skewed("SignatureDoesNotMatch"), late()], vec![skewed("RequestTimeTooSkewed").times(4)]]
    {
        fixture.moto.clear_faults();
        fixture.moto.faults(&faults);
        let complaint = refusal(&fixture, &line, |_| {});
        assert_error(&complaint, "aws/clock-skew", &["10 minutes behind", "`timedatectl set-ntp true`"]);
    }
    fixture.moto.clear_faults();
    fixture.moto.faults(&[Fault::clock("sts", "GetCallerIdentity", -600)]);
    assert_error(&refusal(&fixture, &line, |_| {}), "aws/clock-skew", &["10 minutes ahead"]);
}

#[test]
fn invalid_release_is_not_sent() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    assert_error(&refusal(&fixture, "deploy absent.json", |_| {}), "release/unreadable-file", &["absent.json"]);
    let unknown = deploy(&fixture, "unknown", |release| release["amy"] = json!("ubuntu"));
    assert_error(&refusal(&fixture, &unknown, |_| {}), "release/unknown-field", &["amy: ", "`ami`"]);
    let traversal = deploy(&fixture, "traversal", |release| release["config_name"] = json!("../production"));
    assert_error(&refusal(&fixture, &traversal, |_| {}), "release/invalid-value", &["config_name", "../production"]);
}

#[test]
fn taken_execution_name_is_reported() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let mut project = Project::without_resources(&fixture, "named");
    project.release["release_id"] = json!("release-2026-11-25T12-00-00Z-0123abcd");
    let name = "deploy-tests-named-development-2026-11-25T12-00-00Z-0123abcd";
    let machine = format!("arn:aws:states:us-east-1:{DEPLOYER}:stateMachine:coinbase-odin");
    let start = json!({"stateMachineArn": machine, "name": name, "input": "{}"});
    fixture.aws(DEPLOYER, "stepfunctions", "StartExecution", start);

    let output = fixture.run(&format!("deploy {}", project.write()));
    let complaint = text(&output.stderr);
    assert_eq!((output.status.code(), complaint.lines().count()), (Some(2), 1), "{complaint}");
    assert_error(&complaint, "release/already-started", &[name, "`release_id`"]);
}

#[test]
fn missing_external_id_is_reported() {
    const ACCOUNT: &str = "333333333333";
    let Some(fixture) = AccountsFixture::shared() else { return };
    let options = format!("--target {ACCOUNT} --deployer-account {DEPLOYER} --external-id a-secret");
    let created = fixture.run_in(ACCOUNT, &format!("bootstrap {options} --apply"));
    assert_eq!(created.status.code(), Some(0), "{}", text(&created.stderr));
    let mut project = Project::without_resources(&fixture, "external-id");
    project.release["aws_account_id"] = json!(ACCOUNT);

    let refused = project.deploy();
    let path = ["Validate", "Lock", "ValidateResources", "ReleaseLockFailure", "FailureClean"];
    assert_eq!((refused.code, refused.path()), (2, path.to_vec()), "{refused:#?}");
    let failure = &refused.end()["failures"][0];
    assert_eq!(failure["code"], "aws/access-denied", "{failure}");
    let cause = failure["cause"].as_str().unwrap();
    let role = format!("arn:aws:iam::{ACCOUNT}:role/coinbase-odin-assumed");
    let command = format!(" bootstrap --target {ACCOUNT} --deployer-account {DEPLOYER} --apply`");
    for part in [":assumed-role/coinbase-odin", &role, "external id", &command] {
        assert!(cause.contains(part), "{part} is missing in: {cause}");
    }
    assert!(!cause.contains("a-secret") && !refused.complaint.contains("a-secret"), "{refused:#?}");
}
