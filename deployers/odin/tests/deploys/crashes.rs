//! Faults at every call of a deploy, and crashes of the engine at every wait. The invariants hold in all cases. A single fault
//! never ends in `FailureDirty`, because every task that cleans up is retried.

use crate::fixture::{Deploy, Fixture};
use crate::invariants;
use crate::journal::Journal;
use crate::plan::ReleasePlan;
use crate::sample_cloud::{IMAGE, REGION, Scenario, USER_DATA, set};
use bifrost::cloud::ExecutionStatus;
use bifrost::local::LocalState;
use bifrost::testing::{Case, FaultSweep, SweepFault, TestHarness};
use odin::Odin;
use odin::cloud::local::OdinAccount;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// A deploy of a second release, which also needs a placement group, over the first.
struct Second {
    local_state: LocalState<OdinAccount>,
    release: Value,
    end: &'static str,
}

impl Second {
    async fn new(end: &'static str, prepare: impl FnOnce(&Fixture)) -> Self {
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
        Self { local_state, release, end }
    }

    /// A fixture with the state before the deploy, without recorded history.
    fn fixture(&self) -> Fixture {
        Fixture::new(self.local_state.clone(), self.release.clone())
    }

    fn sweep(&self) -> FaultSweep<Odin> {
        let mut release = self.release.clone();
        // The sweep creates it when it starts.
        set(&mut release, "/created_at", Value::Null);
        FaultSweep::of([release])
            .in_state(self.local_state.clone())
            .file("userdata", USER_DATA)
            // On AWS the timeout of the function ends an attempt before its task times out.
            .without(SweepFault::Zombie)
            .sample(150, 0)
            .comparing(without_counters)
            .observe(invariants_of_odin)
            .invariant(|case| match case.end() {
                "FailureDirty" if case.has_single_fault() => Err("a single fault needs an operator".into()),
                _ => Ok(()),
            })
    }
}

async fn succeeding() -> Second {
    Second::new("Success", |_| {}).await
}

async fn failing() -> Second {
    let unhealthy = |fixture: &Fixture| {
        fixture.change(|region| {
            let never = json!({"health": "never"});
            region.images.get_mut(IMAGE).unwrap().instances = serde_json::from_value(never).unwrap();
        });
    };
    Second::new("FailureClean", unhealthy).await
}

/// The resources without what only grows.
fn without_counters(account: &OdinAccount) -> Value {
    let mut account = account.clone();
    let region = account.regions.of_mut(&REGION.parse().unwrap());
    region.ids = 0;
    region.images.values_mut().for_each(|image| image.launched = 0);
    // Which service launches first depends on when a fault lets it.
    let instances = region.auto_scaling_groups.values_mut().flat_map(|group| group.instances.values_mut());
    instances.for_each(|instance| instance.number = 0);
    serde_json::to_value(account).unwrap()
}

/// Checks each call, the end of the execution, and what is left an hour later.
fn invariants_of_odin(
    harness: &TestHarness<Odin>,
    release: &Value,
    arn: &str,
) -> impl FnOnce(&Case<'_, Odin>) -> Result<(), String> + use<> {
    let before = harness.store().read(Clone::clone).unwrap();
    let plan = ReleasePlan::of(release, &before);
    let deploy = Deploy { name: String::new(), arn: arn.to_owned(), plan, before };
    let mut journal = Journal::default();
    journal.plans.insert(deploy.arn.clone(), deploy.plan.clone());
    let journal = Arc::new(Mutex::new(journal));
    let calls = Arc::clone(&journal);
    harness.store().watch(Box::new(move |call, before, after| calls.lock().unwrap().add(call, before, after)));
    move |case| {
        let journal = journal.lock().unwrap();
        let mut violations = journal.violations.clone();
        violations.extend(invariants::at_end(&deploy, case.run, case.at_end, &journal));
        violations.extend(invariants::at_rest(&deploy, case.run, case.settled));
        // The last task may have looked for the flag already.
        violations.retain(|violation| !case.has_fault(SweepFault::Halt) || violation != "the halt flag is left");
        if violations.is_empty() { Ok(()) } else { Err(violations.join("; ")) }
    }
}

#[tokio::test]
async fn successful_deploy_survives_faults() {
    // The new groups are healthy: whatever fails once, the deploy goes on.
    let late = |case: &Case<'_, Odin>| {
        let is_late = ["DetachForSuccess.", "CleanUpSuccess."].iter().any(|state| case.name.starts_with(state));
        let must_succeed = is_late && case.has_single_fault();
        if must_succeed && case.end() != "Success" { Err("must still succeed".into()) } else { Ok(()) }
    };
    let report = succeeding().await.sweep().invariant(late).run().await.unwrap();
    assert!(report.runs >= 150, "{report}");
}

#[tokio::test]
async fn failing_deploy_survives_faults() {
    let fails = |case: &Case<'_, Odin>| {
        if case.end() == "Success" { Err("must not succeed".into()) } else { Ok(()) }
    };
    let sweep = failing().await.sweep().ends_in(Odin::FailureClean).invariant(fails);
    let report = sweep.run().await.unwrap();
    assert!(report.runs >= 150, "{report}");
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
