//! The emulated CloudFormation: change sets, roll-back, events and drift as AWS has them.

#![allow(missing_docs, clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use bifrost_moto::Moto;
use serde_json::{Value, json};

const ACCOUNT: &str = "222222222222";

fn asked(moto: &Moto, service: &str, operation: &str, parameters: Value) -> Result<Value, String> {
    moto.call(ACCOUNT, "us-east-1", service, operation, parameters).map_err(|error| error.code)
}

fn ask(moto: &Moto, operation: &str, parameters: Value) -> Value {
    asked(moto, "cloudformation", operation, parameters).unwrap()
}

/// A queue that is to outlive its stack.
fn template(visibility_timeout: u32) -> Value {
    let properties = json!({"QueueName": "jobs", "VisibilityTimeout": visibility_timeout});
    json!({"Resources": {"jobs": {"Type": "AWS::SQS::Queue", "DeletionPolicy": "Retain", "Properties": properties}}})
}

/// With another queue, whose making fails.
fn failing() -> Value {
    let mut template = template(30);
    let redrive = json!({"deadLetterTargetArn": "arn:aws:sqs:us-east-1:222222222222:nowhere", "maxReceiveCount": 3});
    template["Resources"]["wrong"] =
        json!({"Type": "AWS::SQS::Queue", "DependsOn": "jobs", "Properties": {"RedrivePolicy": redrive}});
    template
}

fn make(moto: &Moto, kind: &str, name: &str, template: &Value) {
    let change_set = json!({
        "StackName": "web",
        "ChangeSetName": name,
        "ChangeSetType": kind,
        "TemplateBody": template.to_string(),
        "ClientToken": name,
    });
    ask(moto, "CreateChangeSet", change_set);
}

fn execute(moto: &Moto, name: &str) {
    let execute =
        json!({"StackName": "web", "ChangeSetName": name, "RetainExceptOnCreate": true, "ClientRequestToken": name});
    ask(moto, "ExecuteChangeSet", execute);
}

fn deploy(moto: &Moto, kind: &str, name: &str, template: &Value) {
    make(moto, kind, name, template);
    execute(moto, name);
}

fn status(moto: &Moto) -> String {
    let stacks = ask(moto, "DescribeStacks", json!({"StackName": "web"}));
    stacks["Stacks"][0]["StackStatus"].as_str().unwrap().to_owned()
}

fn wait_while(holds: impl Fn() -> bool) {
    while holds() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// Every event, oldest first: what of, and what became of it.
fn events(moto: &Moto) -> Vec<(String, String)> {
    let (mut events, mut next) = (Vec::new(), json!({"StackName": "web"}));
    loop {
        let page = ask(moto, "DescribeStackEvents", next);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let page_events = page["StackEvents"].as_array().unwrap().iter();
        events.extend(page_events.map(|event| (text(&event["LogicalResourceId"]), text(&event["ResourceStatus"]))));
        let Some(token) = page.get("NextToken") else { break };
        next = json!({"StackName": "web", "NextToken": token});
    }
    events.reverse();
    events
}

#[test]
fn a_change_set_is_made_once_by_its_token_and_its_name_is_taken_for_others() {
    let Some(moto) = Moto::start() else { return };
    make(&moto, "CREATE", "first", &template(30));
    make(&moto, "CREATE", "first", &template(30));
    let sets = ask(&moto, "ListChangeSets", json!({"StackName": "web"}));
    assert_eq!(sets["Summaries"].as_array().unwrap().len(), 1);
    let other = json!({"StackName": "web", "ChangeSetName": "first", "ChangeSetType": "CREATE",
        "TemplateBody": template(30).to_string(), "ClientToken": "other"});
    assert_eq!(asked(&moto, "cloudformation", "CreateChangeSet", other), Err("AlreadyExistsException".into()));
}

#[test]
fn a_change_is_told_by_property_and_whether_it_makes_the_resource_anew() {
    let Some(moto) = Moto::start() else { return };
    deploy(&moto, "CREATE", "first", &template(30));
    make(&moto, "UPDATE", "second", &template(60));
    let made = ask(&moto, "DescribeChangeSet", json!({"StackName": "web", "ChangeSetName": "second"}));
    let change = &made["Changes"][0]["ResourceChange"];
    assert_eq!((&change["Action"], &change["Replacement"]), (&json!("Modify"), &json!("False")));
    assert_eq!(change["Details"][0]["Target"]["Name"], "VisibilityTimeout");
}

#[test]
fn each_resource_has_events_and_they_come_in_pages() {
    let Some(moto) = Moto::start() else { return };
    deploy(&moto, "CREATE", "first", &template(30));
    deploy(&moto, "UPDATE", "second", &template(60));
    let expected = [
        ("web", "REVIEW_IN_PROGRESS"),
        ("web", "CREATE_IN_PROGRESS"),
        ("jobs", "CREATE_IN_PROGRESS"),
        ("jobs", "CREATE_COMPLETE"),
        ("web", "CREATE_COMPLETE"),
        ("web", "UPDATE_IN_PROGRESS"),
        ("jobs", "UPDATE_IN_PROGRESS"),
        ("jobs", "UPDATE_COMPLETE"),
        ("web", "UPDATE_COMPLETE"),
    ];
    assert_eq!(events(&moto), expected.map(|(name, status)| (name.to_owned(), status.to_owned())));
    let newest = ask(&moto, "DescribeStackEvents", json!({"StackName": "web"}));
    assert_eq!(newest["StackEvents"][0]["ClientRequestToken"], "second");
}

#[test]
fn an_update_in_progress_is_cancelled_and_no_other() {
    let Some(moto) = Moto::start() else { return };
    let cancel = || asked(&moto, "cloudformation", "CancelUpdateStack", json!({"StackName": "web"}));
    deploy(&moto, "CREATE", "first", &template(30));
    assert_eq!(cancel(), Err("ValidationError".into()));

    // Longer than any test waits.
    moto.pace(&json!({"cfn": 3600}));
    deploy(&moto, "UPDATE", "second", &template(60));
    assert_eq!(status(&moto), "UPDATE_IN_PROGRESS");
    let delete = asked(&moto, "cloudformation", "DeleteStack", json!({"StackName": "web"}));
    assert_eq!(delete, Err("ValidationError".into()));
    cancel().unwrap();
    wait_while(|| status(&moto) == "UPDATE_IN_PROGRESS");
    moto.pace(&json!({"cfn": 0}));
    wait_while(|| status(&moto).ends_with("_IN_PROGRESS"));
    assert_eq!(status(&moto), "UPDATE_ROLLBACK_COMPLETE");
}

#[test]
fn a_stack_that_did_not_come_up_keeps_nothing() {
    let Some(moto) = Moto::start() else { return };
    deploy(&moto, "CREATE", "first", &failing());
    assert_eq!(status(&moto), "ROLLBACK_COMPLETE");
    let events = events(&moto);
    assert!(events.contains(&("wrong".into(), "CREATE_FAILED".into())), "{events:?}");
    assert!(events.contains(&("jobs".into(), "DELETE_COMPLETE".into())), "{events:?}");
    assert_eq!(asked(&moto, "sqs", "ListQueues", json!({})).unwrap().get("QueueUrls"), None);
}

#[test]
fn a_template_is_told_as_it_was_given() {
    let Some(moto) = Moto::start() else { return };
    let mut sam = template(30);
    sam["Transform"] = json!("AWS::Serverless-2016-10-31");
    sam["Resources"]["table"] = json!({"Type": "AWS::Serverless::SimpleTable"});
    deploy(&moto, "CREATE", "first", &sam);
    let told = ask(&moto, "GetTemplate", json!({"StackName": "web", "TemplateStage": "Original"}));
    let told = told["TemplateBody"].as_str().map_or(told["TemplateBody"].clone(), |text| text.parse().unwrap());
    assert_eq!(told, sam);
}

#[test]
fn what_somebody_changed_past_cloudformation_has_drifted() {
    let Some(moto) = Moto::start() else { return };
    deploy(&moto, "CREATE", "first", &template(30));
    let drift = || {
        let id = ask(&moto, "DetectStackDrift", json!({"StackName": "web"}))["StackDriftDetectionId"].clone();
        let found = ask(&moto, "DescribeStackDriftDetectionStatus", json!({"StackDriftDetectionId": id}));
        found["StackDriftStatus"].as_str().unwrap().to_owned()
    };
    assert_eq!(drift(), "IN_SYNC");
    let url = asked(&moto, "sqs", "GetQueueUrl", json!({"QueueName": "jobs"})).unwrap()["QueueUrl"].clone();
    let set = json!({"QueueUrl": url, "Attributes": {"VisibilityTimeout": "90"}});
    asked(&moto, "sqs", "SetQueueAttributes", set).unwrap();
    assert_eq!(drift(), "DRIFTED");
    let found = ask(&moto, "DescribeStackResourceDrifts", json!({"StackName": "web"}));
    let difference = &found["StackResourceDrifts"][0]["PropertyDifferences"][0];
    assert_eq!((&difference["PropertyPath"], &difference["ActualValue"]), (&json!("/VisibilityTimeout"), &json!("90")));
}
