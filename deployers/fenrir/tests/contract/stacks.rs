//! How stacks come up, change and go.

use super::fixture::{REGION, RegionFixture, STACK, changed_template, code, create, tags, template, update};
use chrono::DateTime;

pub async fn a_stack_comes_up_and_tells_what_it_is(fixture: RegionFixture) {
    let stack = fixture.made().await;
    let account = &fixture.account;
    let beginning = format!("arn:aws:cloudformation:{REGION}:{account}:stack/{STACK}/");
    assert!(stack.id.starts_with(&beginning), "{}", stack.id);
    assert_eq!(stack.name, STACK);
    assert_eq!(stack.tags, tags(&[("ProjectName", "coinbase/deploy-test"), ("ConfigName", "development")]));
    let queue = format!("arn:aws:sqs:{REGION}:{account}:story-queue");
    assert_eq!(stack.outputs, tags(&[("Table", "story-table"), ("Queue", &queue)]));
    assert_eq!(fixture.ports.stacks.template(STACK).await, Ok(Some(template())));
    let by_arn = fixture.ports.stacks.stack(&stack.id).await.unwrap();
    assert_eq!(by_arn, Some(stack));
}

pub async fn its_events_are_told_oldest_first_and_from_any_time_on(fixture: RegionFixture) {
    fixture.made().await;
    let all = fixture.ports.stacks.events(STACK, DateTime::UNIX_EPOCH).await.unwrap();
    assert!(all.is_sorted_by_key(|event| event.timestamp));
    let told: Vec<_> = all.iter().map(|event| (event.logical_id.as_str(), event.status.as_str())).collect();
    let position =
        |event| told.iter().position(|told| *told == event).unwrap_or_else(|| panic!("{event:?} in {told:?}"));
    let order = [
        position((STACK, "CREATE_IN_PROGRESS")),
        position(("table", "CREATE_COMPLETE")),
        position(("queue", "CREATE_COMPLETE")),
        position((STACK, "CREATE_COMPLETE")),
    ];
    assert!(order.is_sorted(), "{told:?}");
    let last = all.last().unwrap();
    let since = fixture.ports.stacks.events(STACK, last.timestamp).await.unwrap();
    assert!(since.contains(last) && since.iter().all(|event| event.timestamp >= last.timestamp));
}

pub async fn an_update_changes_what_the_template_changes(fixture: RegionFixture) {
    fixture.made().await;
    fixture.deploy(&update("second", &changed_template())).await;
    let stack = fixture.stack("UPDATE_COMPLETE").await;
    assert_eq!(stack.outputs["Table"], "story-table");
    assert_eq!(fixture.ports.stacks.template(STACK).await, Ok(Some(changed_template())));
}

pub async fn an_update_that_is_not_in_progress_cannot_be_cancelled(fixture: RegionFixture) {
    fixture.made().await;
    assert_eq!(code(fixture.ports.stacks.cancel_update(STACK, "token").await), "ValidationError");
}

pub async fn a_change_set_that_is_not_there_cannot_be_executed(fixture: RegionFixture) {
    fixture.ports.stacks.create_change_set(&create("first", &template())).await.unwrap();
    let refused = fixture.ports.stacks.execute_change_set(STACK, "second", "second").await;
    assert_eq!(code(refused), "ChangeSetNotFound");
}

pub async fn a_stack_that_nobody_touched_has_not_drifted(fixture: RegionFixture) {
    fixture.made().await;
    let id = fixture.ports.stacks.detect_drift(STACK).await.unwrap();
    let drift = fixture.until("drift is known", async |ports| ports.stacks.drift(STACK, &id).await.unwrap()).await;
    assert_eq!((drift.status.as_str(), drift.resources), ("IN_SYNC", Vec::new()));
}

pub async fn a_deleted_stack_is_found_by_its_arn_alone(fixture: RegionFixture) {
    let arn = fixture.made().await.id;
    fixture.ports.stacks.delete_stack(STACK, "delete").await.unwrap();
    fixture
        .until("the stack is gone", async |ports| ports.stacks.stack(STACK).await.unwrap().is_none().then_some(()))
        .await;
    let stack = fixture.ports.stacks.stack(&arn).await.unwrap().unwrap();
    assert_eq!(stack.status.as_str(), "DELETE_COMPLETE");
}
