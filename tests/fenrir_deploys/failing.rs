//! Deploys that fail and leave nothing behind.

use crate::accounts::wait_until;
use crate::application::{Application, Deployed};
use crate::fixture::AccountsFixture;
use serde_json::{Value, json};

/// Adds queues of which AWS refuses one, `jobs`: its messages would be larger than any may be. Fenrir does not know the value.
fn add_refused_queue(template: &mut Value) {
    let redrive = json!({"deadLetterTargetArn": {"Fn::GetAtt": ["dead", "Arn"]}, "maxReceiveCount": 3});
    template["Resources"]["dead"] = json!({"Type": "AWS::SQS::Queue"});
    template["Resources"]["jobs"] = json!({
        "Type": "AWS::SQS::Queue",
        "Properties": {"MaximumMessageSize": {"Ref": "AWS::AccountId"}, "RedrivePolicy": redrive},
    });
}

#[test]
fn failed_update_is_rolled_back() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let mut application = Application::create(&fixture, "refused");
    assert_eq!(application.deploy().code, 0);

    let valid = application.template.clone();
    add_refused_queue(&mut application.template);
    application.template["Resources"]["hello"]["Properties"]["Timeout"] = json!(20);
    let failed = application.deploy();
    assert_eq!((failed.code, &failed.end()["status"]), (1, &json!("FailureClean")), "{failed:#?}");
    assert!(failed.events.iter().any(|event| event.to_string().contains("jobs")), "{failed:#?}");
    assert_eq!(application.stack().unwrap()["StackStatus"], "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(application.timeout_of_function(), 10);
    application.assert_unlocked();

    application.template = valid;
    application.template["Resources"]["hello"]["Properties"]["Timeout"] = json!(30);
    let next = application.deploy();
    assert_eq!(next.code, 0, "{next:#?}");
    assert_eq!(application.timeout_of_function(), 30);
}

#[test]
fn failed_first_deploy_leaves_nothing() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let mut application = Application::create(&fixture, "never");
    add_refused_queue(&mut application.template);
    let failed = application.deploy();
    assert_eq!((failed.code, &failed.end()["status"]), (1, &json!("FailureClean")), "{failed:#?}");
    assert_eq!(application.stack(), None);
    let tables = fixture.target("dynamodb", "ListTables", json!({}));
    assert!(!tables["TableNames"].to_string().contains("tests-never"), "{tables}");
    application.assert_unlocked();

    application.template["Resources"].as_object_mut().unwrap().remove("jobs");
    let next = application.deploy();
    assert_eq!(next.code, 0, "{next:#?}");
}

#[test]
fn halt_during_update_rolls_back() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let mut application = Application::create(&fixture, "halted");
    assert_eq!(application.deploy().code, 0);

    application.template["Resources"]["hello"]["Properties"]["Timeout"] = json!(20);
    // The update runs until the halt.
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
    application.assert_unlocked();
}
