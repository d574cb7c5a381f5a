//! What `unlock --force` stops, and what it must not stop.

use crate::board::harness;
use crate::client::{address, client, note};
use crate::unlocking::{Board, end, halt, has_halt_flag, running};
use async_trait::async_trait;
use bifrost::client::{Client, EndedBefore, Status};
use bifrost::cloud::{
    CloudError, ErrorKind, ExecutionFilter, ExecutionPage, ExecutionStatus, ExecutionSummary, Executions, HistoryEvent,
    LockItem, LockTaken, StartError, TakeLock,
};
use chrono::TimeDelta;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a second client sees of an execution that it stops.
#[derive(Clone, Copy, PartialEq)]
enum AfterStop {
    /// It succeeded just before, so that nothing was stopped.
    HasSucceeded,
    /// Step Functions does not answer.
    Unreadable,
}

/// The executions of that client.
struct Racing {
    executions: Arc<dyn Executions>,
    after_stop: AfterStop,
    is_stopped: AtomicBool,
}

#[async_trait]
impl Executions for Racing {
    async fn start(&self, name: &str, input: &Value) -> Result<(), StartError> {
        self.executions.start(name, input).await
    }

    async fn stop(&self, name: &str, cause: &str) -> Result<(), CloudError> {
        self.is_stopped.store(true, Ordering::Relaxed);
        if self.after_stop == AfterStop::HasSucceeded { Ok(()) } else { self.executions.stop(name, cause).await }
    }

    async fn describe(&self, name: &str) -> Result<Option<ExecutionSummary>, CloudError> {
        let found = self.executions.describe(name).await?;
        match self.after_stop {
            _ if !self.is_stopped.load(Ordering::Relaxed) => Ok(found),
            AfterStop::HasSucceeded => {
                let (status, stop_date) = (ExecutionStatus::Succeeded, found.as_ref().map(|it| it.start_date));
                Ok(found.map(|execution| ExecutionSummary { status, stop_date, ..execution }))
            }
            AfterStop::Unreadable => Err(CloudError {
                operation: "states:DescribeExecution",
                resource: name.to_owned(),
                kind: ErrorKind::Throttled,
                code: "Throttling".into(),
                message: "too many requests".into(),
                request_id: None,
            }),
        }
    }

    async fn list(&self, filter: &ExecutionFilter, at_most: usize) -> Result<Vec<ExecutionSummary>, CloudError> {
        self.executions.list(filter, at_most).await
    }

    async fn page(&self, token: Option<String>) -> Result<ExecutionPage, CloudError> {
        self.executions.page(token).await
    }

    async fn history(&self, name: &str, after: u64) -> Result<Vec<HistoryEvent>, CloudError> {
        self.executions.history(name, after).await
    }
}

fn racing(client: &Board, after_stop: AfterStop) -> Board {
    let executions = Arc::clone(&client.executions);
    Client { executions: Arc::new(Racing { executions, after_stop, is_stopped: false.into() }), ..client.clone() }
}

#[tokio::test]
async fn deploy_that_ends_just_before_the_stop_was_not_stopped() {
    let (harness, client, started) = running("ended").await;
    let (address, racing) = (address(&client), racing(&client, AfterStop::HasSucceeded));
    let mut reported = Vec::new();
    let mut report = |name: &str| reported.push(name.to_owned());
    let plan = racing.prepare_unlock_reporting(&address, Some("wrong release"), &mut report).await.unwrap();
    assert!(reported.is_empty() && plan.stopped.is_empty());
    let before = EndedBefore { execution: started.execution.clone(), end: "Success".into() };
    assert_eq!(plan.ended_before, [before]);
    harness.run().await.unwrap();
    halt(&client).await;
    let unlocked = client.unlock(&address, plan).await.unwrap();
    assert_eq!((unlocked.cleared.len(), unlocked.free.len(), unlocked.kept.len()), (0, 1, 0));
    assert!(has_halt_flag(&client).await, "nothing was cleared");
    assert_eq!(end(&client, started).await.status, Status::Success);
}

#[tokio::test]
async fn stopped_execution_that_cannot_be_read_is_waited_for() {
    let (_harness, client, started) = running("unreadable").await;
    let racing = racing(&client, AfterStop::Unreadable);
    let mut reported = Vec::new();
    let mut report = |name: &str| reported.push(name.to_owned());
    let address = address(&client);
    let plan = racing.prepare_unlock_reporting(&address, Some("wrong release"), &mut report).await.unwrap();
    assert_eq!((reported, plan.active_for().num_seconds()), (vec![started.execution], 310));
}

fn item(client: &Board, owner: &str) -> LockItem {
    LockItem {
        key: address(client).root_dir().lock().to_string(),
        id: owner.into(),
        time: client.account.env.now(),
        execution: None,
        release_id: None,
        started_by: None,
    }
}

/// Takes the root lock as Go deployers do: without the name of the execution.
async fn take_without_execution(client: &Board) {
    let (item, dir) = (item(client, "theirs"), address(client).root_dir());
    let taken = client.account.locks.take(&TakeLock { item, dir, created_at: client.account.env.now() }).await;
    assert_eq!(taken.unwrap(), LockTaken::Taken);
}

#[tokio::test]
async fn execution_that_started_after_the_lock_is_not_stopped() {
    let harness = harness();
    let client = client(&harness);
    take_without_execution(&client).await;
    harness.advance(TimeDelta::seconds(10)).unwrap();
    client.executions.start("deploy-acme-shop-development-later", &note("hello")).await.unwrap();
    let plan = client.prepare_unlock(&address(&client), Some("wrong release")).await.unwrap();
    assert_eq!((plan.stopped.len(), plan.stale.len(), plan.kept.len()), (0, 1, 0));
}

#[tokio::test]
async fn lock_that_several_executions_may_hold_is_kept() {
    let harness = harness();
    let client = client(&harness);
    let names = ["deploy-acme-shop-development-1", "deploy-acme-shop-development-2"];
    for name in names {
        client.executions.start(name, &note(name)).await.unwrap();
    }
    take_without_execution(&client).await;
    let plan = client.prepare_unlock(&address(&client), Some("wrong release")).await.unwrap();
    assert_eq!((plan.stopped.len(), plan.stale.len()), (0, 0));
    let mut candidates = plan.kept[0].candidates.clone();
    candidates.sort();
    assert_eq!((candidates, plan.kept[0].running), (names.map(ToOwned::to_owned).to_vec(), true));
}
