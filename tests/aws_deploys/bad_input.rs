//! Commands that cannot do what they were asked: each says in one line what is wrong and what to do, and changes nothing.

use crate::fixture::{AccountsFixture, DEPLOYER};
use crate::project::Project;
use crate::shell::text;
use bifrost_moto::Fault;
use serde_json::{Value, json};
use std::process::Command;

/// What reads, by the beginnings of AWS's names.
const READS: [&str; 5] = ["AssumeRole", "Describe", "Get", "Head", "List"];

/// The complaint of a deploy that must be refused before anything is changed.
fn refused(fixture: &AccountsFixture, line: &str, change: impl FnOnce(&mut Command)) -> String {
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

fn says(complaint: &str, words: &[&str]) {
    assert!(words.iter().all(|words| complaint.contains(words)), "{complaint}");
}

/// The command that deploys a release of a project; all that it names need not be there, as nothing comes so far.
fn deploy(fixture: &AccountsFixture, story: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut project = Project::plan(fixture, story);
    change(&mut project.release);
    format!("deploy {}", project.write())
}

#[test]
fn without_credentials_nothing_is_asked() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let complaint = refused(&fixture, &deploy(&fixture, "nobody", |_| {}), |command| {
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"] {
            command.env_remove(name);
        }
        command.env("HOME", &fixture.shell.folder);
    });
    says(&complaint, &["there are no AWS credentials", "`aws sso login`", "AWS_PROFILE"]);
    assert_eq!(fixture.moto.calls(), []);
}

#[test]
fn credentials_that_have_expired_or_are_unknown_are_told_apart() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let line = deploy(&fixture, "expired", |_| {});
    fixture.moto.faults(&[Fault::error("sts", "GetCallerIdentity", 403, "ExpiredToken")]);
    says(&refused(&fixture, &line, |_| {}), &["the AWS credentials have expired", "log in anew"]);
    fixture.moto.faults(&[Fault::error("sts", "GetCallerIdentity", 403, "InvalidClientTokenId")]);
    says(&refused(&fixture, &line, |_| {}), &["AWS does not know these credentials", "AWS_PROFILE"]);
}

#[test]
fn a_place_without_the_deployer_is_named() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let line = deploy(&fixture, "elsewhere", |_| {});
    let region = refused(&fixture, &format!("{line} --deployer-region eu-west-1"), |_| {});
    says(&region, &["there is no deployer coinbase-odin in eu-west-1 of account 000000000000", "--deployer-region"]);
    let name = refused(&fixture, &format!("{line} --deployer acme-odin"), |_| {});
    says(&name, &["there is no deployer acme-odin in us-east-1", "`odin bootstrap --apply`"]);
    let account = refused(&fixture, &format!("{line} --deployer-account 999999999999"), |_| {});
    says(&account, &["are of account 000000000000", "said to be in 999999999999", "AWS_PROFILE"]);
}

#[test]
fn without_a_region_or_a_way_to_aws_nothing_is_done() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let line = deploy(&fixture, "lost", |_| {});
    let nowhere = refused(&fixture, &line, |command| {
        command.env_remove("AWS_REGION").env_remove("AWS_DEFAULT_REGION").env("HOME", &fixture.shell.folder);
    });
    says(&nowhere, &["no region is configured", "set AWS_REGION", "--deployer-region"]);
    let unreachable = refused(&fixture, &line, |command| {
        command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    });
    says(&unreachable, &["AWS cannot be reached", "AWS_ENDPOINT_URL"]);
}

#[test]
fn a_bucket_must_be_there_and_the_deployers() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    fixture.target("s3", "CreateBucket", json!({"Bucket": "theirs"}));
    let theirs = deploy(&fixture, "their-bucket", |release| release["bucket"] = json!("theirs"));
    let complaint = refused(&fixture, &theirs, |_| {});
    says(&complaint, &["AccessDenied", "bucket theirs must belong to account 000000000000"]);
    let nobodys = deploy(&fixture, "no-bucket", |release| release["bucket"] = json!("nobodys"));
    says(&refused(&fixture, &nobodys, |_| {}), &["NoSuchBucket", "bucket nobodys of account 000000000000", "left out"]);
}

#[test]
fn a_clock_that_is_off_is_named_whether_or_not_aws_takes_the_request() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let line = deploy(&fixture, "late", |_| {});
    let late = || Fault::clock("sts", "GetCallerIdentity", 600);
    // The SDK corrects its clock and asks again: the answer is good then, and its time tells the same.
    let skewed = |code: &str| Fault::skewed("sts", "GetCallerIdentity", 600, code);
    for faults in
        [vec![late()], vec![skewed("SignatureDoesNotMatch"), late()], vec![skewed("RequestTimeTooSkewed").times(4)]]
    {
        fixture.moto.clear_faults();
        fixture.moto.faults(&faults);
        let complaint = refused(&fixture, &line, |_| {});
        says(&complaint, &["the clock of this machine is 10 minutes behind AWS's", "`timedatectl set-ntp true`"]);
    }
    fixture.moto.clear_faults();
    fixture.moto.faults(&[Fault::clock("sts", "GetCallerIdentity", -600)]);
    says(&refused(&fixture, &line, |_| {}), &["10 minutes ahead of AWS's"]);
}

#[test]
fn a_release_that_cannot_be_read_is_not_sent() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    says(&refused(&fixture, "deploy absent.json", |_| {}), &["absent.json", "No such file"]);
    let unknown = deploy(&fixture, "unknown", |release| release["amy"] = json!("ubuntu"));
    says(&refused(&fixture, &unknown, |_| {}), &["amy: there is no such field", "did you mean `ami`?"]);
    let climbing = deploy(&fixture, "climbing", |release| release["config_name"] = json!("../production"));
    says(&refused(&fixture, &climbing, |_| {}), &["config_name", "\"../production\""]);
}

#[test]
fn the_name_of_an_execution_that_does_something_else_is_not_used() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let mut project = Project::plan(&fixture, "named");
    project.release["release_id"] = json!("release-2026-11-25T12-00-00Z-0123abcd");
    let name = "deploy-story-named-development-2026-11-25T12-00-00Z-0123abcd";
    let machine = format!("arn:aws:states:us-east-1:{DEPLOYER}:stateMachine:coinbase-odin");
    let start = json!({"stateMachineArn": machine, "name": name, "input": "{}"});
    fixture.aws(DEPLOYER, "stepfunctions", "StartExecution", start);

    let output = fixture.run(&format!("deploy {}", project.write()));
    let complaint = text(&output.stderr);
    assert_eq!((output.status.code(), complaint.lines().count()), (Some(2), 1), "{complaint}");
    says(&complaint, &[name, "exists already", "leave `release_id` out"]);
}

#[test]
fn a_role_that_asks_for_an_external_id_refuses_a_function_that_gives_none() {
    const CAUTIOUS: &str = "333333333333";
    let Some(fixture) = AccountsFixture::enter() else { return };
    let options = format!("--target {CAUTIOUS} --deployer-account {DEPLOYER} --external-id a-secret");
    let made = fixture.run_in(CAUTIOUS, &format!("bootstrap {options} --apply"));
    assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
    let mut project = Project::plan(&fixture, "cautious");
    project.release["aws_account_id"] = json!(CAUTIOUS);

    let refused = project.deploy();
    let path = ["Validate", "Lock", "ValidateResources", "ReleaseLockFailure", "FailureClean"];
    assert_eq!((refused.code, refused.path()), (2, path.to_vec()), "{refused:#?}");
    let cause = refused.end()["failures"][0]["cause"].as_str().unwrap();
    let role = format!("cannot assume arn:aws:iam::{CAUTIOUS}:role/coinbase-odin-assumed");
    let command = format!("`odin bootstrap --target {CAUTIOUS} --deployer-account {DEPLOYER} --apply`");
    says(cause, &[":assumed-role/coinbase-odin", &role, "asks for an external id, and none is given", &command]);
    assert!(!cause.contains("a-secret") && !refused.complaint.contains("a-secret"), "{refused:#?}");
}
