//! Tests of the emulated CloudFormation: change sets, rollback, events, drift, and the code and tags of functions.

#![allow(missing_docs, clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use bifrost_moto::{Moto, bytes};
use serde_json::{Value, json};

const ACCOUNT: &str = "222222222222";

fn try_call(moto: &Moto, service: &str, operation: &str, parameters: Value) -> Result<Value, String> {
    moto.call(ACCOUNT, "us-east-1", service, operation, parameters).map_err(|error| error.code)
}

fn call(moto: &Moto, operation: &str, parameters: Value) -> Value {
    try_call(moto, "cloudformation", operation, parameters).unwrap()
}

/// A queue that is kept when its stack is deleted.
fn template(visibility_timeout: u32) -> Value {
    let properties = json!({"QueueName": "jobs", "VisibilityTimeout": visibility_timeout});
    json!({"Resources": {"jobs": {"Type": "AWS::SQS::Queue", "DeletionPolicy": "Retain", "Properties": properties}}})
}

/// A template with another queue, whose creation fails.
fn failing() -> Value {
    let mut template = template(30);
    let redrive = json!({"deadLetterTargetArn": "arn:aws:sqs:us-east-1:222222222222:nowhere", "maxReceiveCount": 3});
    template["Resources"]["wrong"] =
        json!({"Type": "AWS::SQS::Queue", "DependsOn": "jobs", "Properties": {"RedrivePolicy": redrive}});
    template
}

fn create_change_set(moto: &Moto, kind: &str, name: &str, template: &Value) {
    let change_set = json!({
        "StackName": "web",
        "ChangeSetName": name,
        "ChangeSetType": kind,
        "TemplateBody": template.to_string(),
        "ClientToken": name,
    });
    call(moto, "CreateChangeSet", change_set);
}

fn execute(moto: &Moto, name: &str) {
    let execute =
        json!({"StackName": "web", "ChangeSetName": name, "RetainExceptOnCreate": true, "ClientRequestToken": name});
    call(moto, "ExecuteChangeSet", execute);
}

fn deploy(moto: &Moto, kind: &str, name: &str, template: &Value) {
    create_change_set(moto, kind, name, template);
    execute(moto, name);
}

fn status(moto: &Moto) -> String {
    let stacks = call(moto, "DescribeStacks", json!({"StackName": "web"}));
    stacks["Stacks"][0]["StackStatus"].as_str().unwrap().to_owned()
}

fn wait_while(holds: impl Fn() -> bool) {
    while holds() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// The resource and the status of every event, oldest first.
fn events(moto: &Moto) -> Vec<(String, String)> {
    let (mut events, mut next) = (Vec::new(), json!({"StackName": "web"}));
    loop {
        let page = call(moto, "DescribeStackEvents", next);
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
fn change_set_is_created_once_for_its_token() {
    let Some(moto) = Moto::start() else { return };
    create_change_set(&moto, "CREATE", "first", &template(30));
    create_change_set(&moto, "CREATE", "first", &template(30));
    let sets = call(&moto, "ListChangeSets", json!({"StackName": "web"}));
    assert_eq!(sets["Summaries"].as_array().unwrap().len(), 1);
    let other = json!({"StackName": "web", "ChangeSetName": "first", "ChangeSetType": "CREATE",
        "TemplateBody": template(30).to_string(), "ClientToken": "other"});
    assert_eq!(try_call(&moto, "cloudformation", "CreateChangeSet", other), Err("AlreadyExistsException".into()));
}

#[test]
fn change_has_property_and_replacement() {
    let Some(moto) = Moto::start() else { return };
    deploy(&moto, "CREATE", "first", &template(30));
    create_change_set(&moto, "UPDATE", "second", &template(60));
    let described = call(&moto, "DescribeChangeSet", json!({"StackName": "web", "ChangeSetName": "second"}));
    let change = &described["Changes"][0]["ResourceChange"];
    assert_eq!((&change["Action"], &change["Replacement"]), (&json!("Modify"), &json!("False")));
    assert_eq!(change["Details"][0]["Target"]["Name"], "VisibilityTimeout");
}

#[test]
fn events_of_resources_come_in_pages() {
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
    let newest = call(&moto, "DescribeStackEvents", json!({"StackName": "web"}));
    assert_eq!(newest["StackEvents"][0]["ClientRequestToken"], "second");
}

#[test]
fn only_an_update_in_progress_is_cancelled() {
    let Some(moto) = Moto::start() else { return };
    let cancel = || try_call(&moto, "cloudformation", "CancelUpdateStack", json!({"StackName": "web"}));
    deploy(&moto, "CREATE", "first", &template(30));
    assert_eq!(cancel(), Err("ValidationError".into()));

    // Longer than any test runs.
    moto.pace(&json!({"cfn": 3600}));
    deploy(&moto, "UPDATE", "second", &template(60));
    assert_eq!(status(&moto), "UPDATE_IN_PROGRESS");
    let delete = try_call(&moto, "cloudformation", "DeleteStack", json!({"StackName": "web"}));
    assert_eq!(delete, Err("ValidationError".into()));
    cancel().unwrap();
    wait_while(|| status(&moto) == "UPDATE_IN_PROGRESS");
    moto.pace(&json!({"cfn": 0}));
    wait_while(|| status(&moto).ends_with("_IN_PROGRESS"));
    assert_eq!(status(&moto), "UPDATE_ROLLBACK_COMPLETE");
}

#[test]
fn failed_creation_keeps_no_resources() {
    let Some(moto) = Moto::start() else { return };
    deploy(&moto, "CREATE", "first", &failing());
    assert_eq!(status(&moto), "ROLLBACK_COMPLETE");
    let events = events(&moto);
    assert!(events.contains(&("wrong".into(), "CREATE_FAILED".into())), "{events:?}");
    assert!(events.contains(&("jobs".into(), "DELETE_COMPLETE".into())), "{events:?}");
    assert_eq!(try_call(&moto, "sqs", "ListQueues", json!({})).unwrap().get("QueueUrls"), None);
}

#[test]
fn template_is_returned_as_given() {
    let Some(moto) = Moto::start() else { return };
    let mut sam = template(30);
    sam["Transform"] = json!("AWS::Serverless-2016-10-31");
    sam["Resources"]["table"] = json!({"Type": "AWS::Serverless::SimpleTable"});
    deploy(&moto, "CREATE", "first", &sam);
    let returned = call(&moto, "GetTemplate", json!({"StackName": "web", "TemplateStage": "Original"}));
    let returned =
        returned["TemplateBody"].as_str().map_or(returned["TemplateBody"].clone(), |text| text.parse().unwrap());
    assert_eq!(returned, sam);
}

#[test]
fn change_outside_cloudformation_is_drift() {
    let Some(moto) = Moto::start() else { return };
    deploy(&moto, "CREATE", "first", &template(30));
    let drift = || {
        let id = call(&moto, "DetectStackDrift", json!({"StackName": "web"}))["StackDriftDetectionId"].clone();
        let found = call(&moto, "DescribeStackDriftDetectionStatus", json!({"StackDriftDetectionId": id}));
        found["StackDriftStatus"].as_str().unwrap().to_owned()
    };
    assert_eq!(drift(), "IN_SYNC");
    let url = try_call(&moto, "sqs", "GetQueueUrl", json!({"QueueName": "jobs"})).unwrap()["QueueUrl"].clone();
    let set = json!({"QueueUrl": url, "Attributes": {"VisibilityTimeout": "90"}});
    try_call(&moto, "sqs", "SetQueueAttributes", set).unwrap();
    assert_eq!(drift(), "DRIFTED");
    let found = call(&moto, "DescribeStackResourceDrifts", json!({"StackName": "web"}));
    let difference = &found["StackResourceDrifts"][0]["PropertyDifferences"][0];
    assert_eq!((&difference["PropertyPath"], &difference["ActualValue"]), (&json!("/VisibilityTimeout"), &json!("90")));
}

/// A function with the code in the object of that key.
fn function(key: &str, memory_mib: u32) -> String {
    let properties = json!({
        "FunctionName": "worker",
        "Runtime": "provided.al2023",
        "Handler": "bootstrap",
        "Role": "arn:aws:iam::222222222222:role/worker",
        "MemorySize": memory_mib,
        "Code": {"S3Bucket": "codes", "S3Key": key},
        "Tags": [{"Key": "Memory", "Value": memory_mib.to_string()}],
    });
    json!({"Resources": {"worker": {"Type": "AWS::Lambda::Function", "Properties": properties}}}).to_string()
}

#[test]
fn stack_replaces_code_only_if_its_place_changes() {
    let Some(moto) = Moto::start() else { return };
    try_call(&moto, "s3", "CreateBucket", json!({"Bucket": "codes"})).unwrap();
    let trust = json!({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}});
    let role = json!({"RoleName": "worker", "AssumeRolePolicyDocument": trust.to_string()});
    try_call(&moto, "iam", "CreateRole", role).unwrap();
    for key in ["one", "two", "three"] {
        let object = json!({"Bucket": "codes", "Key": key, "Body": bytes(key.as_bytes())});
        try_call(&moto, "s3", "PutObject", object).unwrap();
    }
    let deploy = |operation: &str, template: String| {
        call(&moto, operation, json!({"StackName": "web", "TemplateBody": template}));
        let found = try_call(&moto, "lambda", "GetFunction", json!({"FunctionName": "worker"})).unwrap();
        let sha256 = found["Configuration"]["CodeSha256"].as_str().unwrap().to_owned();
        assert_eq!(found["Tags"], json!({"Memory": found["Configuration"]["MemorySize"].to_string()}));
        sha256
    };
    let one = deploy("CreateStack", function("one", 128));
    let update = json!({"FunctionName": "worker", "S3Bucket": "codes", "S3Key": "two"});
    let updated = try_call(&moto, "lambda", "UpdateFunctionCode", update).unwrap();
    let two = updated["CodeSha256"].as_str().unwrap();
    assert_ne!(two, one);
    assert_eq!(deploy("UpdateStack", function("one", 256)), two);
    let three = deploy("UpdateStack", function("three", 256));
    assert!(three != one && three != two);
}
