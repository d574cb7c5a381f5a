//! Deploys that fail, and leave nothing.

use crate::fixture::{AccountsFixture, FUNCTION};
use crate::project::{Project, tag};
use bifrost_moto::Fault;
use serde_json::json;

#[test]
fn an_image_that_never_gets_healthy_fails_clean_and_what_ran_before_still_runs() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let mut project = Project::make(&fixture, "sick");
    let first = project.deploy();
    assert_eq!(first.code, 0, "{first:#?}");
    let before = project.names();

    let sick = project.make_image("sick-image");
    fixture.moto.sick(&[&sick]);
    project.release["ami"] = json!("sick-image");
    // By the clock of the function: the waits of the machine pass a hundred times faster. A busy machine takes seconds
    // until the instances are launched, and the deploy must not time out before.
    project.release["timeout"] = json!(20);
    let second = project.deploy();
    assert_eq!((second.code, &second.end()["status"]), (1, &json!("FailureClean")), "{second:#?}");
    assert_eq!(second.end()["failures"][0]["error"], "HaltError");
    assert!(second.end()["failures"][0]["cause"].as_str().unwrap().contains("timed out"), "{second:#?}");
    assert_eq!(project.names(), before);
}

#[test]
fn a_halt_from_a_second_client_ends_the_deploy_clean() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let project = Project::make(&fixture, "halted");
    fixture.never_healthy();
    let mut deploy = project.start();
    deploy.wait_for("state", "WaitForDeploy");

    let halt = fixture.run(&format!("halt {} --reason wrong", project.write()));
    assert_eq!(halt.status.code(), Some(0), "{halt:?}");
    let halted = deploy.finish();
    let end = halted.end();
    assert_eq!((halted.code, &end["status"]), (1, &json!("FailureClean")), "{halted:#?}");
    assert_eq!(end["failures"][0]["error"], "HaltError", "{end}");
    assert!(end["failures"][0]["cause"].as_str().unwrap().contains("halted: wrong"), "{end}");
    assert!(project.names().is_empty());
    project.is_unlocked();
}

#[test]
fn a_function_that_dies_in_the_middle_of_deploy_leaves_nothing() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let project = Project::make(&fixture, "dying");
    fixture.moto.faults(&[Fault::kill("autoscaling", "CreateAutoScalingGroup").function(FUNCTION).after_the_effect()]);
    let killed = project.deploy();
    assert_eq!((killed.code, &killed.end()["status"]), (1, &json!("FailureClean")), "{killed:#?}");
    assert_eq!(killed.end()["failures"][0]["state"], "Deploy");
    assert!(project.names().is_empty());
    project.is_unlocked();

    let again = project.deploy();
    assert_eq!(again.code, 0, "{again:#?}");
    assert!(project.groups().iter().all(|group| tag(group, "ReleaseID") == again.end()["release_id"].as_str()));
}
