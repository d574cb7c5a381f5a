//! Creation, update and deletion of stacks.

use super::fixture::{REGION, RegionFixture, STACK, changed_template, code, create, proof, tags, template, update};
use chrono::DateTime;

pub async fn created_stack_is_described(fixture: RegionFixture) {
    let stack = fixture.created().await;
    let account = &fixture.account;
    let beginning = format!("arn:aws:cloudformation:{REGION}:{account}:stack/{STACK}/");
    assert!(stack.id.starts_with(&beginning), "{}", stack.id);
    assert_eq!(stack.name, STACK);
    assert_eq!(stack.tags, tags(&[("ProjectName", "coinbase/deploy-test"), ("ConfigName", "development")]));
    let queue = format!("arn:aws:sqs:{REGION}:{account}:contract-queue");
    assert_eq!(stack.outputs, tags(&[("Table", "contract-table"), ("Queue", &queue)]));
    assert_eq!(fixture.ports.stacks.template(STACK).await, Ok(Some(template())));
    let by_arn = fixture.ports.stacks.stack(&stack.id).await.unwrap();
    assert_eq!(by_arn, Some(stack));
}

pub async fn events_are_oldest_first_since_a_time(fixture: RegionFixture) {
    fixture.created().await;
    let all = fixture.ports.stacks.events(STACK, DateTime::UNIX_EPOCH).await.unwrap();
    assert!(all.is_sorted_by_key(|event| event.timestamp));
    let statuses: Vec<_> = all.iter().map(|event| (event.logical_id.as_str(), event.status.as_str())).collect();
    let position = |event| {
        statuses.iter().position(|found| *found == event).unwrap_or_else(|| panic!("{event:?} in {statuses:?}"))
    };
    let order = [
        position((STACK, "CREATE_IN_PROGRESS")),
        position(("table", "CREATE_COMPLETE")),
        position(("queue", "CREATE_COMPLETE")),
        position((STACK, "CREATE_COMPLETE")),
    ];
    assert!(order.is_sorted(), "{statuses:?}");
    let last = all.last().unwrap();
    let since = fixture.ports.stacks.events(STACK, last.timestamp).await.unwrap();
    assert!(since.contains(last) && since.iter().all(|event| event.timestamp >= last.timestamp));
}

pub async fn update_applies_the_template(fixture: RegionFixture) {
    fixture.created().await;
    fixture.deploy(&update("second", &changed_template())).await;
    let stack = fixture.stack("UPDATE_COMPLETE").await;
    assert_eq!(stack.outputs["Table"], "contract-table");
    assert_eq!(fixture.ports.stacks.template(STACK).await, Ok(Some(changed_template())));
}

pub async fn finished_update_cannot_be_cancelled(fixture: RegionFixture) {
    fixture.created().await;
    assert_eq!(code(fixture.ports.stacks.cancel_update(&proof(), STACK, "token").await), "ValidationError");
}

pub async fn missing_change_set_cannot_be_executed(fixture: RegionFixture) {
    fixture.ports.stacks.create_change_set(&proof(), &create("first", &template())).await.unwrap();
    let refused = fixture.ports.stacks.execute_change_set(&proof(), STACK, "second", "second").await;
    assert_eq!(code(refused), "ChangeSetNotFound");
}

pub async fn unchanged_stack_has_no_drift(fixture: RegionFixture) {
    fixture.created().await;
    let id = fixture.ports.stacks.detect_drift(STACK).await.unwrap();
    let drift = fixture.until("drift is known", async |ports| ports.stacks.drift(STACK, &id).await.unwrap()).await;
    assert_eq!((drift.status.as_str(), drift.resources), ("IN_SYNC", Vec::new()));
}

pub async fn deleted_stack_is_found_only_by_arn(fixture: RegionFixture) {
    let arn = fixture.created().await.id;
    fixture.ports.stacks.delete_stack(&proof(), STACK, "delete").await.unwrap();
    fixture
        .until("the stack is deleted", async |ports| ports.stacks.stack(STACK).await.unwrap().is_none().then_some(()))
        .await;
    let stack = fixture.ports.stacks.stack(&arn).await.unwrap().unwrap();
    assert_eq!(stack.status.as_str(), "DELETE_COMPLETE");
}
