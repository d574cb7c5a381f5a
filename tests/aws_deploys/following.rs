//! Clients that follow: the way of an execution is told to whoever asks, however often, and whatever happens to them.

use crate::fixture::AccountsFixture;
use crate::project::{Deployed, Deploying, Project};
use bifrost_moto::Fault;
use serde_json::{Value, json};

/// A project whose release says which it is, so that each client sends the same.
fn identified<'s>(fixture: &'s AccountsFixture, story: &str) -> Project<'s> {
    let mut project = Project::make(fixture, story);
    project.release["release_id"] = json!(format!("release-1-{story}"));
    project.release["created_at"] = json!(chrono::Utc::now());
    project
}

fn start(deployed: &Deployed) -> (&Value, &Value) {
    (&deployed.events[0]["joined"], &deployed.events[0]["is_ours"])
}

#[test]
fn a_client_that_was_killed_goes_on_when_it_is_started_again() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let project = identified(&fixture, "abandoned");
    let mut first = project.start();
    first.wait_for("state", "Lock");
    first.kill();

    let again = project.deploy();
    assert_eq!((again.code, start(&again)), (0, (&json!(true), &json!(true))), "{again:#?}");
    assert_eq!((again.path()[0], &again.end()["status"]), ("Validate", &json!("Success")), "the whole story is told");
    let groups = project.names();

    let once_more = project.deploy();
    assert_eq!((once_more.code, start(&once_more)), (0, (&json!(true), &json!(true))), "{once_more:#?}");
    assert_eq!(project.names(), groups, "it is deployed once");
}

#[test]
fn a_release_behind_another_is_not_deployed_and_its_client_says_so() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let mut project = identified(&fixture, "behind");
    // Until the second client has found it, the first deploy goes on.
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
fn two_clients_with_the_same_release_follow_one_deploy() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let project = identified(&fixture, "twice");
    let clients = [project.start(), project.start()];
    let [one, other] = clients.map(Deploying::finish);
    assert_eq!((one.code, other.code), (0, 0), "{one:#?}{other:#?}");
    assert_eq!(one.end()["execution"], other.end()["execution"]);
    assert_eq!(project.names().len(), 2, "a group for each service");
}

#[test]
fn throttling_is_waited_out() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let project = Project::make(&fixture, "throttled");
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
fn who_loses_access_while_following_is_told_what_to_do_and_the_deploy_goes_on() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let project = identified(&fixture, "expiring");
    let expired = Fault::error("states", "DescribeExecution", 400, "ExpiredTokenException");
    fixture.moto.faults(&[expired.skip(1)]);
    // The deploy does not end before its client looks a second time.
    fixture.never_healthy();
    let lost = project.deploy();
    fixture.healthy_at_once();
    assert_eq!((lost.code, lost.complaint.lines().count()), (3, 1), "{lost:#?}");
    for words in ["ExpiredTokenException", "log in anew", "how execution deploy-story-expiring", "`status`"] {
        assert!(lost.complaint.contains(words), "{}", lost.complaint);
    }
    let found = project.deploy();
    assert_eq!((found.code, start(&found)), (0, (&json!(true), &json!(true))), "{found:#?}");
}
