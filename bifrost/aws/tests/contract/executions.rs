//! Contract tests of `Executions`.

use crate::fixture::{AccountFixture, refusal};
use crate::idler::Idler;
use bifrost::client::Client;
use bifrost::cloud::{ErrorKind, ExecutionFilter, ExecutionStatus, ExecutionSummary, Names, StartError};
use serde_json::{Value, json};

/// The input of an execution that ends during a test.
fn short() -> Value {
    json!({"long": false})
}

/// The input of an execution that does not end.
fn long() -> Value {
    json!({"long": true})
}

async fn describe(client: &Client<Idler>, name: &str) -> ExecutionSummary {
    client.executions.describe(name).await.unwrap().unwrap()
}

impl AccountFixture {
    async fn until_ended(&self, name: &str) {
        let ended = async |client: &Client<Idler>| describe(client, name).await.stop_date.is_some();
        self.until("the execution ended", ended).await;
    }

    /// The names of executions, newest first.
    async fn listed(&self, running_only: bool, at_most: usize) -> Vec<String> {
        self.listed_by(running_only.then_some(ExecutionStatus::Running), at_most).await
    }

    async fn listed_by(&self, status: Option<ExecutionStatus>, at_most: usize) -> Vec<String> {
        let filter = ExecutionFilter { status, names: Names::Any };
        let found = self.client.executions.list(&filter, at_most).await.unwrap();
        found.into_iter().map(|execution| execution.name).collect()
    }
}

pub async fn execution_runs_and_ends(fixture: AccountFixture) {
    let (executions, identity) = (&fixture.client.executions, &fixture.client.account.identity);
    assert_eq!(executions.describe("one").await.unwrap(), None);
    executions.start("one", &short()).await.unwrap();
    let running = describe(&fixture.client, "one").await;
    assert_eq!((running.name.as_str(), running.arn), ("one", identity.execution_arn("one")));
    assert_eq!(*running.input, short());

    fixture.until_ended("one").await;
    let ended = describe(&fixture.client, "one").await;
    assert_eq!((ended.status, ended.start_date), (ExecutionStatus::Succeeded, running.start_date));
    assert!(ended.stop_date >= Some(ended.start_date));
    assert_eq!((ended.output, ended.error, ended.cause), (Some(short()), None, None));
}

pub async fn running_execution_is_started_again(fixture: AccountFixture) {
    for _ in 0..2 {
        fixture.client.executions.start("one", &long()).await.unwrap();
    }
    assert_eq!(fixture.listed(true, usize::MAX).await, ["one"]);
    let running = describe(&fixture.client, "one").await;
    assert_eq!((running.status, running.stop_date), (ExecutionStatus::Running, None));
}

pub async fn used_name_is_refused(fixture: AccountFixture) {
    let executions = &fixture.client.executions;
    let taken = |name: &str| Err(StartError::AlreadyExists(name.into()));
    executions.start("runs", &long()).await.unwrap();
    assert_eq!(executions.start("runs", &short()).await, taken("runs"));
    executions.start("ended", &short()).await.unwrap();
    fixture.until_ended("ended").await;
    assert_eq!(executions.start("ended", &short()).await, taken("ended"));
}

pub async fn running_execution_is_stopped(fixture: AccountFixture) {
    let executions = &fixture.client.executions;
    executions.start("one", &long()).await.unwrap();
    let running = describe(&fixture.client, "one").await;
    executions.stop("one", "wrong release").await.unwrap();
    let stopped = describe(&fixture.client, "one").await;
    assert_eq!((stopped.status, stopped.cause.as_deref()), (ExecutionStatus::Aborted, Some("wrong release")));
    assert_eq!((stopped.start_date, &stopped.output, &stopped.error), (running.start_date, &None, &None));
    assert!(stopped.stop_date >= Some(stopped.start_date));
    let history = executions.history("one", 0).await.unwrap();
    assert_eq!(history.last().unwrap().event_type.as_str(), "ExecutionAborted");
    assert!(fixture.listed(true, usize::MAX).await.is_empty());

    executions.stop("one", "another cause").await.unwrap();
    assert_eq!(describe(&fixture.client, "one").await, stopped);
    assert_eq!(executions.history("one", 0).await.unwrap(), history);
}

pub async fn ended_execution_is_not_stopped(fixture: AccountFixture) {
    let executions = &fixture.client.executions;
    executions.start("one", &short()).await.unwrap();
    fixture.until_ended("one").await;
    let ended = describe(&fixture.client, "one").await;
    executions.stop("one", "too late").await.unwrap();
    assert_eq!(describe(&fixture.client, "one").await, ended);
    assert_eq!(ended.status, ExecutionStatus::Succeeded);
}

pub async fn missing_execution_is_not_stopped(fixture: AccountFixture) {
    let (kind, code, message) = refusal(fixture.client.executions.stop("nobody", "a cause").await);
    assert_eq!((kind, code.as_str()), (ErrorKind::NotFound, "ExecutionDoesNotExist"), "{message}");
    assert!(message.contains("nobody"), "{message}");
}

pub async fn newest_executions_are_listed_first(fixture: AccountFixture) {
    assert!(fixture.listed(false, usize::MAX).await.is_empty());
    for (name, input) in [("first", short()), ("second", long()), ("third", long())] {
        fixture.client.executions.start(name, &input).await.unwrap();
    }
    fixture.until_ended("first").await;
    assert_eq!(fixture.listed(true, usize::MAX).await, ["third", "second"]);
    assert_eq!(fixture.listed(true, 1).await, ["third"]);
    assert_eq!(fixture.listed_by(Some(ExecutionStatus::Succeeded), usize::MAX).await, ["first"]);
    assert!(fixture.listed_by(Some(ExecutionStatus::Aborted), usize::MAX).await.is_empty());
    assert_eq!(fixture.listed(false, usize::MAX).await, ["third", "second", "first"]);
    assert_eq!(fixture.listed(false, 2).await, ["third", "second"]);
}

pub async fn history_starts_after_an_event(fixture: AccountFixture) {
    let executions = &fixture.client.executions;
    executions.start("one", &short()).await.unwrap();
    fixture.until_ended("one").await;
    let history = executions.history("one", 0).await.unwrap();
    let kinds: Vec<&str> = history.iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "ExecutionStarted",
            "ChoiceStateEntered",
            "ChoiceStateExited",
            "WaitStateEntered",
            "WaitStateExited",
            "SucceedStateEntered",
            "SucceedStateExited",
            "ExecutionSucceeded",
        ]
    );
    assert_eq!(history[0].details.input.as_deref(), Some(&short()));
    assert_eq!(history[3].details.name.as_deref(), Some("IdleShort"));
    assert_eq!(executions.history("one", history[3].id).await.unwrap(), history[4..]);
    assert_eq!(executions.history("one", history[7].id).await.unwrap(), []);
}
