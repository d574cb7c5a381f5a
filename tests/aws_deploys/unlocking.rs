//! `unlock --force` while a deploy runs.

use crate::accounts::wait_until;
use crate::fixture::{AccountsFixture, FUNCTION};
use crate::project::Project;
use bifrost_moto::Fault;
use serde_json::json;

/// How long the invocation that runs at the stop takes, in seconds, and how long `unlock` still waits.
const INVOCATION: f64 = 3.0;
const WAIT: u32 = 8;

#[test]
fn forced_unlock_waits_for_the_last_invocation() {
    let Some(fixture) = AccountsFixture::unaudited() else { return };
    let project = Project::create(&fixture, "forced");
    let slow = Fault::delay("autoscaling", "CreateAutoScalingGroup", INVOCATION).function(FUNCTION);
    fixture.moto.faults(&[slow]);
    let deploy = project.start();
    wait_until("it creates a group", || fixture.moto.calls().iter().any(|call| call.fault.is_some()));
    let owner = project.root_lock().unwrap()["id"]["S"].as_str().unwrap().to_owned();
    let kept = project.unlock("");
    assert_eq!(kept.status.code(), Some(2), "{kept:?}");
    assert!(project.root_lock().is_some());

    let unlocked = project.unlock(&format!("--force --wait {WAIT}"));
    assert_eq!(unlocked.status.code(), Some(0), "{unlocked:?}");
    project.assert_unlocked();
    let ended = project.item(&format!("ended/{owner}")).unwrap();
    assert_eq!((&ended["by"]["S"], &ended["success"]["BOOL"]), (&json!("unlock"), &json!(false)));
    let stopped = deploy.finish_stopped();
    assert_eq!(project.names().len(), 2, "the invocation went on after the stop");

    let calls = fixture.moto.calls();
    let client = |action: &str| {
        let mut own = calls.iter().filter(|call| call.function.is_none() && call.action == action);
        own.next_back().unwrap()
    };
    let (stop, clear) = (client("StopExecution"), client("TransactWriteItems"));
    assert!(clear.started - stop.started >= f64::from(WAIT) - 1.0, "{stop:#?}{clear:#?}");
    let of_function = calls.iter().filter(|call| call.function.is_some());
    let last = of_function.max_by(|one, other| one.started.total_cmp(&other.started)).unwrap();
    assert!(stop.started < last.started && last.ended.unwrap() < clear.started, "{last:#?}");

    let next = project.deploy();
    assert_eq!(next.code, 0, "{next:#?}");
    assert_eq!(project.resources_of(stopped.release_id()).groups.len(), 0);
}
