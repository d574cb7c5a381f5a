//! Creation and deletion of stacks.

use super::*;

#[tokio::test]
async fn stack_is_created_in_dependency_order() {
    let fixture = PortsFixture::empty();
    let stack = fixture.deployed(&create("first", &hello())).await;
    assert_eq!(stack.status.as_str(), "CREATE_COMPLETE");
    let arn = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:fenrir-hello in {REGION}");
    assert_eq!(stack.outputs, [("Function".to_owned(), arn)].into());
    insta::assert_snapshot!(fixture.event_lines().await);
}

#[tokio::test]
async fn independent_resources_are_created_in_parallel() {
    let fixture = PortsFixture::empty();
    let queue = json!({"Type": "AWS::SQS::Queue"});
    fixture.start(&create("first", &json!({"Resources": {"one": queue, "two": queue, "three": queue}}))).await;
    fixture.advance(5);
    assert_eq!(fixture.stack().await.status.as_str(), "CREATE_COMPLETE");
}

#[tokio::test]
async fn failed_creation_is_rolled_back() {
    let fixture =
        PortsFixture::of(&json!({"behaviour": {"hello": {"fails": "create", "reason": "no room", "seconds": 2}}}));
    let stack = fixture.deployed(&create("first", &hello())).await;
    assert_eq!(stack.status.as_str(), "ROLLBACK_COMPLETE");
    assert_eq!((stack.outputs.len(), fixture.stored().resources.len(), fixture.region().names.len()), (0, 0, 0));
    insta::assert_snapshot!(fixture.event_lines().await);
}

#[tokio::test]
async fn rolled_back_stack_must_be_deleted_first() {
    let fixture = PortsFixture::of(&json!({"behaviour": {"hello": {"fails": "create"}}}));
    let arn = fixture.deployed(&create("first", &hello())).await.id;
    let refused = fixture.create_change_set(&update("second", &hello())).await.unwrap_err();
    assert_eq!(refused.message, format!("Stack:{arn} is in ROLLBACK_COMPLETE state and can not be updated."));
    assert_eq!(fixture.create_change_set(&create("second", &hello())).await.unwrap_err().code, "ValidationError");
    fixture.ports.stacks.delete_stack(&proof(), STACK, "token").await.unwrap();
    fixture.change_region(|region| region.behaviour.clear());
    let stack = fixture.deployed(&create("second", &hello())).await;
    assert_eq!(stack.status.as_str(), "CREATE_COMPLETE");
    assert_ne!(stack.id, arn);
}

#[tokio::test]
async fn failure_cancels_parallel_creations() {
    let fixture = PortsFixture::of(&json!({"behaviour": {"one": {"fails": "create", "seconds": 2}}}));
    let queue = json!({"Type": "AWS::SQS::Queue"});
    fixture.start(&create("first", &json!({"Resources": {"one": queue, "two": queue}}))).await;
    fixture.advance(2);
    let events = fixture.event_lines().await;
    assert!(events.contains("CREATE_FAILED two Resource creation cancelled"), "{events}");
    assert_eq!(
        fixture.stack().await.status_reason.unwrap(),
        "The following resource(s) failed to create: [one, two]. Rollback requested by user."
    );
}

#[tokio::test]
async fn missing_code_fails_its_function() {
    let fixture = PortsFixture::empty();
    let template = hello_with("CodeUri", "s3://releases/missing.zip".into());
    let stack = fixture.deployed(&create("first", &template)).await;
    assert_eq!(stack.status.as_str(), "ROLLBACK_COMPLETE");
    assert!(fixture.event_lines().await.contains("Error occurred while GetObject. S3 Error Code: NoSuchKey."));
}

#[tokio::test]
async fn failed_rollback_leaves_undeleted_resources() {
    let behaviour = json!({"hello": {"fails": "create"}, "helloRole": {"fails": "rollback", "reason": "in use"}});
    let fixture = PortsFixture::of(&json!({"behaviour": behaviour}));
    let stack = fixture.deployed(&create("first", &hello())).await;
    assert_eq!(stack.status.as_str(), "ROLLBACK_FAILED");
    assert_eq!(stack.status_reason.unwrap(), "The following resource(s) failed to delete: [helloRole]. ");
    assert_eq!(fixture.stored().resources.into_keys().collect::<Vec<_>>(), ["helloRole", "table"]);
}

#[tokio::test]
async fn deleted_stack_keeps_retained_resources() {
    let fixture = PortsFixture::empty();
    let arn = fixture.deployed(&create("first", &hello())).await.id;
    fixture.ports.stacks.delete_stack(&proof(), STACK, "token").await.unwrap();
    fixture.advance(100);
    assert_eq!(fixture.ports.stacks.stack(STACK).await.unwrap(), None);
    let events = fixture.event_lines_of(&arn).await;
    assert!(events.contains("DELETE_SKIPPED table") && events.contains("DELETE_COMPLETE hello"), "{events}");
    // A new stack cannot create a resource of the same name.
    assert_eq!(fixture.deployed(&create("again", &hello())).await.status.as_str(), "ROLLBACK_COMPLETE");
    let events = fixture.event_lines().await;
    assert!(events.contains("with identifier 'fenrir-table' already exists."), "{events}");
}

#[tokio::test]
async fn failed_deletion_can_be_repeated() {
    let fixture = PortsFixture::of(&json!({"behaviour": {"helloRole": {"fails": "delete"}}}));
    fixture.deployed(&create("first", &hello())).await;
    fixture.ports.stacks.delete_stack(&proof(), STACK, "token").await.unwrap();
    fixture.advance(100);
    assert_eq!(fixture.stack().await.status.as_str(), "DELETE_FAILED");
    fixture.change_region(|region| region.behaviour.clear());
    fixture.ports.stacks.delete_stack(&proof(), STACK, "token").await.unwrap();
    fixture.advance(100);
    assert_eq!(fixture.ports.stacks.stack(STACK).await.unwrap(), None);
}
