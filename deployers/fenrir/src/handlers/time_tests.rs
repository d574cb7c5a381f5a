//! How long deploys take: little more than CloudFormation needs, and never without a bound.

use super::fence_tests::{entered, read};
use crate::Fenrir;
use crate::cloud::StackStatus;
use crate::cloud::local::FenrirAccount;
use crate::harness::{REGION, deploy, new_harness, output, release, stacks};
use crate::poll_interval::MAX_STOPPING;
use crate::release::FenrirFields;
use bifrost::Fields;
use bifrost::lifecycle::request_halt;
use bifrost::local::LocalState;
use bifrost::testing::{Run, TestHarness};
use chrono::TimeDelta;
use serde_json::{Value, json};

/// Longer than any deploy.
const STUCK: u32 = 10_000_000;

/// How long an operation needs until it sees a halt: the longest wait, and the retries of a task.
const SLACK: TimeDelta = TimeDelta::minutes(10);

/// A local cloud in which a change set takes so many seconds, and each operation on a resource.
fn harness(change_set: u32, resource: u32) -> TestHarness<Fenrir> {
    let behaviour = json!({
        "AWS::CloudFormation::ChangeSet": { "seconds": change_set },
        "AWS::DynamoDB::Table": { "seconds": resource },
    });
    new_harness(&[(&format!("{REGION}/behaviour"), behaviour)])
}

fn duration(run: &Run) -> TimeDelta {
    let times: Vec<_> = run.history.iter().map(|event| event.timestamp).collect();
    *times.last().unwrap() - *times.first().unwrap()
}

fn assert_quick(run: &Run, needed: u32) {
    assert_eq!(run.path().last(), Some(&"Success"), "{:?}", run.errors());
    let more = duration(run) - TimeDelta::seconds(needed.into());
    assert!(more <= TimeDelta::seconds(3), "{more} more than {needed} s");
}

/// A release that changes the sample's table in place.
fn changed(hours_ago: u32, timeout: u32) -> Value {
    let throughput = json!({ "ReadCapacityUnits": 2, "WriteCapacityUnits": 2 });
    let properties = json!({ "ProvisionedThroughput": throughput });
    release(hours_ago, &[("/template/Resources/table/Properties", properties), ("/timeout", json!(timeout))])
}

#[tokio::test]
async fn deploy_takes_at_most_three_seconds_more_than_cloud_formation() {
    for (change_set, resource) in
        [(0, 0), (0, 1), (1, 2), (6, 7), (6, 30), (29, 2), (29, 61), (120, 250), (170, 31), (6, 600)]
    {
        let harness = harness(change_set, resource);
        let timeout = ("/timeout", json!(7200));
        assert_quick(&deploy(&harness, &release(2, &[timeout])).await, change_set + resource);
        assert_quick(&deploy(&harness, &changed(1, 7200)).await, change_set + resource);
    }
}

/// Operations on tables do not end from now on.
fn stick(state: &mut LocalState<FenrirAccount>) {
    let regions = state.accounts.values_mut().flat_map(|account| account.resources.regions.values_mut());
    for table in regions.filter_map(|region| region.behaviour.get_mut("AWS::DynamoDB::Table")) {
        table.seconds = Some(STUCK);
    }
}

/// The stack is stuck before the timeout and afterwards.
#[tokio::test]
async fn longest_deploy_ends_within_the_history() {
    let harness = harness(1, 1);
    deploy(&harness, &release(3, &[])).await;
    harness.store().transact(stick).unwrap();
    let timeout = FenrirFields::MAX_TIMEOUT_SECONDS;
    let run = deploy(&harness, &changed(1, timeout)).await;
    assert_eq!(run.path().last(), Some(&"FailureDirty"), "{:?}", run.errors());
    assert_eq!(run.errors().last().unwrap().code.as_deref(), Some("fenrir/stack-not-settled"));
    assert!(run.history.len() < 25_000, "{} events", run.history.len());
    assert!(duration(&run) < TimeDelta::seconds(timeout.into()) + MAX_STOPPING + SLACK, "{}", duration(&run));
    assert_eq!(stacks(&harness)[0].status, StackStatus::UpdateRollbackInProgress);
}

/// CloudFormation cannot cancel the creation of a stack.
#[tokio::test]
async fn stack_that_is_created_without_end_is_given_up() {
    let run = deploy(&harness(1, STUCK), &release(1, &[])).await;
    assert_eq!(run.path().last(), Some(&"FailureDirty"), "{:?}", run.errors());
    assert_eq!(run.errors().last().unwrap().code.as_deref(), Some("fenrir/stack-not-settled"));
    assert!(duration(&run) < TimeDelta::seconds(300) + MAX_STOPPING + SLACK, "{}", duration(&run));
}

#[tokio::test]
async fn change_set_that_is_created_without_end_times_out() {
    let harness = harness(STUCK, 1);
    let run = deploy(&harness, &release(1, &[])).await;
    assert_eq!(run.path().last(), Some(&"FailureClean"));
    assert_eq!(run.errors().last().unwrap().code.as_deref(), Some("halt/timeout"));
    assert!(duration(&run) < TimeDelta::seconds(303), "{}", duration(&run));
    assert_eq!(stacks(&harness), Vec::new());
}

/// A deploy that takes longer than its timeout, but ends before it is given up, ends as CloudFormation does.
#[tokio::test]
async fn creation_that_ends_after_the_timeout_succeeds() {
    let harness = harness(1, 7200);
    let run = deploy(&harness, &release(1, &[])).await;
    assert_eq!(run.path().last(), Some(&"Success"), "{:?}", run.errors());
    assert_eq!(output(&harness, &run).envelope.error, None);
}

/// Halts a deploy in that state. Returns it after its end, and how long the halt took.
async fn halted(harness: &TestHarness<Fenrir>, sent: &Value, state: &str) -> (Run, TimeDelta) {
    harness.upload(sent, &[]).await.unwrap();
    let name = harness.start(sent).await.unwrap();
    harness.run_until(|| entered(harness, &name, state)).await.unwrap();
    let envelope = read(harness, sent).envelope;
    let objects = harness.cloud().account().objects;
    request_halt(objects.as_ref(), &envelope.bucket, &envelope.root_dir(), "wrong version").await.unwrap();
    let since = harness.store().now();
    harness.run().await.unwrap();
    (harness.execution(&name).await.unwrap(), harness.store().now() - since)
}

#[tokio::test]
async fn halt_is_obeyed_in_each_wait() {
    let (run, time) = halted(&harness(STUCK, 1), &release(1, &[]), "WaitForChangeSet").await;
    assert_eq!((run.path().last(), run.errors()[0].code.as_deref()), (Some(&"FailureClean"), Some("halt/requested")));
    assert!(time <= TimeDelta::seconds(3), "{time}");

    let harness = harness(1, 100);
    deploy(&harness, &release(3, &[])).await;
    let (run, time) = halted(&harness, &changed(1, 300), "WaitForComplete").await;
    assert_eq!(run.path().last(), Some(&"FailureClean"), "{:?}", run.errors());
    assert_eq!(stacks(&harness)[0].status, StackStatus::UpdateRollbackComplete);
    // The table is restored in 100 s.
    assert!(time <= TimeDelta::seconds(100 + 5), "{time}");
}
