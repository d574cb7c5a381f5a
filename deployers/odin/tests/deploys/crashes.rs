//! Fault injection at every call of a deploy, once or permanently: before and after the call takes effect, as an error
//! and as a crash of the task. The invariants hold in all cases. A single fault never ends in `FailureDirty`, because
//! every task that cleans up is retried.

use crate::fixture::Fixture;
use crate::journal::mutates;
use crate::sample_cloud::{IMAGE, Scenario, set};
use bifrost::cloud::ExecutionStatus;
use bifrost::local::{CallRecord, LocalState};
use bifrost::testing::is_audit_call;
use odin::cloud::local::OdinAccount;
use serde_json::{Value, json};

/// A recorded deploy that is repeated with different faults.
struct RecordedDeploy {
    local_state: LocalState<OdinAccount>,
    release: Value,
    calls: Vec<CallRecord>,
    end: &'static str,
}

impl RecordedDeploy {
    /// Deploys a second release, which also needs a placement group, over the first without faults, and records its
    /// calls.
    async fn record(end: &'static str, prepare: impl FnOnce(&Fixture)) -> Self {
        let fixture = Scenario::sample().with("/timeout", json!(120)).build();
        fixture.deploy("first").await;
        prepare(&fixture);
        // This flag is too old to halt anything, but has to be cleared.
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

    /// Repeats the deploy with a fault at the call of that index, `times` times or permanently. Returns the end state.
    async fn with_fault(&self, index: usize, kind: &Value, times: Option<u32>) -> String {
        let name = &self.calls[index].call.name;
        let fixture = self.fixture();
        fixture.fault(json!({
            "operation": name.operation, "resource": name.resource, "state": name.attempt.state,
            "skip": self.earlier_matches(index), "times": times, "kind": kind,
        }));
        let run = fixture.deploy_release(&self.release).await;
        let faults = fixture.local_state().faults;
        assert!(faults.iter().all(|fault| fault.times.unwrap_or_default() == 0), "the fault matched no call");
        run.path().last().unwrap().to_string()
    }

    /// The number of calls before that one which the same fault would match.
    fn earlier_matches(&self, index: usize) -> usize {
        let name = &self.calls[index].call.name;
        let same = |record: &&CallRecord| {
            let other = &record.call.name;
            other.operation == name.operation
                && other.attempt.state == name.attempt.state
                && other.resource.contains(&name.resource)
        };
        self.calls[..index].iter().filter(same).count()
    }

    /// A fixture with the state before the deploy, without recorded history.
    fn fixture(&self) -> Fixture {
        Fixture::new(self.local_state.clone(), self.release.clone())
    }

    /// The calls into which faults are injected. The tests of the framework inject them into all calls to the audit log, because these
    /// are the same for every deployer: here it is enough to lose records and entries.
    fn targets(&self) -> impl Iterator<Item = (usize, &CallRecord)> {
        let is_target = |record: &CallRecord| {
            let name = &record.call.name;
            let is_record = name.operation == "s3:PutObject" && name.resource.starts_with("records/");
            !is_audit_call(record) || is_record || name.operation == "dynamodb:TransactWriteItems"
        };
        self.calls.iter().enumerate().filter(move |(_, record)| is_target(record))
    }

    /// Injects each of these faults at each selected call, once.
    async fn inject_each(&self, kinds: &[Value], selected: impl Fn(&CallRecord) -> bool) {
        let mut count = 0;
        for (index, call) in self.targets().filter(|(_, call)| selected(call)) {
            for kind in kinds {
                let end = self.with_fault(index, kind, Some(1)).await;
                assert_ne!(end, "FailureDirty", "{:?} {kind}", call.call.name);
                assert!(end == "Success" || end == "FailureClean", "{end}");
                assert!(end == "FailureClean" || self.end == "Success", "a failing release ends in {end}");
                count += 1;
            }
        }
        assert!(count > 20, "only {count} faults were injected");
    }

    /// Injects permanent faults at each call.
    /// `FailureDirty` is possible, but only after a failed clean-up (`invariants`).
    async fn inject_each_permanently(&self) {
        for (index, _) in self.targets().filter(|(index, _)| self.earlier_matches(*index) == 0) {
            for kind in after_effect().iter().chain(&[json!({"error": "InternalFailure"})]) {
                self.with_fault(index, kind, None).await;
            }
        }
    }
}

async fn succeeding() -> RecordedDeploy {
    RecordedDeploy::record("Success", |_| {}).await
}

async fn failing() -> RecordedDeploy {
    let unhealthy = |fixture: &Fixture| {
        fixture.change(|region| {
            let never = json!({"health": "never"});
            region.images.get_mut(IMAGE).unwrap().instances = serde_json::from_value(never).unwrap();
        });
    };
    RecordedDeploy::record("FailureClean", unhealthy).await
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
async fn successful_deploy_survives_lost_responses() {
    succeeding().await.inject_each(&after_effect(), is_change).await;
}

#[tokio::test]
async fn failing_deploy_survives_lost_responses() {
    failing().await.inject_each(&after_effect(), is_change).await;
}

#[tokio::test]
async fn successful_deploy_survives_single_failures() {
    succeeding().await.inject_each(&before_effect(), |_| true).await;
}

#[tokio::test]
async fn failing_deploy_survives_single_failures() {
    failing().await.inject_each(&before_effect(), |_| true).await;
}

#[tokio::test]
async fn deploy_survives_single_panics() {
    succeeding().await.inject_each(&[json!("panic")], is_change).await;
}

#[tokio::test]
async fn successful_deploy_with_permanent_failures() {
    succeeding().await.inject_each_permanently().await;
}

#[tokio::test]
async fn failing_deploy_with_permanent_failures() {
    failing().await.inject_each_permanently().await;
}

#[tokio::test]
async fn single_fault_after_healthy_still_succeeds() {
    let recorded = succeeding().await;
    let late = |record: &CallRecord| {
        let state = record.call.name.attempt.state.as_str();
        is_change(record) && ["DetachForSuccess", "CleanUpSuccess"].contains(&state)
    };
    for (index, _) in recorded.targets().filter(|(_, call)| late(call)) {
        for kind in before_effect().iter().chain(&after_effect()) {
            assert_eq!(recorded.with_fault(index, kind, Some(1)).await, "Success");
        }
    }
}

#[tokio::test]
async fn engine_may_crash_at_any_wait() {
    for recorded in [succeeding().await, failing().await] {
        let mut waits = 0;
        loop {
            let fixture = recorded.fixture();
            fixture.upload(&recorded.release).await;
            let deploy = fixture.start(&recorded.release).await;
            let mut polls = 0;
            let should_crash = || {
                polls += 1;
                polls > waits
            };
            fixture.harness.run_until(should_crash).await.unwrap();
            let interrupted = fixture.harness.execution(&deploy.name).await.unwrap();
            fixture.harness.run().await.unwrap();
            let run = fixture.finish(&deploy).await;
            assert_eq!(run.path().last().copied(), Some(recorded.end), "crashed in {:?}", interrupted.path().last());
            if interrupted.execution.status != ExecutionStatus::Running {
                break;
            }
            waits += 1;
        }
        assert!(waits > 5, "only {waits} waits");
    }
}

#[tokio::test]
async fn engine_may_crash_at_every_wait() {
    for recorded in [succeeding().await, failing().await] {
        let fixture = recorded.fixture();
        fixture.upload(&recorded.release).await;
        let deploy = fixture.start(&recorded.release).await;
        let mut crashes = 0;
        while fixture.harness.execution(&deploy.name).await.unwrap().execution.status == ExecutionStatus::Running {
            // Time advances between two polls of this closure, so the engine crashes at the second poll.
            let mut polls = 0;
            let should_crash = || {
                polls += 1;
                polls > 1
            };
            fixture.harness.run_until(should_crash).await.unwrap();
            crashes += 1;
            assert!(crashes < 1000, "the execution does not end");
        }
        assert_eq!(fixture.finish(&deploy).await.path().last().copied(), Some(recorded.end));
        assert!(crashes > 5, "the engine crashed only {crashes} times");
    }
}
