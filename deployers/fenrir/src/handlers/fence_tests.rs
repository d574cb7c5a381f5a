//! Executions that lost their lock: stopped, unlocked by an operator, and overtaken by a newer release. Whatever runs them again,
//! the stack of the newer release is untouched.

use crate::Fenrir;
use crate::cloud::local::StoredStack;
use crate::harness::{QUICK, REGION, deploy, paced_harness, release, stacks};
use crate::release::FenrirRelease;
use bifrost::cloud::{EndedBy, EndedItem, GiveBack};
use bifrost::local::{Fault, FaultKind};
use bifrost::release::Release;
use bifrost::testing::{Run, TestHarness};
use chrono::TimeDelta;
use futures_util::FutureExt;
use serde_json::{Value, json};

/// How long an attempt hangs while the newer release is deployed, in seconds.
pub(super) const HANG: u32 = 7200;

/// The tasks of a deploy that succeeds, and how it ends if it is redriven there without its lock.
const TASKS: [(&str, &str); 7] = [
    ("Validate", "FailureClean"),
    ("Lock", "FailureClean"),
    ("CreateChangeSet", "FailureClean"),
    ("UpdateChangeSet", "FailureClean"),
    // From here on, CloudFormation may have changed the stack.
    ("Execute", "FailureDirty"),
    ("UpdateStack", "FailureDirty"),
    ("ReleaseLock", "FailureDirty"),
];

/// The tasks that end a deploy which failed.
const FAILING: [(&str, &str); 2] = [("ReleaseLock", "FailureClean"), ("CleanUp", "FailureClean")];

/// The deploy that is overtaken.
#[derive(Debug, Clone, Copy)]
pub(super) enum Older {
    Creates,
    CreationFails,
    Updates,
    UpdateFails,
}

impl Older {
    pub(super) async fn harness(self) -> TestHarness<Fenrir> {
        let fails = (format!("{REGION}/behaviour/older"), json!({ "fails": "create", "seconds": QUICK }));
        let harness = match self {
            Self::Creates | Self::Updates => paced_harness(QUICK, &[]),
            Self::CreationFails | Self::UpdateFails => paced_harness(QUICK, &[(&fails.0, fails.1)]),
        };
        if matches!(self, Self::Updates | Self::UpdateFails) {
            deploy(&harness, &release(6, &[])).await;
        }
        harness
    }

    fn tasks(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Creates | Self::Updates => &TASKS,
            Self::CreationFails | Self::UpdateFails => &FAILING,
        }
    }
}

/// A release with another table.
pub(super) fn with_table(hours_ago: u32, name: &str) -> Value {
    release(hours_ago, &[(&format!("/template/Resources/{name}"), json!({ "Type": "AWS::Serverless::SimpleTable" }))])
}

pub(super) fn read(harness: &TestHarness<Fenrir>, sent: &Value) -> FenrirRelease {
    Release::read(sent, harness.cloud().defaults()).unwrap()
}

/// Clears the root lock as the command `unlock` does.
pub(super) async fn unlock(harness: &TestHarness<Fenrir>, sent: &Value) {
    let (locks, key) = (harness.cloud().account().locks, read(harness, sent).envelope.root_dir().lock());
    let Some(holder) = locks.get(&key).await.unwrap() else { return };
    let ended = EndedItem::new(&holder.id, EndedBy::Unlock, false, harness.store().now());
    locks.give_back(&GiveBack { key, owner: holder.id, ended, deployed: None }).await.unwrap();
}

/// A fault in one call of a state.
pub(super) fn hang(state: &str, skip: u32, kind: FaultKind) -> Fault {
    Fault { operation: "*".into(), resource: None, state: Some(state.into()), skip, times: Some(1), kind }
}

pub(super) fn entered(harness: &TestHarness<Fenrir>, name: &str, state: &str) -> bool {
    let run = harness.execution(name).now_or_never().unwrap().unwrap();
    run.path().last() == Some(&state)
}

/// Starts a release, and runs it until a call hangs. Returns its execution's name.
pub(super) async fn start_until(harness: &TestHarness<Fenrir>, sent: &Value, fault: Fault) -> String {
    let state = fault.state.clone().unwrap();
    harness.store().transact(|local_state| local_state.faults.push(fault)).unwrap();
    harness.upload(sent, &[]).await.unwrap();
    let name = harness.start(sent).await.unwrap();
    harness.run_until(|| entered(harness, &name, &state)).await.unwrap();
    name
}

/// A deploy that was stopped in a state, and a newer one.
struct Overtaken {
    harness: TestHarness<Fenrir>,
    /// The name of the older execution.
    name: String,
    /// The stacks after the newer release was deployed. If a zombie went on meanwhile: after that.
    after: Vec<StoredStack>,
}

impl Overtaken {
    /// `None` if the deploy does not make so many calls in that state.
    async fn at(older: Older, state: &str, skip: u32, kind: FaultKind) -> Option<Self> {
        let (harness, sent) = (older.harness().await, with_table(4, "older"));
        let name = start_until(&harness, &sent, hang(state, skip, kind)).await;
        if !entered(&harness, &name, state) {
            return None;
        }
        harness.abort(&name).await.unwrap();
        harness.store().transact(|local_state| local_state.faults.clear()).unwrap();
        unlock(&harness, &sent).await;
        // CloudFormation goes on meanwhile.
        harness.advance(TimeDelta::seconds(i64::from(HANG) / 2)).unwrap();
        let newer = deploy(&harness, &with_table(1, "newer")).await;
        assert_eq!(newer.path().last(), Some(&"Success"), "{older:?} {state}: {:?}", newer.errors());
        let after = stacks(&harness);
        Some(Self { harness, name, after })
    }

    async fn in_state(older: Older, state: &str) -> Self {
        Self::at(older, state, 0, FaultKind::DelaySeconds(HANG)).await.unwrap()
    }

    async fn older(&self) -> Run {
        self.harness.execution(&self.name).await.unwrap()
    }

    fn is_untouched(&self) -> bool {
        stacks(&self.harness) == self.after
    }
}

#[tokio::test]
async fn redriven_execution_leaves_the_newer_release_alone() {
    for older in [Older::Creates, Older::CreationFails, Older::Updates, Older::UpdateFails] {
        for (state, end) in older.tasks() {
            let overtaken = Overtaken::in_state(older, state).await;
            overtaken.harness.redrive(&overtaken.name).unwrap();
            overtaken.harness.run().await.unwrap();
            let run = overtaken.older().await;
            assert_eq!(run.path().last(), Some(end), "{older:?} {state}: {:?}", run.errors());
            assert!(overtaken.is_untouched(), "{older:?} {state}");
            if *end == "FailureDirty" {
                let lost = run.errors().pop().unwrap();
                assert_eq!((lost.error.as_str(), lost.code.as_deref()), ("LockError", Some("lock/lost")), "{state}");
            }
        }
    }
}

#[tokio::test]
async fn late_or_direct_invocation_leaves_the_newer_release_alone() {
    for older in [Older::Creates, Older::Updates] {
        for (state, _) in older.tasks() {
            let overtaken = Overtaken::in_state(older, state).await;
            let late = payload(&overtaken.older().await, state);
            let mut direct = late.clone();
            direct.as_object_mut().unwrap().remove("Execution");
            for payload in [late, direct] {
                let refused = overtaken.harness.invoke(payload).await.unwrap_err();
                let expected = match *state {
                    "Validate" => "BadReleaseError",
                    "Lock" => "LockExistsError",
                    _ => "LockError",
                };
                assert_eq!(refused.error, expected, "{older:?} {state}: {refused}");
                assert!(overtaken.is_untouched(), "{older:?} {state}");
            }
        }
    }
}

/// What the definition sends to the function in that state.
pub(super) fn payload(run: &Run, state: &str) -> Value {
    let mut entered = run.history.iter().filter(|event| event.enters_state());
    let event = entered.rfind(|event| event.details.name.as_deref() == Some(state)).unwrap();
    let input = event.details.input.as_deref().unwrap();
    json!({ "Task": state, "Input": input, "Execution": run.execution.arn, "RetryCount": 0 })
}

/// What a deploy makes of a stack: all but change sets that were never executed.
fn deployed(stacks: Vec<StoredStack>) -> Vec<Value> {
    let stacks = stacks.into_iter().map(|StoredStack { status, tags, template, resources, change_set_id, .. }| {
        json!([status.as_str(), tags, template, resources, change_set_id])
    });
    stacks.collect()
}

/// An attempt that hangs in one of its calls goes on after the newer release was deployed.
#[tokio::test]
async fn zombie_leaves_the_newer_release_alone() {
    for older in [Older::Creates, Older::CreationFails, Older::Updates, Older::UpdateFails] {
        for (state, _) in older.tasks() {
            for skip in 0.. {
                let at = async |kind| Overtaken::at(older, state, skip, kind).await;
                let Some(expected) = at(FaultKind::DelaySeconds(HANG)).await else {
                    assert!(skip > 0, "{older:?} {state} makes no call");
                    break;
                };
                let zombie = at(FaultKind::ZombieSeconds(HANG)).await.unwrap();
                assert_eq!(deployed(zombie.after), deployed(expected.after), "{older:?} {state}, call {skip}");
            }
        }
    }
}
