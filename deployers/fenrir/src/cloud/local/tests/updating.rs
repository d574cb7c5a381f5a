//! How stacks change, and how they come back where that fails.

use super::*;
use crate::cloud::local::StoredDrift;
use crate::cloud::{Drift, DriftedResource};

/// The key of the code that the function runs.
fn code(place: &Place) -> String {
    place.stored().resources["hello"].properties["Code"]["S3Key"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_update_touches_what_has_changed_and_nothing_else() {
    let place = Place::usual();
    place.deployed(&create("first", &hello())).await;
    place.change_region(|region| region.stacks.values_mut().for_each(|stack| stack.events.clear()));
    let stack = place.deployed(&update("second", &new_code())).await;
    assert_eq!((stack.status.as_str(), code(&place).as_str()), ("UPDATE_COMPLETE", "two.zip"));
    insta::assert_snapshot!(place.told().await);
}

#[tokio::test]
async fn an_update_that_fails_is_rolled_back_and_the_old_code_still_runs() {
    let place = Place::usual();
    place.deployed(&create("first", &hello())).await;
    let before = place.stored();
    place.change_region(|region| {
        region.stacks.values_mut().for_each(|stack| stack.events.clear());
        region.behaviour = json::read(&json!({"hello": {"fails": "update", "reason": "no room"}})).unwrap();
    });
    let mut template = new_code();
    template["Resources"]["queue"] = json!({"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q"}});
    let stack = place.deployed(&update("second", &template)).await;
    assert_eq!((stack.status.as_str(), code(&place).as_str()), ("UPDATE_ROLLBACK_COMPLETE", "one.zip"));
    let after = place.stored();
    assert_eq!(
        (&after.resources, &after.template, &after.outputs),
        (&before.resources, &before.template, &before.outputs)
    );
    insta::assert_snapshot!(place.told().await);
    // It can be tried again.
    place.change_region(|region| region.behaviour.clear());
    assert_eq!(place.deployed(&update("third", &template)).await.status.as_str(), "UPDATE_COMPLETE");
}

#[tokio::test]
async fn a_roll_back_of_an_update_that_fails_is_told() {
    let place = Place::usual();
    place.deployed(&create("first", &hello())).await;
    let behaviour = json!({"hello": {"fails": "update"}, "helloRole": {"fails": "rollback", "reason": "denied"}});
    place.change_region(|region| region.behaviour = json::read(&behaviour).unwrap());
    let mut template = new_code();
    template["Resources"]["hello"]["Properties"]["Policies"] = json!([{"VPCAccessPolicy": {}}]);
    let stack = place.deployed(&update("second", &template)).await;
    assert_eq!(stack.status.as_str(), "UPDATE_ROLLBACK_FAILED");
    assert_eq!(stack.status_reason.unwrap(), "The following resource(s) failed to update: [helloRole]. ");
    assert_eq!(place.create_change_set(&update("third", &hello())).await.unwrap_err().code, "ValidationError");
}

#[tokio::test]
async fn a_cancelled_update_is_rolled_back() {
    let place = Place::usual();
    place.deployed(&create("first", &hello())).await;
    place.begin(&update("second", &new_code())).await;
    place.pass(2);
    place.ports.stacks.cancel_update(STACK, "cancel").await.unwrap();
    let stack = place.stack().await;
    assert_eq!(stack.status.as_str(), "UPDATE_ROLLBACK_IN_PROGRESS");
    let refused = place.ports.stacks.cancel_update(STACK, "cancel").await.unwrap_err();
    assert_eq!(refused.message, "CancelUpdateStack cannot be called from current stack status");
    place.pass(100);
    assert_eq!((place.stack().await.status.as_str(), code(&place).as_str()), ("UPDATE_ROLLBACK_COMPLETE", "one.zip"));
    assert!(place.told().await.contains("UPDATE_FAILED hello Resource update cancelled"));
}

#[tokio::test]
async fn what_cannot_be_changed_in_place_is_replaced_and_then_deleted() {
    let place = Place::usual();
    let template = |fifo: &str| {
        json!({
            "Resources": {"queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": fifo}}},
            "Outputs": {"Queue": {"Value": {"Fn::GetAtt": ["queue", "QueueName"]}}},
        })
    };
    place.deployed(&create("first", &template("one"))).await;
    place.change_region(|region| region.stacks.values_mut().for_each(|stack| stack.events.clear()));
    let stack = place.deployed(&update("second", &template("two"))).await;
    assert_eq!(stack.outputs["Queue"], "two");
    assert_eq!(place.region().names.len(), 1);
    insta::assert_snapshot!(place.told().await);
}

#[tokio::test]
async fn what_is_named_by_its_template_cannot_be_replaced() {
    let place = Place::usual();
    place.deployed(&create("first", &hello())).await;
    let mut template = hello();
    template["Resources"]["table"]["Properties"]["PrimaryKey"] = json!({"Name": "other", "Type": "Number"});
    assert_eq!(place.deployed(&update("second", &template)).await.status.as_str(), "UPDATE_ROLLBACK_COMPLETE");
    let told = place.told().await;
    let reason = "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename fenrir-table and update the stack again.";
    assert!(told.contains(reason), "{told}");
}

#[tokio::test]
async fn traffic_moves_to_a_new_version_as_slowly_as_its_preference_says() {
    let place = Place::usual();
    let shifting = |code: &str| {
        let mut template = hello_with("CodeUri", format!("s3://releases/{code}.zip").into());
        let function = &mut template["Resources"]["hello"]["Properties"];
        function["AutoPublishAlias"] = "live".into();
        function["DeploymentPreference"] = json!({"Type": "Canary10Percent5Minutes", "Alarms": ["errors"]});
        template
    };
    place.deployed(&create("first", &shifting("one"))).await;
    place.begin(&update("second", &shifting("two"))).await;
    place.pass(299);
    assert_eq!(place.stack().await.status.as_str(), "UPDATE_IN_PROGRESS");
    place.pass(10);
    assert_eq!(place.stack().await.status.as_str(), "UPDATE_COMPLETE");
    place.change_region(|region| region.alarms_in_alarm = ["errors".to_owned()].into());
    assert_eq!(place.deployed(&update("third", &shifting("one"))).await.status.as_str(), "UPDATE_ROLLBACK_COMPLETE");
    let told = place.told().await;
    assert!(told.contains("UPDATE_FAILED helloAliaslive One or more alarms have been activated"), "{told}");
}

#[tokio::test]
async fn what_is_no_longer_in_the_template_goes_unless_it_is_to_be_retained() {
    let place = Place::usual();
    let mut template = hello();
    template["Resources"]["queue"] = json!({"Type": "AWS::SQS::Queue"});
    template["Resources"]["kept"] = json!({"Type": "AWS::SQS::Queue", "DeletionPolicy": "Retain"});
    place.deployed(&create("first", &template)).await;
    assert_eq!(place.deployed(&update("second", &hello())).await.status.as_str(), "UPDATE_COMPLETE");
    let told = place.told().await;
    assert!(told.contains("DELETE_COMPLETE queue") && told.contains("DELETE_SKIPPED kept"), "{told}");
    assert_eq!(place.stored().resources.into_keys().collect::<Vec<_>>(), ["hello", "helloRole", "table"]);
}

#[tokio::test]
async fn code_that_has_not_changed_is_not_fetched_again() {
    let place = Place::usual();
    place.deployed(&create("first", &hello())).await;
    let forget = |world: &mut World<FenrirAccount>| {
        let buckets = world.accounts.values_mut().flat_map(|account| account.buckets.values_mut());
        buckets.for_each(|bucket| bucket.objects.clear());
    };
    place.store.transact(forget).unwrap();
    assert_eq!(
        place.deployed(&update("second", &hello_with("Timeout", 9.into()))).await.status.as_str(),
        "UPDATE_COMPLETE"
    );
    assert_eq!(place.deployed(&update("third", &new_code())).await.status.as_str(), "UPDATE_ROLLBACK_COMPLETE");
}

#[tokio::test]
async fn what_somebody_changed_past_cloud_formation_is_found() {
    let place = Place::usual();
    place.deployed(&create("first", &hello_with("MemorySize", 128.into()))).await;
    place.change_region(|region| {
        let resources = &mut region.stacks.values_mut().next().unwrap().resources;
        let found = [("/MemorySize".to_owned(), 512.into())].into();
        resources.get_mut("hello").unwrap().drift = Some(StoredDrift::Modified(found));
        resources.get_mut("table").unwrap().drift = Some(StoredDrift::Deleted);
    });
    let id = place.ports.stacks.detect_drift(STACK).await.unwrap();
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
    let found = place.ports.stacks.drift(STACK, &id).await.unwrap();
    assert_eq!(found, Some(Drift { status: "DRIFTED".into(), resources }));
}
