//! Creation of change sets.

use super::fixture::{RegionFixture, STACK, changed_template, code, create, proof, template, update};
use bifrost::cloud::ErrorKind;
use fenrir::cloud::{ChangeAction, NewChangeSet, Replacement, TemplateSource};
use serde_json::json;

pub async fn change_set_of_a_new_stack_adds_all(fixture: RegionFixture) {
    fixture.ports.stacks.create_change_set(&proof(), &create("first", &template())).await.unwrap();
    let change_set = fixture.change_set("first").await;
    assert_eq!((change_set.status.as_str(), change_set.execution_status.as_str()), ("CREATE_COMPLETE", "AVAILABLE"));
    let mut added: Vec<_> = change_set
        .changes
        .iter()
        .map(|change| (change.action, change.logical_id.as_str(), change.resource_type.as_str()))
        .collect();
    added.sort_by_key(|(_, logical_id, _)| *logical_id);
    let expected =
        [(ChangeAction::Add, "queue", "AWS::SQS::Queue"), (ChangeAction::Add, "table", "AWS::DynamoDB::Table")];
    assert_eq!(added, expected);
    let stack = fixture.stack("REVIEW_IN_PROGRESS").await;
    assert_eq!((stack.name.as_str(), stack.outputs.len()), (STACK, 0));
}

pub async fn missing_stack_is_none(fixture: RegionFixture) {
    let stacks = &fixture.ports.stacks;
    assert_eq!(stacks.stack(STACK).await, Ok(None));
    assert_eq!(stacks.change_set(STACK, "first").await, Ok(None));
    assert_eq!(stacks.template(STACK).await, Ok(None));
    assert_eq!(stacks.events(STACK, chrono::DateTime::UNIX_EPOCH).await, Ok(Vec::new()));
    assert_eq!(stacks.delete_stack(&proof(), STACK, "token").await, Ok(()));
    assert_eq!(stacks.delete_change_set(&proof(), STACK, "first").await, Ok(()));
}

pub async fn creating_a_change_set_is_idempotent(fixture: RegionFixture) {
    let new = create("first", &template());
    fixture.ports.stacks.create_change_set(&proof(), &new).await.unwrap();
    let change_set = fixture.change_set("first").await;
    fixture.ports.stacks.create_change_set(&proof(), &new).await.unwrap();
    assert_eq!(fixture.change_set("first").await.id, change_set.id);
}

pub async fn change_set_shows_its_expanded_template(fixture: RegionFixture) {
    let sam = json!({
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {"table": {"Type": "AWS::Serverless::SimpleTable", "Properties": {"TableName": "expanded"}}},
    });
    fixture.ports.stacks.create_change_set(&proof(), &create("first", &sam)).await.unwrap();
    let id = fixture.change_set("first").await.id;
    let expanded = fixture.ports.expansions.expanded_template(STACK, &id).await.unwrap().unwrap();
    assert_eq!(expanded.get("Transform"), None);
    assert_eq!(expanded["Resources"]["table"]["Type"], "AWS::DynamoDB::Table");
    assert_eq!(fixture.ports.stacks.change_set_template(STACK, &id).await.unwrap().unwrap(), sam);
}

pub async fn change_set_name_is_unique(fixture: RegionFixture) {
    fixture.ports.stacks.create_change_set(&proof(), &create("first", &template())).await.unwrap();
    let other = NewChangeSet { token: "other".into(), ..create("first", &changed_template()) };
    let refused = fixture.ports.stacks.create_change_set(&proof(), &other).await.unwrap_err();
    assert_eq!((refused.kind, refused.code.as_str()), (ErrorKind::AlreadyExists, "AlreadyExistsException"));
}

pub async fn existing_stack_cannot_be_created(fixture: RegionFixture) {
    fixture.created().await;
    let refused = fixture.ports.stacks.create_change_set(&proof(), &create("second", &template())).await.unwrap_err();
    let expected = format!("Stack [{STACK}] already exists and cannot be created again with the changeSet [second].");
    assert_eq!((refused.code.as_str(), refused.message), ("ValidationError", expected));
}

pub async fn missing_stack_cannot_be_updated(fixture: RegionFixture) {
    let refused = fixture.ports.stacks.create_change_set(&proof(), &update("first", &template())).await;
    assert_eq!(code(refused), "ValidationError");
}

pub async fn changes_list_properties(fixture: RegionFixture) {
    fixture.created().await;
    let mut template = changed_template();
    template["Resources"]["more"] = json!({"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "more"}});
    template["Resources"].as_object_mut().unwrap().remove("table");
    template["Resources"]["queue"].as_object_mut().unwrap().remove("DependsOn");
    template["Outputs"].as_object_mut().unwrap().remove("Table");
    fixture.ports.stacks.create_change_set(&proof(), &update("second", &template)).await.unwrap();
    let mut changes = fixture.change_set("second").await.changes;
    changes.sort_by(|one, other| one.logical_id.cmp(&other.logical_id));
    let actions: Vec<_> = changes.iter().map(|change| (change.logical_id.as_str(), change.action)).collect();
    let expected = [("more", ChangeAction::Add), ("queue", ChangeAction::Modify), ("table", ChangeAction::Remove)];
    assert_eq!(actions, expected);
    assert_eq!(changes[1].scope, ["VisibilityTimeout"]);
    assert_eq!(changes[1].replacement, Some(Replacement::False));
    assert!(changes[1].physical_id.as_ref().unwrap().ends_with("contract-queue"), "{changes:?}");
}

pub async fn change_set_without_changes_fails(fixture: RegionFixture) {
    fixture.created().await;
    fixture.ports.stacks.create_change_set(&proof(), &update("second", &template())).await.unwrap();
    let change_set = fixture.change_set("second").await;
    assert_eq!((change_set.status.as_str(), change_set.execution_status.as_str()), ("FAILED", "UNAVAILABLE"));
    assert!(change_set.status_reason.unwrap().starts_with("The submitted information didn't contain changes."));
    let refused = fixture.ports.stacks.execute_change_set(&proof(), STACK, "second", "second").await.unwrap_err();
    assert_eq!((refused.kind, refused.code.as_str()), (ErrorKind::Conflict, "InvalidChangeSetStatus"));
}

pub async fn template_is_read_from_s3(fixture: RegionFixture) {
    let url = (fixture.seeded.put)("some/release/template", &template().to_string());
    let new = NewChangeSet { template: TemplateSource::Url(url), ..create("first", &json!({})) };
    fixture.ports.stacks.create_change_set(&proof(), &new).await.unwrap();
    assert_eq!(fixture.change_set("first").await.changes.len(), 2);
}

pub async fn invalid_template_is_refused(fixture: RegionFixture) {
    for text in ["{", "{}"] {
        let template = TemplateSource::Body(text.into());
        let new = NewChangeSet { template, ..create("first", &json!({})) };
        assert_eq!(code(fixture.ports.stacks.create_change_set(&proof(), &new).await), "ValidationError", "{text}");
    }
}

pub async fn deleted_change_set_is_none(fixture: RegionFixture) {
    fixture.ports.stacks.create_change_set(&proof(), &create("first", &template())).await.unwrap();
    let arn = fixture.change_set("first").await.id;
    fixture.ports.stacks.delete_change_set(&proof(), STACK, &arn).await.unwrap();
    assert_eq!(fixture.ports.stacks.change_set(STACK, "first").await, Ok(None));
    assert_eq!(fixture.ports.stacks.delete_change_set(&proof(), STACK, "first").await, Ok(()));
}
