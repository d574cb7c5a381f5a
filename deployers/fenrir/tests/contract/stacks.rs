//! How stacks come up, change and go.

use super::place::{Place, REGION, STACK, changed_template, code, create, tags, template, update};
use chrono::DateTime;

pub async fn a_stack_comes_up_and_tells_what_it_is(place: Place) {
    let stack = place.made().await;
    let account = &place.account;
    let beginning = format!("arn:aws:cloudformation:{REGION}:{account}:stack/{STACK}/");
    assert!(stack.id.starts_with(&beginning), "{}", stack.id);
    assert_eq!(stack.name, STACK);
    assert_eq!(stack.tags, tags(&[("ProjectName", "coinbase/deploy-test"), ("ConfigName", "development")]));
    let queue = format!("arn:aws:sqs:{REGION}:{account}:story-queue");
    assert_eq!(stack.outputs, tags(&[("Table", "story-table"), ("Queue", &queue)]));
    assert_eq!(place.ports.stacks.template(STACK).await, Ok(Some(template())));
    let by_arn = place.ports.stacks.stack(&stack.id).await.unwrap();
    assert_eq!(by_arn, Some(stack));
}

pub async fn its_events_are_told_oldest_first_and_from_any_time_on(place: Place) {
    place.made().await;
    let all = place.ports.stacks.events(STACK, DateTime::UNIX_EPOCH).await.unwrap();
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
    let since = place.ports.stacks.events(STACK, last.timestamp).await.unwrap();
    assert!(since.contains(last) && since.iter().all(|event| event.timestamp >= last.timestamp));
}

pub async fn an_update_changes_what_the_template_changes(place: Place) {
    place.made().await;
    place.deploy(&update("second", &changed_template())).await;
    let stack = place.stack("UPDATE_COMPLETE").await;
    assert_eq!(stack.outputs["Table"], "story-table");
    assert_eq!(place.ports.stacks.template(STACK).await, Ok(Some(changed_template())));
}

pub async fn an_update_that_is_not_in_progress_cannot_be_cancelled(place: Place) {
    place.made().await;
    assert_eq!(code(place.ports.stacks.cancel_update(STACK, "token").await), "ValidationError");
}

pub async fn a_change_set_that_is_not_there_cannot_be_executed(place: Place) {
    place.ports.stacks.create_change_set(&create("first", &template())).await.unwrap();
    let refused = place.ports.stacks.execute_change_set(STACK, "second", "second").await;
    assert_eq!(code(refused), "ChangeSetNotFound");
}

pub async fn a_stack_that_nobody_touched_has_not_drifted(place: Place) {
    place.made().await;
    let id = place.ports.stacks.detect_drift(STACK).await.unwrap();
    let drift = place.until("drift is known", async |ports| ports.stacks.drift(STACK, &id).await.unwrap()).await;
    assert_eq!((drift.status.as_str(), drift.resources), ("IN_SYNC", Vec::new()));
}

pub async fn a_deleted_stack_is_found_by_its_arn_alone(place: Place) {
    let arn = place.made().await.id;
    place.ports.stacks.delete_stack(STACK, "delete").await.unwrap();
    place
        .until("the stack is gone", async |ports| ports.stacks.stack(STACK).await.unwrap().is_none().then_some(()))
        .await;
    let stack = place.ports.stacks.stack(&arn).await.unwrap().unwrap();
    assert_eq!(stack.status.as_str(), "DELETE_COMPLETE");
}
