//! Deploys that fail, and leave nothing of their own.

use crate::application::Application;
use crate::stage::{Stage, TARGET};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::Stdio;

/// A queue that AWS refuses: its failures go to a queue that is not there.
fn refused_queue() -> Value {
    let redrive =
        json!({"deadLetterTargetArn": format!("arn:aws:sqs:us-east-1:{TARGET}:nowhere"), "maxReceiveCount": 3});
    json!({"Type": "AWS::SQS::Queue", "Properties": {"RedrivePolicy": redrive}})
}

#[test]
fn an_update_that_fails_is_rolled_back_and_the_next_release_is_deployed() {
    let Some(stage) = Stage::enter() else { return };
    let mut application = Application::make(&stage, "refused");
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
    let Some(stage) = Stage::enter() else { return };
    let mut application = Application::make(&stage, "never");
    application.template["Resources"]["jobs"] = refused_queue();
    let failed = application.deploy();
    assert_eq!((failed.code, &failed.end()["status"]), (1, &json!("FailureClean")), "{failed:#?}");
    assert_eq!(application.stack(), None);
    let tables = stage.target("dynamodb", "ListTables", json!({}));
    assert!(!tables["TableNames"].to_string().contains("story-never"), "{tables}");
    application.is_unlocked();

    application.template["Resources"].as_object_mut().unwrap().remove("jobs");
    let next = application.deploy();
    assert_eq!(next.code, 0, "{next:#?}");
}

#[test]
fn a_halt_while_the_stack_is_updated_rolls_it_back() {
    let Some(stage) = Stage::enter() else { return };
    let mut application = Application::make(&stage, "halted");
    assert_eq!(application.deploy().code, 0);

    application.template["Resources"]["hello"]["Properties"]["Timeout"] = json!(20);
    // Long enough for a person to change their mind.
    stage.moto.pace(&json!({"cfn": 3600.0}));
    let mut deploy = application.deploying().stdout(Stdio::piped()).spawn().unwrap();
    let events = BufReader::new(deploy.stdout.take().unwrap()).lines();
    let mut events = events.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    events.find(|event| event["state"] == "WaitForComplete").unwrap();
    let halt = stage.run(&format!("halt {} --reason wrong", application.write()));
    while application.stack().unwrap()["StackStatus"] == "UPDATE_IN_PROGRESS" {}
    stage.moto.pace(&json!({"cfn": 0.0}));
    assert_eq!(halt.status.code(), Some(0), "{halt:?}");

    let end = events.last().unwrap();
    assert_eq!(deploy.wait().unwrap().code(), Some(1), "{end}");
    assert_eq!(end["status"], "FailureClean", "{end}");
    assert_eq!(application.stack().unwrap()["StackStatus"], "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(application.timeout_of_function(), 10);
    application.is_unlocked();
}
