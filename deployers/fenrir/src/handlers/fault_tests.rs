//! Fails each call of a whole deploy, and checks that the deploy ends as the contract says.

use crate::Fenrir;
use crate::cloud::StackStatus;
use crate::cloud::local::{FenrirAccount, StoredStack};
use crate::harness::{QUICK, REGION, deploy, paced_harness, release};
use bifrost::local::LocalState;
use bifrost::testing::{Case, FaultSweep, Run, SweepFault, TestHarness};
use serde_json::{Value, json};

/// Deploys a release while each of its calls fails.
async fn assert_contract_is_kept(harness: &TestHarness<Fenrir>, mut release: Value, end: Fenrir) {
    // The sweep creates it when it starts.
    for field in ["release_id", "created_at"] {
        release.as_object_mut().unwrap().remove(field);
    }
    let sweep = FaultSweep::of([release]).in_state(harness.store().read(LocalState::clone).unwrap()).ends_in(end);
    sweep.comparing(stacks).invariant(ends_as_the_contract_says).run().await.unwrap();
}

fn stored(account: &FenrirAccount) -> impl Iterator<Item = &StoredStack> {
    let stacks = account.regions.values().flat_map(|region| region.stacks.values());
    stacks.filter(|stack| stack.status != StackStatus::DeleteComplete)
}

/// The resources of each stack.
fn stacks(account: &FenrirAccount) -> Value {
    stored(account).map(|stack| json!(stack.resources)).collect()
}

fn ends_as_the_contract_says(case: &Case<'_, Fenrir>) -> Result<(), String> {
    let broken = |what: &str| Err(what.to_owned());
    let has_executable = || {
        let stacks = case.settled.accounts.values().flat_map(|account| stored(&account.resources));
        stacks.flat_map(|stack| stack.change_sets.values()).any(|change_set| change_set.execution_status.is_none())
    };
    match case.end() {
        // A task without retries is the only one in which one fault may need an operator.
        "FailureDirty" if case.has_single_fault() && !case.name.starts_with("Execute.") => {
            broken("one fault needs an operator")
        }
        "FailureClean" | "FailureDirty" if !has_cause(case.run) => broken("the release does not say why"),
        // An attempt that outlives its task may create one after the clean-up.
        "Success" | "FailureClean" if !case.has_fault(SweepFault::Zombie) && has_executable() => {
            broken("a change set that can be executed is left")
        }
        _ => Ok(()),
    }
}

/// Whether the release that a failed deploy ends with says why.
fn has_cause(run: &Run) -> bool {
    let last = run.history.iter().rfind(|event| event.enters_state()).unwrap();
    last.details.input.as_ref().unwrap()["error"]["Cause"].as_str().is_some_and(|cause| !cause.is_empty())
}

/// A release with a second table.
fn second() -> Value {
    release(1, &[("/template/Resources/second", json!({ "Type": "AWS::Serverless::SimpleTable" }))])
}

/// A local cloud in which that resource cannot be created.
fn failing(resource: &str) -> TestHarness<Fenrir> {
    let fails = json!({ "fails": "create", "seconds": QUICK });
    paced_harness(QUICK, &[(&format!("{REGION}/behaviour/{resource}"), fails)])
}

#[tokio::test]
async fn failed_call_of_a_first_deploy() {
    assert_contract_is_kept(&paced_harness(QUICK, &[]), release(1, &[]), Fenrir::Success).await;
}

#[tokio::test]
async fn failed_call_of_a_first_deploy_that_rolls_back() {
    assert_contract_is_kept(&failing("table"), release(1, &[]), Fenrir::FailureClean).await;
}

/// Its stack stays in `REVIEW_IN_PROGRESS`.
#[tokio::test]
async fn failed_call_of_a_first_deploy_whose_change_set_fails() {
    let table = |needed: &str| json!({ "Type": "AWS::Serverless::SimpleTable", "DependsOn": needed });
    let circle = [("/template/Resources/table", table("second")), ("/template/Resources/second", table("table"))];
    assert_contract_is_kept(&paced_harness(QUICK, &[]), release(1, &circle), Fenrir::FailureClean).await;
}

#[tokio::test]
async fn failed_call_of_an_update() {
    let harness = paced_harness(QUICK, &[]);
    deploy(&harness, &release(2, &[])).await;
    assert_contract_is_kept(&harness, second(), Fenrir::Success).await;
}

#[tokio::test]
async fn failed_call_of_an_update_that_rolls_back() {
    let harness = failing("second");
    deploy(&harness, &release(2, &[])).await;
    assert_contract_is_kept(&harness, second(), Fenrir::FailureClean).await;
}
