//! What CloudFormation says of change sets, at once and later.

use super::*;
use crate::cloud::{ChangeAction, Replacement};
use bifrost::cloud::ErrorKind;

async fn failure(fixture: &PortsFixture, new: &NewChangeSet) -> String {
    let made = fixture.made(new).await;
    assert_eq!((made.status.as_str(), made.execution_status.as_str()), ("FAILED", "UNAVAILABLE"));
    made.status_reason.unwrap()
}

// A client, whose time may stand still, gets it at once; tasks wait.
#[tokio::test]
async fn a_change_set_is_pending_then_in_progress_then_complete() {
    let fixture = PortsFixture::usual();
    fixture.create_change_set(&create("first", &hello())).await.unwrap();
    let change_set = fixture.stored().change_sets.remove("first").unwrap();
    let mut told: Vec<_> = (0..8)
        .map(|second| change_set.describe(at(second)))
        .map(|found| (found.status, found.execution_status, found.changes.len()))
        .collect();
    told.dedup();
    let expected = [
        ("CREATE_PENDING", "UNAVAILABLE", 0),
        ("CREATE_IN_PROGRESS", "UNAVAILABLE", 0),
        ("CREATE_COMPLETE", "AVAILABLE", 3),
    ];
    assert_eq!(told, expected.map(|(one, two, count)| (one.into(), two.into(), count)));
}

#[tokio::test]
async fn it_cannot_be_executed_before_it_is_complete_nor_with_two_tokens() {
    let fixture = PortsFixture::usual();
    fixture.create_change_set(&create("first", &hello())).await.unwrap();
    let change_set = fixture.stored().change_sets.remove("first").unwrap();
    let refused = change_set.check_executable(at(0)).unwrap_err().message;
    assert!(refused.ends_with("cannot be executed in its current status of [CREATE_PENDING]"), "{refused}");
    fixture.advance(10);
    fixture.execute("first").await.unwrap();
    fixture.execute("first").await.unwrap();
    let refused = fixture.ports.stacks.execute_change_set(STACK, "first", "other").await.unwrap_err();
    assert_eq!((refused.kind, refused.code.as_str()), (ErrorKind::Conflict, "InvalidChangeSetStatus"));
    assert!(refused.message.ends_with("in its current execution status of [EXECUTE_IN_PROGRESS]"), "{refused}");
    let events = fixture.ports.stacks.events(STACK, at(0)).await.unwrap();
    let begun = events.iter().filter(|event| event.status == "CREATE_IN_PROGRESS" && event.logical_id == STACK);
    assert_eq!(begun.map(|event| event.token.as_deref()).collect::<Vec<_>>(), [Some("first-token")]);
}

#[tokio::test]
async fn executing_one_removes_the_others() {
    let fixture = PortsFixture::usual();
    fixture.made(&create("first", &hello())).await;
    fixture.made(&create("second", &new_code())).await;
    fixture.execute("second").await.unwrap();
    assert_eq!(fixture.ports.stacks.change_set(STACK, "first").await.unwrap(), None);
    fixture.advance(100);
    let executed = fixture.ports.stacks.change_set(STACK, "second").await.unwrap().unwrap();
    assert_eq!((executed.status.as_str(), executed.execution_status.as_str()), ("CREATE_COMPLETE", "EXECUTE_COMPLETE"));
    assert_eq!(fixture.stack().await.change_set_id, Some(executed.id));
}

#[tokio::test]
async fn a_template_of_sam_without_changes_fails_in_words_of_its_own() {
    let fixture = PortsFixture::usual();
    fixture.deployed(&create("first", &hello())).await;
    assert_eq!(failure(&fixture, &update("second", &hello())).await, "No updates are to be performed.");
}

#[tokio::test]
async fn other_outputs_or_tags_alone_can_be_executed_though_no_resource_changes() {
    let fixture = PortsFixture::usual();
    let mut template = json!({
        "Resources": {"layer": {"Type": "AWS::Lambda::LayerVersion", "Properties": {
            "LayerName": "layer", "Content": {"S3Bucket": "releases", "S3Key": "one.zip"},
        }}},
        "Outputs": {"Region": {"Value": {"Ref": "AWS::Region"}}},
    });
    fixture.deployed(&create("first", &template)).await;
    let tags = [("ReleaseID".to_owned(), "release-2".to_owned())].into();
    template["Outputs"]["Region"]["Value"] = "nowhere".into();
    for (name, new) in
        [("outputs", update("outputs", &template)), ("tags", NewChangeSet { tags, ..update("tags", &template) })]
    {
        let made = fixture.made(&new).await;
        assert_eq!((made.execution_status.as_str(), made.changes.len()), ("AVAILABLE", 0), "{name}");
        fixture.execute(name).await.unwrap();
    }
    let stack = fixture.stack().await;
    assert_eq!((stack.status.as_str(), stack.outputs["Region"].as_str()), ("UPDATE_COMPLETE", "nowhere"));
    assert_eq!(stack.tags["ReleaseID"], "release-2");
}

#[tokio::test]
async fn other_tags_of_the_stack_change_all_that_takes_tags() {
    let fixture = PortsFixture::usual();
    fixture.deployed(&create("first", &hello())).await;
    let tags = [("ReleaseID".to_owned(), "release-2".to_owned())].into();
    let made = fixture.made(&NewChangeSet { tags, ..update("second", &hello()) }).await;
    let told: Vec<_> = made.changes.iter().map(|change| (change.logical_id.as_str(), change.scope.join(","))).collect();
    assert_eq!(told, ["hello", "helloRole", "table"].map(|name| (name, "Tags".to_owned())));
}

#[tokio::test]
async fn a_replacement_is_told_and_what_follows_of_it_is_conditional() {
    let fixture = PortsFixture::usual();
    let template = |key: &str| {
        let mut template = hello();
        template["Resources"]["table"]["Properties"] = json!({"PrimaryKey": {"Name": key, "Type": "String"}});
        template["Resources"]["permission"] = json!({"Type": "AWS::Lambda::Permission", "Properties": {
            "Action": "lambda:InvokeFunction", "FunctionName": {"Fn::GetAtt": ["hello", "Arn"]},
            "Principal": "events.amazonaws.com", "SourceArn": {"Fn::GetAtt": ["table", "Arn"]},
        }});
        template
    };
    fixture.deployed(&create("first", &template("id"))).await;
    let made = fixture.made(&update("second", &template("name"))).await;
    let told: Vec<_> = made
        .changes
        .iter()
        .map(|change| (change.action, change.logical_id.as_str(), change.replacement.unwrap(), change.scope.join(",")))
        .collect();
    let modify = |name, replacement, scope: &str| (ChangeAction::Modify, name, replacement, scope.to_owned());
    let expected = [
        modify("hello", Replacement::False, "Environment"),
        modify("helloRole", Replacement::False, "Policies"),
        modify("permission", Replacement::Conditional, "SourceArn"),
        modify("table", Replacement::True, "AttributeDefinitions,KeySchema"),
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn what_is_wrong_with_a_template_fails_its_change_set() {
    let fixture = PortsFixture::usual();
    for (number, (template, reason)) in [
        (hello_with("CodeUri", "src".into()), "Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application Specification document. Number of errors found: 1. Resource with id [hello] is invalid. 'CodeUri' is not a valid S3 Uri"),
        (hello_with("Timeout", json!({"Ref": "nobody"})), "Template format error: Unresolved resource dependencies [nobody] in the Resources block"),
        (hello_with("Timeout", json!({"Fn::GetAtt": ["table", "Size"]})), "Template format error: Template error: resource table does not support attribute type Size"),
        (hello_with("Events", json!({"s3": {"Type": "S3", "Properties": {"Bucket": "b"}}})), "Transform AWS::Serverless-2016-10-31 failed with"),
        (json!({"Resources": {"a": {"Type": "AWS::No::Such"}}}), "Template format error: Unrecognized resource types: [AWS::No::Such]"),
        (json!({"Resources": {"a": {"Type": "AWS::SQS::Queue", "DependsOn": "a"}}}), "Template format error: Circular dependency between resources: [a]"),
        (json!({"Resources": {"a-b": {"Type": "AWS::SQS::Queue"}}}), "Template format error: Resource name a-b is non alphanumeric."),
    ]
    .into_iter()
    .enumerate()
    {
        let told = failure(&fixture, &create(&format!("wrong-{number}"), &template)).await;
        assert!(told.starts_with(reason), "{told}");
    }
}

#[tokio::test]
async fn a_resource_keeps_its_type() {
    let fixture = PortsFixture::usual();
    fixture.deployed(&create("first", &json!({"Resources": {"a": {"Type": "AWS::SQS::Queue"}}}))).await;
    let told = failure(&fixture, &update("second", &json!({"Resources": {"a": {"Type": "AWS::IAM::Role"}}}))).await;
    assert!(told.starts_with("Update of resource type is not permitted."), "{told}");
}

#[tokio::test]
async fn names_and_templates_have_their_limits() {
    let fixture = PortsFixture::usual();
    let queue = json!({"Type": "AWS::SQS::Queue"});
    let refused = async |new: NewChangeSet| {
        let refused = fixture.create_change_set(&new).await.unwrap_err();
        assert_eq!((refused.kind, refused.code.as_str()), (ErrorKind::Invalid, "ValidationError"), "{refused}");
        refused.message
    };
    for name in ["1st", "with space", ""] {
        let told = refused(NewChangeSet { stack_name: name.into(), ..create("first", &hello()) }).await;
        assert!(told.contains("'stackName'") && told.contains("[a-zA-Z][-a-zA-Z0-9]*"), "{told}");
        assert!(refused(create(name, &hello())).await.contains("'changeSetName'"));
    }
    assert!(refused(create(&"a".repeat(129), &hello())).await.ends_with("less than or equal to 128"));
    let long = json!({"Resources": {"a": queue}, "Description": "x".repeat(51_200)});
    assert!(refused(create("first", &long)).await.ends_with("less than or equal to 51200"));
    let many: serde_json::Map<_, _> = (0..501).map(|number| (format!("q{number}"), queue.clone())).collect();
    let told = failure(&fixture, &create("first", &json!({"Resources": many}))).await;
    assert!(told.ends_with("Number of resources, 501, is greater than maximum allowed, 500"), "{told}");
}
