//! Clients that follow: the way of an execution is told to whoever asks, however often, and whatever happens to them.

use crate::project::{Deployed, Project};
use crate::stage::{DEPLOYER, Stage};
use bifrost_moto::Fault;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

/// A project whose release says which it is, so that each client sends the same.
fn identified<'s>(stage: &'s Stage, story: &str) -> Project<'s> {
    let mut project = Project::make(stage, story);
    project.release["release_id"] = json!(format!("release-1-{story}"));
    project.release["created_at"] = json!(chrono::Utc::now());
    project
}

/// A client that follows in a process of its own.
struct Following(Child);

impl Following {
    fn start(stage: &Stage, file: &str) -> Self {
        let mut command = stage.shell.command(&format!("deploy {file} --output json"));
        let command = command.envs(stage.moto.environment(DEPLOYER)).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command.spawn().unwrap())
    }

    /// Waits until it tells of an event; what follows is not heard.
    fn until(&mut self, field: &str, value: &str) {
        let told = BufReader::new(self.0.stdout.take().unwrap()).lines();
        let mut told = told.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
        told.find(|event| event[field] == value).unwrap();
    }

    fn finish(self) -> Deployed {
        Deployed::of(&self.0.wait_with_output().unwrap())
    }
}

fn start(deployed: &Deployed) -> (&Value, &Value) {
    (&deployed.events[0]["joined"], &deployed.events[0]["is_ours"])
}

#[test]
fn a_client_that_was_killed_goes_on_when_it_is_started_again() {
    let Some(stage) = Stage::enter() else { return };
    let project = identified(&stage, "abandoned");
    let mut first = Following::start(&stage, &project.write());
    first.until("state", "Lock");
    first.0.kill().unwrap();
    first.0.wait().unwrap();

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
    let Some(stage) = Stage::enter() else { return };
    let mut project = identified(&stage, "behind");
    let mut ahead = Following::start(&stage, &project.write());
    ahead.until("state", "Lock");
    project.release["release_id"] = json!("release-2-behind");
    let behind = project.deploy();
    assert_eq!((behind.code, start(&behind)), (2, (&json!(true), &json!(false))), "{behind:#?}");
    assert_eq!(behind.events[0]["release_id"], "release-1-behind");
    assert_eq!((&behind.end()["status"], &behind.end()["is_ours"]), (&json!("Success"), &json!(false)));
    ahead.0.wait().unwrap();
}

#[test]
fn two_clients_with_the_same_release_follow_one_deploy() {
    let Some(stage) = Stage::enter() else { return };
    let project = identified(&stage, "twice");
    let file = project.write();
    let clients = [Following::start(&stage, &file), Following::start(&stage, &file)];
    let [one, other] = clients.map(Following::finish);
    assert_eq!((one.code, other.code), (0, 0), "{one:#?}{other:#?}");
    assert_eq!(one.end()["execution"], other.end()["execution"]);
    assert_eq!(project.names().len(), 2, "a group for each service");
}

#[test]
fn throttling_is_waited_out() {
    let Some(stage) = Stage::enter() else { return };
    let project = Project::make(&stage, "throttled");
    let throttled = |action: &str| Fault::error("states", action, 400, "ThrottlingException");
    stage.moto.faults(&[
        throttled("StartExecution").times(2),
        throttled("DescribeExecution").times(5),
        throttled("GetExecutionHistory").times(5),
    ]);
    let deployed = project.deploy();
    assert_eq!((deployed.code, &deployed.end()["status"]), (0, &json!("Success")), "{deployed:#?}");
    assert_eq!(stage.moto.calls().iter().filter(|call| call.fault.is_some()).count(), 12);
}

#[test]
fn who_loses_access_while_following_is_told_what_to_do_and_the_deploy_goes_on() {
    let Some(stage) = Stage::enter() else { return };
    let project = identified(&stage, "expiring");
    let expired = Fault::error("states", "DescribeExecution", 400, "ExpiredTokenException");
    stage.moto.faults(&[expired.skip(1)]);
    let lost = project.deploy();
    assert_eq!((lost.code, lost.complaint.lines().count()), (3, 1), "{lost:#?}");
    for words in ["ExpiredTokenException", "log in anew", "how execution deploy-story-expiring", "`status`"] {
        assert!(lost.complaint.contains(words), "{}", lost.complaint);
    }
    let found = project.deploy();
    assert_eq!((found.code, start(&found)), (0, (&json!(true), &json!(true))), "{found:#?}");
}
