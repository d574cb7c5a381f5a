//! Fails each call of a whole deploy, once or for good, and checks that the deploy ends as the contract says.

use crate::Fenrir;
use crate::cloud::StackStatus;
use crate::cloud::local::{FenrirAccount, StoredResource};
use crate::harness::{REGION, deploy, new_harness, region, release, stacks};
use bifrost::local::{Fault, FaultKind, LocalState};
use bifrost::testing::{Run, TestHarness};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// A call as a fault names it: operation, resource, state.
type Call = (&'static str, String, String);

/// A deploy, and the local cloud before it.
struct Deploy {
    local_state: LocalState<FenrirAccount>,
    release: Value,
    /// The stack's resources if the deploy succeeds.
    after: BTreeSet<String>,
}

impl Deploy {
    /// A deploy into an account without a stack.
    fn first(harness: &TestHarness<Fenrir>) -> Self {
        Self {
            local_state: harness.store().read(LocalState::clone).unwrap(),
            release: release(1, &[]),
            after: names(["table"]),
        }
    }

    /// A first deploy whose change set fails, so that its stack stays in `REVIEW_IN_PROGRESS`.
    fn first_with_a_circle() -> Self {
        let table = |needed: &str| json!({ "Type": "AWS::Serverless::SimpleTable", "DependsOn": needed });
        let changes = [("/template/Resources/table", table("second")), ("/template/Resources/second", table("table"))];
        Self { release: release(1, &changes), ..Self::first(&new_harness(&[])) }
    }

    /// A deploy that updates a stack.
    async fn second(harness: &TestHarness<Fenrir>) -> Self {
        deploy(harness, &release(2, &[])).await;
        let second = ("/template/Resources/second", json!({ "Type": "AWS::Serverless::SimpleTable" }));
        Self {
            local_state: harness.store().read(LocalState::clone).unwrap(),
            release: release(1, &[second]),
            after: names(["table", "second"]),
        }
    }

    fn harness(&self, faults: Vec<Fault>) -> TestHarness<Fenrir> {
        TestHarness::new(LocalState { faults, ..self.local_state.clone() }).unwrap()
    }

    /// The calls that the deploy makes.
    async fn calls(&self) -> BTreeSet<Call> {
        let harness = self.harness(Vec::new());
        let calls = Arc::new(Mutex::new(BTreeSet::new()));
        let seen = Arc::clone(&calls);
        harness.store().watch(Box::new(move |record, _, _| {
            let name = &record.call.name;
            if !name.attempt.state.is_empty() {
                let call = (name.operation, name.resource.clone(), name.attempt.state.clone());
                seen.lock().unwrap().insert(call);
            }
        }));
        deploy(&harness, &self.release).await;
        let calls = calls.lock().unwrap();
        calls.clone()
    }

    /// Deploys while a call fails. Describes the end if it is not as the contract says.
    async fn broken_promise(&self, fault: Fault) -> Option<String> {
        let fault_text = format!("{fault:?}");
        // A fault that passes must not need an operator, except an error in a state without retries. A lost invocation is
        // retried everywhere.
        let is_error = fault.kind != FaultKind::DieAfter;
        let may_be_dirty = fault.times.is_none() || (is_error && fault.state.as_deref() == Some("Execute"));
        let harness = self.harness(vec![fault]);
        let audit = harness.check_audit();
        let (before, stacks_before) = (resources(&harness), stack_ids(&harness));
        let run = deploy(&harness, &self.release).await;
        let (now, free) = (resources(&harness), harness.store().read(lock_is_free).unwrap());
        let left: Vec<_> = stacks(&harness).iter().flat_map(|stack| stack.change_sets.values().cloned()).collect();
        let executable = left.iter().any(|change_set| change_set.execution_status.is_none());
        let kept = match run.path().last().copied() {
            Some("Success") => free && now.keys().cloned().collect::<BTreeSet<_>>() == self.after && !executable,
            Some("FailureClean") => {
                let is_clean = free && now == before && stack_ids(&harness) == stacks_before && !executable;
                is_clean && has_cause(&run)
            }
            Some("FailureDirty") => may_be_dirty && has_cause(&run),
            _ => false,
        };
        let Run { execution, .. } = &run;
        let violations = audit.violations(&run);
        (!kept || !violations.is_empty()).then(|| {
            let now: Vec<_> = now.keys().collect();
            format!(
                "{fault_text}\n  {:?} {:?}\n  {:?}\n  {now:?}, lock free: {free}\n  {violations:?}",
                run.path(),
                execution.status,
                run.errors()
            )
        })
    }
}

fn names<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

/// The resources of all stacks.
fn resources(harness: &TestHarness<Fenrir>) -> BTreeMap<String, StoredResource> {
    stacks(harness).into_iter().flat_map(|stack| stack.resources).collect()
}

/// The ARNs of all stacks.
fn stack_ids(harness: &TestHarness<Fenrir>) -> BTreeSet<String> {
    let stacks = region(harness).stacks.into_iter();
    stacks.filter(|(_, stack)| stack.status != StackStatus::DeleteComplete).map(|(id, _)| id).collect()
}

/// Whether the release that a failed deploy ends with says why.
fn has_cause(run: &Run) -> bool {
    let last = run.history.iter().rfind(|event| event.enters_state()).unwrap();
    last.details.input.as_ref().unwrap()["error"]["Cause"].as_str().is_some_and(|cause| !cause.is_empty())
}

fn kinds() -> [FaultKind; 3] {
    let error = || "InternalFailure".to_owned();
    [FaultKind::Error(error()), FaultKind::ErrorAfter(error()), FaultKind::DieAfter]
}

fn lock_is_free(local_state: &LocalState<FenrirAccount>) -> bool {
    local_state.accounts.values().all(|account| account.lock_tables.values().all(|table| table.locks.is_empty()))
}

async fn assert_contract_is_kept(deploy: &Deploy) {
    let mut broken = Vec::new();
    for (operation, resource, state) in deploy.calls().await {
        for kind in kinds() {
            for times in [Some(1), None] {
                let (resource, state, kind) = (Some(resource.clone()), Some(state.clone()), kind.clone());
                let fault = Fault { operation: operation.into(), resource, state, skip: 0, times, kind };
                broken.extend(deploy.broken_promise(fault).await);
            }
        }
    }
    assert!(broken.is_empty(), "{} deploys broke the contract:\n{}", broken.len(), broken.join("\n"));
}

#[tokio::test]
async fn failed_call_of_a_first_deploy() {
    assert_contract_is_kept(&Deploy::first(&new_harness(&[]))).await;
}

#[tokio::test]
async fn failed_call_of_a_first_deploy_that_rolls_back() {
    let fails = (format!("{REGION}/behaviour/table"), json!({ "fails": "create" }));
    assert_contract_is_kept(&Deploy::first(&new_harness(&[(&fails.0, fails.1)]))).await;
}

#[tokio::test]
async fn failed_call_of_a_first_deploy_whose_change_set_fails() {
    assert_contract_is_kept(&Deploy::first_with_a_circle()).await;
}

#[tokio::test]
async fn failed_call_of_an_update() {
    assert_contract_is_kept(&Deploy::second(&new_harness(&[])).await).await;
}

#[tokio::test]
async fn failed_call_of_an_update_that_rolls_back() {
    let fails = (format!("{REGION}/behaviour/second"), json!({ "fails": "create" }));
    assert_contract_is_kept(&Deploy::second(&new_harness(&[(&fails.0, fails.1)])).await).await;
}
