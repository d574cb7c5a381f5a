//! Creation, status and changes of change sets.

use super::*;
use crate::cloud::{ChangeAction, Replacement};
use bifrost::cloud::ErrorKind;

async fn failure(fixture: &PortsFixture, new: &NewChangeSet) -> String {
    let change_set = fixture.completed(new).await;
    assert_eq!((change_set.status.as_str(), change_set.execution_status.as_str()), ("FAILED", "UNAVAILABLE"));
    change_set.status_reason.unwrap()
}

// Read from the store: a client gets the complete change set at once, because its clock may stand still.
#[tokio::test]
async fn change_set_is_pending_then_complete() {
    let fixture = PortsFixture::empty();
    fixture.create_change_set(&create("first", &hello())).await.unwrap();
    let change_set = fixture.stored().change_sets.remove("first").unwrap();
    let mut statuses: Vec<_> = (0..8)
        .map(|second| change_set.describe("arn", at(second)))
        .map(|found| (found.status, found.execution_status, found.changes.len()))
        .collect();
    statuses.dedup();
    let expected = [
        ("CREATE_PENDING", "UNAVAILABLE", 0),
        ("CREATE_IN_PROGRESS", "UNAVAILABLE", 0),
        ("CREATE_COMPLETE", "AVAILABLE", 3),
    ];
    assert_eq!(statuses, expected.map(|(one, two, count)| (one.into(), two.into(), count)));
}

#[tokio::test]
async fn change_set_is_executed_once_when_complete() {
    let fixture = PortsFixture::empty();
    fixture.create_change_set(&create("first", &hello())).await.unwrap();
    let change_set = fixture.stored().change_sets.remove("first").unwrap();
    let refused = change_set.check_executable(at(0)).unwrap_err().message;
    assert!(refused.ends_with("cannot be executed in its current status of [CREATE_PENDING]"), "{refused}");
    fixture.advance(10);
    fixture.execute("first").await.unwrap();
    fixture.execute("first").await.unwrap();
    let refused = fixture.ports.stacks.execute_change_set(&proof(), STACK, "first", "other").await.unwrap_err();
    assert_eq!((refused.kind, refused.code.as_str()), (ErrorKind::Conflict, "InvalidChangeSetStatus"));
    assert!(refused.message.ends_with("in its current execution status of [EXECUTE_IN_PROGRESS]"), "{refused}");
    let events = fixture.ports.stacks.events(STACK, at(0)).await.unwrap();
    let started = events.iter().filter(|event| event.status == "CREATE_IN_PROGRESS" && event.logical_id == STACK);
    assert_eq!(started.map(|event| event.token.as_deref()).collect::<Vec<_>>(), [Some("first-token")]);
}

#[tokio::test]
async fn executing_a_change_set_removes_the_others() {
    let fixture = PortsFixture::empty();
    fixture.completed(&create("first", &hello())).await;
    fixture.completed(&create("second", &new_code())).await;
    let id = fixture.ports.stacks.change_set(STACK, "second").await.unwrap().unwrap().id;
    fixture.execute("second").await.unwrap();
    for name in ["first", "second"] {
        assert_eq!(fixture.ports.stacks.change_set(STACK, name).await.unwrap(), None, "{name}");
    }
    fixture.advance(100);
    let executed = fixture.ports.stacks.change_set(STACK, &id).await.unwrap().unwrap();
    assert_eq!((executed.status.as_str(), executed.execution_status.as_str()), ("CREATE_COMPLETE", "EXECUTE_COMPLETE"));
    assert_eq!(fixture.stack().await.change_set_id, Some(executed.id));
}

#[tokio::test]
async fn sam_template_without_changes_fails() {
    let fixture = PortsFixture::empty();
    fixture.deployed(&create("first", &hello())).await;
    assert_eq!(failure(&fixture, &update("second", &hello())).await, "No updates are to be performed.");
}

#[tokio::test]
async fn changed_outputs_or_tags_can_be_executed() {
    let fixture = PortsFixture::empty();
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
        let change_set = fixture.completed(&new).await;
        assert_eq!((change_set.execution_status.as_str(), change_set.changes.len()), ("AVAILABLE", 0), "{name}");
        fixture.execute(name).await.unwrap();
    }
    let stack = fixture.stack().await;
    assert_eq!((stack.status.as_str(), stack.outputs["Region"].as_str()), ("UPDATE_COMPLETE", "nowhere"));
    assert_eq!(stack.tags["ReleaseID"], "release-2");
}

#[tokio::test]
async fn changed_stack_tags_change_tagged_resources() {
    let fixture = PortsFixture::empty();
    fixture.deployed(&create("first", &hello())).await;
    let tags = [("ReleaseID".to_owned(), "release-2".to_owned())].into();
    let change_set = fixture.completed(&NewChangeSet { tags, ..update("second", &hello()) }).await;
    let changes: Vec<_> =
        change_set.changes.iter().map(|change| (change.logical_id.as_str(), change.scope.join(","))).collect();
    assert_eq!(changes, ["hello", "helloRole", "table"].map(|name| (name, "Tags".to_owned())));
}

#[tokio::test]
async fn replacement_makes_dependents_conditional() {
    let fixture = PortsFixture::empty();
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
    let change_set = fixture.completed(&update("second", &template("name"))).await;
    let changes: Vec<_> = change_set
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
    assert_eq!(changes, expected);
}

#[tokio::test]
async fn invalid_template_fails_its_change_set() {
    let fixture = PortsFixture::empty();
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
        let actual = failure(&fixture, &create(&format!("wrong-{number}"), &template)).await;
        assert!(actual.starts_with(reason), "{actual}");
    }
}

#[tokio::test]
async fn type_of_a_resource_cannot_change() {
    let fixture = PortsFixture::empty();
    fixture.deployed(&create("first", &json!({"Resources": {"a": {"Type": "AWS::SQS::Queue"}}}))).await;
    let actual = failure(&fixture, &update("second", &json!({"Resources": {"a": {"Type": "AWS::IAM::Role"}}}))).await;
    assert!(actual.starts_with("Update of resource type is not permitted."), "{actual}");
}

#[tokio::test]
async fn limits_of_names_and_templates() {
    let fixture = PortsFixture::empty();
    let queue = json!({"Type": "AWS::SQS::Queue"});
    let refused = async |new: NewChangeSet| {
        let refused = fixture.create_change_set(&new).await.unwrap_err();
        assert_eq!((refused.kind, refused.code.as_str()), (ErrorKind::Invalid, "ValidationError"), "{refused}");
        refused.message
    };
    for name in ["1st", "with space", ""] {
        let actual = refused(NewChangeSet { stack_name: name.into(), ..create("first", &hello()) }).await;
        assert!(actual.contains("'stackName'") && actual.contains("[a-zA-Z][-a-zA-Z0-9]*"), "{actual}");
        assert!(refused(create(name, &hello())).await.contains("'changeSetName'"));
    }
    assert!(refused(create(&"a".repeat(129), &hello())).await.ends_with("less than or equal to 128"));
    let long = json!({"Resources": {"a": queue}, "Description": "x".repeat(51_200)});
    assert!(refused(create("first", &long)).await.ends_with("less than or equal to 51200"));
    let many: serde_json::Map<_, _> = (0..501).map(|number| (format!("q{number}"), queue.clone())).collect();
    let actual = failure(&fixture, &create("first", &json!({"Resources": many}))).await;
    assert!(actual.ends_with("Number of resources, 501, is greater than maximum allowed, 500"), "{actual}");
}
