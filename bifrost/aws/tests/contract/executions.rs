//! What Step Functions promises to a client.

use crate::idler::Idler;
use crate::place::Place;
use bifrost::client::Client;
use bifrost::cloud::{ExecutionStatus, ExecutionSummary, Names, StartError, Which};
use serde_json::{Value, json};

/// The input of an execution that ends within a story.
fn short() -> Value {
    json!({"long": false})
}

/// And of one that does not.
fn long() -> Value {
    json!({"long": true})
}

async fn describe(client: &Client<Idler>, name: &str) -> ExecutionSummary {
    client.executions.describe(name).await.unwrap().unwrap()
}

impl Place {
    async fn until_ended(&self, name: &str) {
        let ended = async |client: &Client<Idler>| describe(client, name).await.stop_date.is_some();
        self.until("the execution ended", ended).await;
    }

    /// Names of executions.
    async fn listed(&self, running_only: bool, at_most: usize) -> Vec<String> {
        self.listed_by(running_only.then_some(ExecutionStatus::Running), at_most).await
    }

    async fn listed_by(&self, status: Option<ExecutionStatus>, at_most: usize) -> Vec<String> {
        let which = Which { status, names: Names::Any };
        let found = self.client.executions.list(&which, at_most).await.unwrap();
        found.into_iter().map(|execution| execution.name).collect()
    }
}

pub async fn an_execution_runs_and_ends(place: Place) {
    let (executions, identity) = (&place.client.executions, &place.client.account.identity);
    assert_eq!(executions.describe("one").await.unwrap(), None);
    executions.start("one", &short()).await.unwrap();
    let running = describe(&place.client, "one").await;
    assert_eq!((running.name.as_str(), running.arn), ("one", identity.execution_arn("one")));
    assert_eq!(*running.input, short());

    place.until_ended("one").await;
    let ended = describe(&place.client, "one").await;
    assert_eq!((ended.status, ended.start_date), (ExecutionStatus::Succeeded, running.start_date));
    assert!(ended.stop_date >= Some(ended.start_date));
    assert_eq!((ended.output, ended.error, ended.cause), (Some(short()), None, None));
}

pub async fn an_execution_that_runs_may_be_started_again_with_the_same_input(place: Place) {
    for _ in 0..2 {
        place.client.executions.start("one", &long()).await.unwrap();
    }
    assert_eq!(place.listed(true, usize::MAX).await, ["one"]);
    let running = describe(&place.client, "one").await;
    assert_eq!((running.status, running.stop_date), (ExecutionStatus::Running, None));
}

pub async fn a_name_that_was_used_is_taken(place: Place) {
    let executions = &place.client.executions;
    let taken = |name: &str| Err(StartError::AlreadyExists(name.into()));
    executions.start("runs", &long()).await.unwrap();
    assert_eq!(executions.start("runs", &short()).await, taken("runs"));
    executions.start("ended", &short()).await.unwrap();
    place.until_ended("ended").await;
    assert_eq!(executions.start("ended", &short()).await, taken("ended"));
}

pub async fn the_latest_are_listed_first_and_no_more_than_asked_for(place: Place) {
    assert!(place.listed(false, usize::MAX).await.is_empty());
    for (name, input) in [("first", short()), ("second", long()), ("third", long())] {
        place.client.executions.start(name, &input).await.unwrap();
    }
    place.until_ended("first").await;
    assert_eq!(place.listed(true, usize::MAX).await, ["third", "second"]);
    assert_eq!(place.listed(true, 1).await, ["third"]);
    assert_eq!(place.listed_by(Some(ExecutionStatus::Succeeded), usize::MAX).await, ["first"]);
    assert!(place.listed_by(Some(ExecutionStatus::Aborted), usize::MAX).await.is_empty());
    assert_eq!(place.listed(false, usize::MAX).await, ["third", "second", "first"]);
    assert_eq!(place.listed(false, 2).await, ["third", "second"]);
}

pub async fn a_history_is_told_from_the_event_that_was_seen(place: Place) {
    let executions = &place.client.executions;
    executions.start("one", &short()).await.unwrap();
    place.until_ended("one").await;
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
