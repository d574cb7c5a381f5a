//! Every call of a deploy goes wrong, once or for good: before its effect and after it, by an error and by the task's
//! death. Whatever comes of the deploy, the invariants hold; and since every task that cleans up is retried, no end is
//! dirty where a call goes wrong once.

use crate::fixture::Fixture;
use crate::journal::mutates;
use crate::sample_cloud::{IMAGE, Scenario, set};
use bifrost::cloud::ExecutionStatus;
use bifrost::local::{CallRecord, LocalState};
use odin::cloud::local::OdinAccount;
use serde_json::{Value, json};

/// A deploy to be run again and again, each time with another fault.
struct Rehearsal {
    local_state: LocalState<OdinAccount>,
    release: Value,
    calls: Vec<CallRecord>,
    end: &'static str,
}

impl Rehearsal {
    /// Runs a second release, which needs a placement group, too, over the first undisturbed, and notes its calls.
    async fn of(end: &'static str, spoil: impl FnOnce(&Fixture)) -> Self {
        let fixture = Scenario::sample().with("/timeout", json!(120)).begin();
        fixture.deploy("first").await;
        spoil(&fixture);
        // A flag that is too old to halt anything, and yet is to be cleared.
        fixture.halt("yesterday's").await;
        fixture.settle();
        let (local_state, mut release) = (fixture.local_state(), fixture.release("second"));
        let placement = "odin/coinbase/deploy-test/development/close";
        set(&mut release, "/services/worker/placement_group_name", json!(placement));
        set(&mut release, "/services/worker/placement_group_strategy", json!("cluster"));
        let before = fixture.journal().calls.len();
        let run = fixture.deploy_release(&release).await;
        let calls = fixture.journal().calls.split_off(before);
        assert_eq!(run.path().last(), Some(&end));
        Self { local_state, release, calls, end }
    }

    /// Runs it with a fault at the call of that index, so many times or for good; answers how it ended.
    async fn with(&self, index: usize, kind: &Value, times: Option<u32>) -> String {
        let name = &self.calls[index].call.name;
        let fixture = self.fixture();
        fixture.fault(json!({
            "operation": name.operation, "resource": name.resource, "state": name.attempt.state,
            "skip": self.earlier(index), "times": times, "kind": kind,
        }));
        let run = fixture.deploy_release(&self.release).await;
        let faults = fixture.local_state().faults;
        assert!(faults.iter().all(|fault| fault.times.unwrap_or_default() == 0), "the fault struck no call");
        run.path().last().unwrap().to_string()
    }

    /// How many calls before that one the same fault would strike.
    fn earlier(&self, index: usize) -> usize {
        let name = &self.calls[index].call.name;
        let same = |record: &&CallRecord| {
            let other = &record.call.name;
            other.operation == name.operation
                && other.attempt.state == name.attempt.state
                && other.resource.contains(&name.resource)
        };
        self.calls[..index].iter().filter(same).count()
    }

    /// The world before the deploy; nothing is known of how it came to be.
    fn fixture(&self) -> Fixture {
        Fixture::new(self.local_state.clone(), self.release.clone())
    }

    /// Lets each call that `is_meant` go wrong, in each of these ways.
    async fn each(&self, kinds: &[Value], is_meant: impl Fn(&CallRecord) -> bool) {
        let mut count = 0;
        for (index, call) in self.calls.iter().enumerate().filter(|(_, call)| is_meant(call)) {
            for kind in kinds {
                let end = self.with(index, kind, Some(1)).await;
                assert_ne!(end, "FailureDirty", "{:?} {kind}", call.call.name);
                assert!(end == "Success" || end == "FailureClean", "{end}");
                assert!(end == "FailureClean" || self.end == "Success", "a failing release ends in {end}");
                count += 1;
            }
        }
        assert!(count > 20, "only {count} faults struck");
    }

    /// Lets each call fail for good. An end may be dirty then, but only after a clean-up that failed (`invariants`).
    async fn each_for_good(&self) {
        for index in (0..self.calls.len()).filter(|index| self.earlier(*index) == 0) {
            for kind in after_effect().iter().chain(&[json!({"error": "InternalFailure"})]) {
                self.with(index, kind, None).await;
            }
        }
    }
}

async fn succeeding() -> Rehearsal {
    Rehearsal::of("Success", |_| {}).await
}

async fn failing() -> Rehearsal {
    let never = |fixture: &Fixture| {
        fixture.change(|region| {
            let never = json!({"health": "never"});
            region.images.get_mut(IMAGE).unwrap().instances = serde_json::from_value(never).unwrap();
        });
    };
    Rehearsal::of("FailureClean", never).await
}

fn after_effect() -> [Value; 2] {
    [json!({"error_after": "InternalFailure"}), json!("die_after")]
}

fn before_effect() -> [Value; 3] {
    [json!({"error": "AccessDenied"}), json!("throttle"), json!("die")]
}

fn is_change(record: &CallRecord) -> bool {
    mutates(record.call.name.operation)
}

#[tokio::test]
async fn each_change_of_a_successful_deploy_may_be_made_without_its_being_known() {
    succeeding().await.each(&after_effect(), is_change).await;
}

#[tokio::test]
async fn each_change_of_a_failing_deploy_may_be_made_without_its_being_known() {
    failing().await.each(&after_effect(), is_change).await;
}

#[tokio::test]
async fn each_call_of_a_successful_deploy_may_fail_once() {
    succeeding().await.each(&before_effect(), |_| true).await;
}

#[tokio::test]
async fn each_call_of_a_failing_deploy_may_fail_once() {
    failing().await.each(&before_effect(), |_| true).await;
}

#[tokio::test]
async fn each_change_may_be_where_a_handler_panics() {
    succeeding().await.each(&[json!("panic")], is_change).await;
}

#[tokio::test]
async fn calls_of_a_successful_deploy_that_fail_for_good() {
    succeeding().await.each_for_good().await;
}

#[tokio::test]
async fn calls_of_a_failing_deploy_that_fail_for_good() {
    failing().await.each_for_good().await;
}

#[tokio::test]
async fn a_fault_after_the_release_is_healthy_does_not_prevent_success() {
    let rehearsal = succeeding().await;
    let late = |record: &CallRecord| {
        let state = record.call.name.attempt.state.as_str();
        is_change(record) && ["DetachForSuccess", "CleanUpSuccess"].contains(&state)
    };
    for index in (0..rehearsal.calls.len()).filter(|index| late(&rehearsal.calls[*index])) {
        for kind in before_effect().iter().chain(&after_effect()) {
            assert_eq!(rehearsal.with(index, kind, Some(1)).await, "Success");
        }
    }
}

#[tokio::test]
async fn the_engine_may_die_wherever_an_execution_waits() {
    for rehearsal in [succeeding().await, failing().await] {
        let mut waits = 0;
        loop {
            let fixture = rehearsal.fixture();
            fixture.upload(&rehearsal.release).await;
            let deploy = fixture.start(&rehearsal.release).await;
            let mut seen = 0;
            let dies = || {
                seen += 1;
                seen > waits
            };
            fixture.harness.run_until(dies).await.unwrap();
            let cut = fixture.harness.execution(&deploy.name).await.unwrap();
            fixture.harness.run().await.unwrap();
            let run = fixture.finish(&deploy).await;
            assert_eq!(run.path().last().copied(), Some(rehearsal.end), "died in {:?}", cut.path().last());
            if cut.execution.status != ExecutionStatus::Running {
                break;
            }
            waits += 1;
        }
        assert!(waits > 5, "there were only {waits} waits");
    }
}

#[tokio::test]
async fn the_engine_may_die_at_every_wait_of_an_execution() {
    for rehearsal in [succeeding().await, failing().await] {
        let fixture = rehearsal.fixture();
        fixture.upload(&rehearsal.release).await;
        let deploy = fixture.start(&rehearsal.release).await;
        let mut deaths = 0;
        while fixture.harness.execution(&deploy.name).await.unwrap().execution.status == ExecutionStatus::Running {
            // Time passes between two looks of `done`: asked a second time, it dies.
            let mut looks = 0;
            let dies = || {
                looks += 1;
                looks > 1
            };
            fixture.harness.run_until(dies).await.unwrap();
            deaths += 1;
            assert!(deaths < 1000, "the execution does not come to an end");
        }
        assert_eq!(fixture.finish(&deploy).await.path().last().copied(), Some(rehearsal.end));
        assert!(deaths > 5, "the engine died only {deaths} times");
    }
}
