//! Clients that follow executions: any number of clients see the whole execution, even after interruptions.

use crate::fixture::AccountsFixture;
use crate::project::{Deployed, Deploying, Project};
use crate::shell::error_code;
use bifrost_moto::Fault;
use serde_json::{Value, json};

/// A project whose release has an id, so that all clients send the same release.
fn identified<'s>(fixture: &'s AccountsFixture, id: &str) -> Project<'s> {
    let mut project = Project::create(fixture, id);
    project.release["release_id"] = json!(format!("release-1-{id}"));
    project.release["created_at"] = json!(chrono::Utc::now());
    project
}

fn start(deployed: &Deployed) -> (&Value, &Value) {
    (&deployed.events[0]["joined"], &deployed.events[0]["is_ours"])
}

#[test]
fn restarted_client_follows_its_deploy() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let project = identified(&fixture, "abandoned");
    let mut first = project.start();
    first.wait_for("state", "Lock");
    first.kill();

    let again = project.deploy();
    assert_eq!((again.code, start(&again)), (0, (&json!(true), &json!(true))), "{again:#?}");
    assert_eq!((again.path()[0], &again.end()["status"]), ("Validate", &json!("Success")), "all events are printed");
    let groups = project.names();

    let once_more = project.deploy();
    assert_eq!((once_more.code, start(&once_more)), (0, (&json!(true), &json!(true))), "{once_more:#?}");
    assert_eq!(project.names(), groups, "it is deployed once");
}

#[test]
fn release_behind_a_running_one_is_not_deployed() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let mut project = identified(&fixture, "behind");
    // The first deploy must run until the second client has found it.
    fixture.never_healthy();
    let ahead = project.clone();
    let mut ahead = ahead.start();
    ahead.wait_for("state", "Lock");
    project.release["release_id"] = json!("release-2-behind");
    let mut behind = project.start();
    behind.wait_for("event", "start");
    fixture.healthy_at_once();
    let (ahead, behind) = (ahead.finish(), behind.finish());
    assert_eq!((ahead.code, start(&ahead)), (0, (&json!(false), &json!(true))), "{ahead:#?}");
    assert_eq!((behind.code, start(&behind)), (2, (&json!(true), &json!(false))), "{behind:#?}");
    assert_eq!(behind.events[0]["release_id"], "release-1-behind");
    assert_eq!((&behind.end()["status"], &behind.end()["is_ours"]), (&json!("Success"), &json!(false)));
}

#[test]
fn clients_with_same_release_share_a_deploy() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let project = identified(&fixture, "twice");
    let clients = [project.start(), project.start()];
    let [one, other] = clients.map(Deploying::finish);
    assert_eq!((one.code, other.code), (0, 0), "{one:#?}{other:#?}");
    assert_eq!(one.end()["execution"], other.end()["execution"]);
    assert_eq!(project.names().len(), 2, "a group for each service");
}

#[test]
fn client_survives_throttling() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let project = Project::create(&fixture, "throttled");
    let throttled = |action: &str| Fault::error("states", action, 400, "ThrottlingException");
    fixture.moto.faults(&[
        throttled("StartExecution").times(2),
        throttled("DescribeExecution").times(5),
        throttled("GetExecutionHistory").times(5),
    ]);
    let deployed = project.deploy();
    assert_eq!((deployed.code, &deployed.end()["status"]), (0, &json!("Success")), "{deployed:#?}");
    assert_eq!(fixture.moto.calls().iter().filter(|call| call.fault.is_some()).count(), 12);
}

#[test]
fn expired_credentials_only_stop_following() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let project = identified(&fixture, "expiring");
    let expired = Fault::error("states", "DescribeExecution", 400, "ExpiredTokenException");
    fixture.moto.faults(&[expired.skip(1)]);
    // The deploy must not end before its client polls a second time.
    fixture.never_healthy();
    let lost = project.deploy();
    fixture.healthy_at_once();
    assert_eq!((lost.code, lost.complaint.lines().count()), (3, 1), "{lost:#?}");
    assert_eq!(error_code(&lost.complaint), "cli/lost-contact");
    for part in ["ExpiredTokenException", "execution deploy-tests-expiring", "odin status "] {
        assert!(lost.complaint.contains(part), "{}", lost.complaint);
    }
    let found = project.deploy();
    assert_eq!((found.code, start(&found)), (0, (&json!(true), &json!(true))), "{found:#?}");
}
