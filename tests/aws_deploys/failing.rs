//! Deploys that fail and leave nothing behind.

use crate::fixture::{AccountsFixture, FUNCTION};
use crate::project::{Project, tag};
use bifrost_moto::Fault;
use serde_json::json;

#[test]
fn unhealthy_image_fails_clean() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let mut project = Project::create(&fixture, "unhealthy");
    let first = project.deploy();
    assert_eq!(first.code, 0, "{first:#?}");
    let before = project.names();

    let image = project.create_image("unhealthy-image");
    fixture.moto.set_unhealthy(&[&image]);
    project.release["ami"] = json!("unhealthy-image");
    // In real seconds of the function, while the waits of the state machine pass a hundred times faster. A busy machine
    // needs seconds to launch the instances, and the deploy must not time out before.
    project.release["timeout"] = json!(20);
    let second = project.deploy();
    assert_eq!((second.code, &second.end()["status"]), (1, &json!("FailureClean")), "{second:#?}");
    let failure = &second.end()["failures"][0];
    assert_eq!((&failure["error"], &failure["code"]), (&json!("HaltError"), &json!("halt/timeout")), "{second:#?}");
    assert_eq!(project.names(), before);
}

#[test]
fn halt_of_second_client_ends_clean() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let project = Project::create(&fixture, "halted");
    fixture.never_healthy();
    let mut deploy = project.start();
    deploy.wait_for("state", "WaitForDeploy");

    let halt = fixture.run(&format!("halt {} --reason wrong", project.write()));
    assert_eq!(halt.status.code(), Some(0), "{halt:?}");
    let halted = deploy.finish();
    let end = halted.end();
    assert_eq!((halted.code, &end["status"]), (1, &json!("FailureClean")), "{halted:#?}");
    let failure = &end["failures"][0];
    assert_eq!((&failure["error"], &failure["code"]), (&json!("HaltError"), &json!("halt/requested")), "{end}");
    assert!(failure["cause"].as_str().unwrap().contains("wrong"), "{end}");
    assert!(project.names().is_empty());
    project.assert_unlocked();
}

#[test]
fn crashes_in_deploy_leave_nothing() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let project = Project::create(&fixture, "crashing");
    let kill = Fault::kill("autoscaling", "CreateAutoScalingGroup|EnableMetricsCollection").after_the_effect();
    fixture.moto.faults(&[kill.function(FUNCTION).times(u32::MAX)]);
    let killed = project.deploy();
    fixture.moto.clear_faults();
    assert_eq!((killed.code, &killed.end()["status"]), (1, &json!("FailureClean")), "{killed:#?}");
    let crashes = killed.events.iter().filter(|event| event["event"] == "failure" && event["state"] == "Deploy");
    assert_eq!(crashes.count(), 3, "{killed:#?}");
    assert!(project.names().is_empty());
    project.assert_unlocked();

    let again = project.deploy();
    assert_eq!(again.code, 0, "{again:#?}");
    assert!(project.groups().iter().all(|group| tag(group, "ReleaseID") == again.end()["release_id"].as_str()));
}
