//! Fencing: a deploy that was stopped, unlocked and overtaken changes nothing of the newer release.

use crate::accounts::{AccountsFixture, last_state};
use crate::application::Application;
use crate::fixture::{DEPLOYER, MACHINE, TARGET};
use bifrost::Deployer as _;
use fenrir::Fenrir;
use serde_json::{Value, json};

/// Tasks that the stopped deploy has not reached.
const LATER: [&str; 4] = ["Execute", "UpdateStack", "ReleaseLock", "CleanUp"];

/// The stack, what its function looks like, and its other change sets.
fn stack(application: &Application<'_>, not_of: &str) -> Value {
    let name = json!({"StackName": application.stack_name()});
    let listed = application.fixture.target("cloudformation", "ListChangeSets", name);
    let others: Vec<_> = listed["Summaries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|summary| !summary["ChangeSetName"].as_str().unwrap().contains(not_of))
        .collect();
    json!([application.stack(), application.timeout_of_function(), others])
}

#[test]
fn overtaken_deploy_changes_nothing_of_the_newer_release() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let mut application = Application::create(&fixture, "overtaken");
    assert_eq!(application.deploy().code, 0);

    application.template["Resources"]["hello"]["Properties"]["Timeout"] = json!(20);
    // The change set is being created until the deploy is stopped.
    fixture.moto.pace(&json!({"change_set": 3600.0}));
    let mut deploy = application.start();
    deploy.wait_for("state", "UpdateChangeSet");
    let stopped = fixture.stop_execution(MACHINE, Fenrir::TASK_TIMEOUT_SECONDS, 1);
    let release: Value = serde_json::from_str(fixture.execution(&stopped)["input"].as_str().unwrap()).unwrap();
    deploy.finish();
    fixture.moto.pace(&json!({"change_set": 0.0}));
    let unlocked = fixture.run(&format!("unlock {} development --account {TARGET} --wait 1", application.name));
    assert_eq!(unlocked.status.code(), Some(0), "{unlocked:?}");
    application.assert_unlocked();

    application.template["Resources"]["hello"]["Properties"]["Timeout"] = json!(30);
    let newer = application.deploy();
    assert_eq!(newer.code, 0, "{newer:#?}");
    let release_id = release["release_id"].as_str().unwrap();
    let before = stack(&application, release_id);
    assert_eq!(before[1], 30);
    for payload in fixture.invocations(&stopped, &LATER) {
        let task = payload["Task"].as_str().unwrap();
        let error = fixture.invoke(MACHINE, &payload).err();
        match task {
            "Validate" => {}
            "Lock" => assert_eq!(error, Some(("LockExistsError".into(), Some("lock/ended".into())))),
            // They end a failed deploy, and delete its own change set.
            "ReleaseLock" | "CleanUp" => assert_eq!(error, None, "{task}"),
            _ => assert_eq!(error, Some(("LockError".into(), Some("lock/lost".into()))), "{task}"),
        }
        assert_eq!(stack(&application, release_id), before, "{task}");
        application.assert_unlocked();
    }
    let redriven = fixture.redrive(MACHINE, &stopped);
    assert_eq!(last_state(&redriven).0, "FailureClean", "{redriven:#?}");
    assert_eq!(stack(&application, release_id), before);
    let deployed = json!({"TableName": "coinbase-fenrir-locks", "Key": {"key": {"S": application.deployed_key()}}});
    let deployed = fixture.aws(DEPLOYER, "dynamodb", "GetItem", deployed);
    assert_eq!(deployed["Item"]["release_id"]["S"], newer.end()["release_id"]);
}
