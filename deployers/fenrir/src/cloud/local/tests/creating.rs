//! How stacks are made, and deleted.

use super::*;

#[tokio::test]
async fn a_stack_is_made_in_the_order_of_its_needs() {
    let fixture = PortsFixture::usual();
    let stack = fixture.deployed(&create("first", &hello())).await;
    assert_eq!(stack.status.as_str(), "CREATE_COMPLETE");
    let arn = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:fenrir-hello in {REGION}");
    assert_eq!(stack.outputs, [("Function".to_owned(), arn)].into());
    insta::assert_snapshot!(fixture.told().await);
}

#[tokio::test]
async fn what_does_not_depend_on_each_other_is_made_at_the_same_time() {
    let fixture = PortsFixture::usual();
    let queue = json!({"Type": "AWS::SQS::Queue"});
    fixture.begin(&create("first", &json!({"Resources": {"one": queue, "two": queue, "three": queue}}))).await;
    fixture.advance(5);
    assert_eq!(fixture.stack().await.status.as_str(), "CREATE_COMPLETE");
}

#[tokio::test]
async fn a_first_try_that_fails_is_rolled_back_whole() {
    let fixture =
        PortsFixture::of(&json!({"behaviour": {"hello": {"fails": "create", "reason": "no room", "seconds": 2}}}));
    let stack = fixture.deployed(&create("first", &hello())).await;
    assert_eq!(stack.status.as_str(), "ROLLBACK_COMPLETE");
    assert_eq!((stack.outputs.len(), fixture.stored().resources.len(), fixture.region().names.len()), (0, 0, 0));
    insta::assert_snapshot!(fixture.told().await);
}

#[tokio::test]
async fn a_stack_that_was_rolled_back_has_to_be_deleted_before_the_next_try() {
    let fixture = PortsFixture::of(&json!({"behaviour": {"hello": {"fails": "create"}}}));
    let arn = fixture.deployed(&create("first", &hello())).await.id;
    let refused = fixture.create_change_set(&update("second", &hello())).await.unwrap_err();
    assert_eq!(refused.message, format!("Stack:{arn} is in ROLLBACK_COMPLETE state and can not be updated."));
    assert_eq!(fixture.create_change_set(&create("second", &hello())).await.unwrap_err().code, "ValidationError");
    fixture.ports.stacks.delete_stack(STACK, "token").await.unwrap();
    fixture.change_region(|region| region.behaviour.clear());
    let stack = fixture.deployed(&create("second", &hello())).await;
    assert_eq!(stack.status.as_str(), "CREATE_COMPLETE");
    assert_ne!(stack.id, arn);
}

#[tokio::test]
async fn what_was_begun_beside_a_failure_is_cancelled() {
    let fixture = PortsFixture::of(&json!({"behaviour": {"one": {"fails": "create", "seconds": 2}}}));
    let queue = json!({"Type": "AWS::SQS::Queue"});
    fixture.begin(&create("first", &json!({"Resources": {"one": queue, "two": queue}}))).await;
    fixture.advance(2);
    let told = fixture.told().await;
    assert!(told.contains("CREATE_FAILED two Resource creation cancelled"), "{told}");
    assert_eq!(
        fixture.stack().await.status_reason.unwrap(),
        "The following resource(s) failed to create: [one, two]. Rollback requested by user."
    );
}

#[tokio::test]
async fn code_that_is_not_there_fails_its_function() {
    let fixture = PortsFixture::usual();
    let template = hello_with("CodeUri", "s3://releases/missing.zip".into());
    let stack = fixture.deployed(&create("first", &template)).await;
    assert_eq!(stack.status.as_str(), "ROLLBACK_COMPLETE");
    assert!(fixture.told().await.contains("Error occurred while GetObject. S3 Error Code: NoSuchKey."));
}

#[tokio::test]
async fn a_roll_back_that_fails_leaves_what_it_could_not_delete() {
    let behaviour = json!({"hello": {"fails": "create"}, "helloRole": {"fails": "rollback", "reason": "in use"}});
    let fixture = PortsFixture::of(&json!({"behaviour": behaviour}));
    let stack = fixture.deployed(&create("first", &hello())).await;
    assert_eq!(stack.status.as_str(), "ROLLBACK_FAILED");
    assert_eq!(stack.status_reason.unwrap(), "The following resource(s) failed to delete: [helloRole]. ");
    assert_eq!(fixture.stored().resources.into_keys().collect::<Vec<_>>(), ["helloRole", "table"]);
}

#[tokio::test]
async fn a_deleted_stack_leaves_behind_what_is_to_be_retained() {
    let fixture = PortsFixture::usual();
    let arn = fixture.deployed(&create("first", &hello())).await.id;
    fixture.ports.stacks.delete_stack(STACK, "token").await.unwrap();
    fixture.advance(100);
    assert_eq!(fixture.ports.stacks.stack(STACK).await.unwrap(), None);
    let told = fixture.told_of(&arn).await;
    assert!(told.contains("DELETE_SKIPPED table") && told.contains("DELETE_COMPLETE hello"), "{told}");
    // And that is in the way of another of its name.
    assert_eq!(fixture.deployed(&create("again", &hello())).await.status.as_str(), "ROLLBACK_COMPLETE");
    let told = fixture.told().await;
    assert!(told.contains("with identifier 'fenrir-table' already exists."), "{told}");
}

#[tokio::test]
async fn a_stack_that_cannot_be_deleted_can_be_tried_again() {
    let fixture = PortsFixture::of(&json!({"behaviour": {"helloRole": {"fails": "delete"}}}));
    fixture.deployed(&create("first", &hello())).await;
    fixture.ports.stacks.delete_stack(STACK, "token").await.unwrap();
    fixture.advance(100);
    assert_eq!(fixture.stack().await.status.as_str(), "DELETE_FAILED");
    fixture.change_region(|region| region.behaviour.clear());
    fixture.ports.stacks.delete_stack(STACK, "token").await.unwrap();
    fixture.advance(100);
    assert_eq!(fixture.ports.stacks.stack(STACK).await.unwrap(), None);
}
