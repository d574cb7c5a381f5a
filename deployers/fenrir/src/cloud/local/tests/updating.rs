//! Updates of stacks, and their rollbacks.

use super::*;
use crate::cloud::local::StoredDrift;
use crate::cloud::{Drift, DriftedResource};

/// The S3 key of the function's code.
fn code(fixture: &PortsFixture) -> String {
    fixture.stored().resources["hello"].properties["Code"]["S3Key"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn update_changes_only_what_differs() {
    let fixture = PortsFixture::empty();
    fixture.deployed(&create("first", &hello())).await;
    fixture.change_region(|region| region.stacks.values_mut().for_each(|stack| stack.events.clear()));
    let stack = fixture.deployed(&update("second", &new_code())).await;
    assert_eq!((stack.status.as_str(), code(&fixture).as_str()), ("UPDATE_COMPLETE", "two.zip"));
    insta::assert_snapshot!(fixture.event_lines().await);
}

#[tokio::test]
async fn failed_update_restores_the_old_code() {
    let fixture = PortsFixture::empty();
    fixture.deployed(&create("first", &hello())).await;
    let before = fixture.stored();
    fixture.change_region(|region| {
        region.stacks.values_mut().for_each(|stack| stack.events.clear());
        region.behaviour = json::read(&json!({"hello": {"fails": "update", "reason": "no room"}})).unwrap();
    });
    let mut template = new_code();
    template["Resources"]["queue"] = json!({"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q"}});
    let stack = fixture.deployed(&update("second", &template)).await;
    assert_eq!((stack.status.as_str(), code(&fixture).as_str()), ("UPDATE_ROLLBACK_COMPLETE", "one.zip"));
    let after = fixture.stored();
    assert_eq!(
        (&after.resources, &after.template, &after.outputs),
        (&before.resources, &before.template, &before.outputs)
    );
    insta::assert_snapshot!(fixture.event_lines().await);
    // Another update can succeed.
    fixture.change_region(|region| region.behaviour.clear());
    assert_eq!(fixture.deployed(&update("third", &template)).await.status.as_str(), "UPDATE_COMPLETE");
}

#[tokio::test]
async fn failed_rollback_of_an_update_is_reported() {
    let fixture = PortsFixture::empty();
    fixture.deployed(&create("first", &hello())).await;
    let behaviour = json!({"hello": {"fails": "update"}, "helloRole": {"fails": "rollback", "reason": "denied"}});
    fixture.change_region(|region| region.behaviour = json::read(&behaviour).unwrap());
    let mut template = new_code();
    template["Resources"]["hello"]["Properties"]["Policies"] = json!([{"VPCAccessPolicy": {}}]);
    let stack = fixture.deployed(&update("second", &template)).await;
    assert_eq!(stack.status.as_str(), "UPDATE_ROLLBACK_FAILED");
    assert_eq!(stack.status_reason.unwrap(), "The following resource(s) failed to update: [helloRole]. ");
    assert_eq!(fixture.create_change_set(&update("third", &hello())).await.unwrap_err().code, "ValidationError");
}

#[tokio::test]
async fn cancelled_update_is_rolled_back() {
    let fixture = PortsFixture::empty();
    fixture.deployed(&create("first", &hello())).await;
    fixture.start(&update("second", &new_code())).await;
    fixture.advance(2);
    fixture.ports.stacks.cancel_update(&proof(), STACK, "cancel").await.unwrap();
    let stack = fixture.stack().await;
    assert_eq!(stack.status.as_str(), "UPDATE_ROLLBACK_IN_PROGRESS");
    let refused = fixture.ports.stacks.cancel_update(&proof(), STACK, "cancel").await.unwrap_err();
    assert_eq!(refused.message, "CancelUpdateStack cannot be called from current stack status");
    fixture.advance(100);
    assert_eq!(
        (fixture.stack().await.status.as_str(), code(&fixture).as_str()),
        ("UPDATE_ROLLBACK_COMPLETE", "one.zip")
    );
    assert!(fixture.event_lines().await.contains("UPDATE_FAILED hello Resource update cancelled"));
}

#[tokio::test]
async fn immutable_property_replaces_the_resource() {
    let fixture = PortsFixture::empty();
    let template = |fifo: &str| {
        json!({
            "Resources": {"queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": fifo}}},
            "Outputs": {"Queue": {"Value": {"Fn::GetAtt": ["queue", "QueueName"]}}},
        })
    };
    fixture.deployed(&create("first", &template("one"))).await;
    fixture.change_region(|region| region.stacks.values_mut().for_each(|stack| stack.events.clear()));
    let stack = fixture.deployed(&update("second", &template("two"))).await;
    assert_eq!(stack.outputs["Queue"], "two");
    assert_eq!(fixture.region().names.len(), 1);
    insta::assert_snapshot!(fixture.event_lines().await);
}

#[tokio::test]
async fn custom_named_resource_cannot_be_replaced() {
    let fixture = PortsFixture::empty();
    fixture.deployed(&create("first", &hello())).await;
    let mut template = hello();
    template["Resources"]["table"]["Properties"]["PrimaryKey"] = json!({"Name": "other", "Type": "Number"});
    assert_eq!(fixture.deployed(&update("second", &template)).await.status.as_str(), "UPDATE_ROLLBACK_COMPLETE");
    let events = fixture.event_lines().await;
    let reason = "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename fenrir-table and update the stack again.";
    assert!(events.contains(reason), "{events}");
}

#[tokio::test]
async fn traffic_shifts_as_the_preference_says() {
    let fixture = PortsFixture::empty();
    let shifting = |code: &str| {
        let mut template = hello_with("CodeUri", format!("s3://releases/{code}.zip").into());
        let function = &mut template["Resources"]["hello"]["Properties"];
        function["AutoPublishAlias"] = "live".into();
        function["DeploymentPreference"] = json!({"Type": "Canary10Percent5Minutes", "Alarms": ["errors"]});
        template
    };
    fixture.deployed(&create("first", &shifting("one"))).await;
    fixture.start(&update("second", &shifting("two"))).await;
    fixture.advance(299);
    assert_eq!(fixture.stack().await.status.as_str(), "UPDATE_IN_PROGRESS");
    fixture.advance(10);
    assert_eq!(fixture.stack().await.status.as_str(), "UPDATE_COMPLETE");
    fixture.change_region(|region| region.alarms_in_alarm = ["errors".to_owned()].into());
    assert_eq!(fixture.deployed(&update("third", &shifting("one"))).await.status.as_str(), "UPDATE_ROLLBACK_COMPLETE");
    let events = fixture.event_lines().await;
    assert!(events.contains("UPDATE_FAILED helloAliaslive One or more alarms have been activated"), "{events}");
}

#[tokio::test]
async fn removed_resource_is_deleted_unless_retained() {
    let fixture = PortsFixture::empty();
    let mut template = hello();
    template["Resources"]["queue"] = json!({"Type": "AWS::SQS::Queue"});
    template["Resources"]["kept"] = json!({"Type": "AWS::SQS::Queue", "DeletionPolicy": "Retain"});
    fixture.deployed(&create("first", &template)).await;
    assert_eq!(fixture.deployed(&update("second", &hello())).await.status.as_str(), "UPDATE_COMPLETE");
    let events = fixture.event_lines().await;
    assert!(events.contains("DELETE_COMPLETE queue") && events.contains("DELETE_SKIPPED kept"), "{events}");
    assert_eq!(fixture.stored().resources.into_keys().collect::<Vec<_>>(), ["hello", "helloRole", "table"]);
}

#[tokio::test]
async fn unchanged_code_is_not_fetched_again() {
    let fixture = PortsFixture::empty();
    fixture.deployed(&create("first", &hello())).await;
    let forget = |state: &mut LocalState<FenrirAccount>| {
        let buckets = state.accounts.values_mut().flat_map(|account| account.buckets.values_mut());
        buckets.for_each(|bucket| bucket.objects.clear());
    };
    fixture.store.transact(forget).unwrap();
    assert_eq!(
        fixture.deployed(&update("second", &hello_with("Timeout", 9.into()))).await.status.as_str(),
        "UPDATE_COMPLETE"
    );
    assert_eq!(fixture.deployed(&update("third", &new_code())).await.status.as_str(), "UPDATE_ROLLBACK_COMPLETE");
}

#[tokio::test]
async fn drift_is_detected() {
    let fixture = PortsFixture::empty();
    fixture.deployed(&create("first", &hello_with("MemorySize", 128.into()))).await;
    fixture.change_region(|region| {
        let resources = &mut region.stacks.values_mut().next().unwrap().resources;
        let found = [("/MemorySize".to_owned(), 512.into())].into();
        resources.get_mut("hello").unwrap().drift = Some(StoredDrift::Modified(found));
        resources.get_mut("table").unwrap().drift = Some(StoredDrift::Deleted);
    });
    let id = fixture.ports.stacks.detect_drift(STACK).await.unwrap();
    let drifted = |logical_id: &str, resource_type: &str, status: &str, differences| DriftedResource {
        logical_id: logical_id.into(),
        resource_type: resource_type.into(),
        status: status.into(),
        differences,
    };
    let memory = vec![("/MemorySize".to_owned(), "128".to_owned(), "512".to_owned())];
    let resources = vec![
        drifted("hello", "AWS::Lambda::Function", "MODIFIED", memory),
        drifted("table", "AWS::DynamoDB::Table", "DELETED", Vec::new()),
    ];
    let found = fixture.ports.stacks.drift(STACK, &id).await.unwrap();
    assert_eq!(found, Some(Drift { status: "DRIFTED".into(), resources }));
}
