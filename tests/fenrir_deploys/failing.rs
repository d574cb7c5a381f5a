//! Deploys that fail, and leave nothing of their own.

use crate::accounts::wait_until;
use crate::application::{Application, Deployed};
use crate::fixture::{AccountsFixture, TARGET};
use serde_json::{Value, json};

/// A queue that AWS refuses: its failures go to a queue that is not there.
fn refused_queue() -> Value {
    let redrive =
        json!({"deadLetterTargetArn": format!("arn:aws:sqs:us-east-1:{TARGET}:nowhere"), "maxReceiveCount": 3});
    json!({"Type": "AWS::SQS::Queue", "Properties": {"RedrivePolicy": redrive}})
}

#[test]
fn an_update_that_fails_is_rolled_back_and_the_next_release_is_deployed() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let mut application = Application::make(&fixture, "refused");
    assert_eq!(application.deploy().code, 0);

    let works = application.template.clone();
    application.template["Resources"]["jobs"] = refused_queue();
    application.template["Resources"]["hello"]["Properties"]["Timeout"] = json!(20);
    let failed = application.deploy();
    assert_eq!((failed.code, &failed.end()["status"]), (1, &json!("FailureClean")), "{failed:#?}");
    assert!(failed.events.iter().any(|event| event.to_string().contains("jobs")), "{failed:#?}");
    assert_eq!(application.stack().unwrap()["StackStatus"], "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(application.timeout_of_function(), 10);
    application.is_unlocked();

    application.template = works;
    application.template["Resources"]["hello"]["Properties"]["Timeout"] = json!(30);
    let next = application.deploy();
    assert_eq!(next.code, 0, "{next:#?}");
    assert_eq!(application.timeout_of_function(), 30);
}

#[test]
fn a_first_deploy_that_fails_leaves_no_stack_and_nothing_that_was_to_be_retained() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let mut application = Application::make(&fixture, "never");
    application.template["Resources"]["jobs"] = refused_queue();
    let failed = application.deploy();
    assert_eq!((failed.code, &failed.end()["status"]), (1, &json!("FailureClean")), "{failed:#?}");
    assert_eq!(application.stack(), None);
    let tables = fixture.target("dynamodb", "ListTables", json!({}));
    assert!(!tables["TableNames"].to_string().contains("story-never"), "{tables}");
    application.is_unlocked();

    application.template["Resources"].as_object_mut().unwrap().remove("jobs");
    let next = application.deploy();
    assert_eq!(next.code, 0, "{next:#?}");
}

#[test]
fn a_halt_while_the_stack_is_updated_rolls_it_back() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let mut application = Application::make(&fixture, "halted");
    assert_eq!(application.deploy().code, 0);

    application.template["Resources"]["hello"]["Properties"]["Timeout"] = json!(20);
    // The update goes on until it is halted.
    fixture.moto.pace(&json!({"cfn": 3600.0}));
    let mut deploy = application.start();
    deploy.wait_for("state", "WaitForComplete");
    let halt = fixture.run(&format!("halt {} --reason wrong", application.write()));
    assert_eq!(halt.status.code(), Some(0), "{halt:?}");
    wait_until("the update is cancelled", || application.stack().unwrap()["StackStatus"] != "UPDATE_IN_PROGRESS");
    fixture.moto.pace(&json!({"cfn": 0.0}));

    let halted = Deployed::of(&deploy.finish());
    assert_eq!((halted.code, &halted.end()["status"]), (1, &json!("FailureClean")), "{halted:#?}");
    assert_eq!(application.stack().unwrap()["StackStatus"], "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(application.timeout_of_function(), 10);
    application.is_unlocked();
}
