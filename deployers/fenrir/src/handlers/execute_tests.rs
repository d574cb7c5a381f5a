//! The state `Execute`: what it checks before it changes the stack, and lost invocations.

use crate::Fenrir;
use crate::cloud::ExecutionStatus;
use crate::cloud::local::{FenrirAccount, StoredChangeSet};
use crate::harness::{deploy, new_harness, release, stacks};
use bifrost::error_code::split_code;
use bifrost::local::{Fault, FaultKind, LocalState, Lost};
use bifrost::testing::{Run, TestHarness};
use futures_util::FutureExt;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn fault(operation: &str, kind: FaultKind) -> Fault {
    Fault { operation: operation.into(), resource: None, state: Some("Execute".into()), skip: 0, times: Some(1), kind }
}

fn harness_with(fault: Fault) -> TestHarness<Fenrir> {
    let harness = new_harness(&[]);
    harness.store().transact(|local_state| local_state.faults.push(fault)).unwrap();
    harness
}

#[tokio::test]
async fn lost_invocation_is_retried() {
    for lost in [Lost::SandboxTimedout, Lost::LambdaUnknown, Lost::RuntimeExitError, Lost::StatesTimeout] {
        for kind in [FaultKind::Lost(lost), FaultKind::LostAfter(lost)] {
            let harness = harness_with(fault("cloudformation:ExecuteChangeSet", kind.clone()));
            let run = deploy(&harness, &release(1, &[])).await;
            assert_eq!(run.path().last(), Some(&"Success"), "{kind:?}: {:?}", run.errors());
            assert_eq!(run.errors().len(), 1, "{kind:?}");
            assert_eq!(stacks(&harness)[0].status.as_str(), "CREATE_COMPLETE");
        }
    }
}

/// Another operation changes the stack, and the change set is still there.
#[tokio::test]
async fn refused_execution_says_that_the_stack_was_not_changed() {
    let (harness, name) = entered_execute().await;
    let update = |local_state: &mut LocalState<FenrirAccount>| {
        let accounts = local_state.accounts.values_mut();
        let regions = accounts.flat_map(|account| account.resources.regions.values_mut());
        regions
            .flat_map(|region| region.stacks.values_mut())
            .for_each(|stack| stack.status = "UPDATE_IN_PROGRESS".into());
    };
    harness.store().transact(update).unwrap();
    harness.run().await.unwrap();
    let run = harness.execution(&name).await.unwrap();
    assert_eq!(run.path().last(), Some(&"FailureDirty"));
    let raised = &run.errors()[0];
    assert_eq!((raised.error.as_str(), raised.code.as_deref()), ("DeployError", Some("fenrir/execution-refused")));
    assert!(raised.message.contains("UPDATE_IN_PROGRESS"), "{raised:?}");
}

type ChangeSets = BTreeMap<String, StoredChangeSet>;

type Tamper = fn(&mut ChangeSets);

/// Changes all change sets of the local cloud.
fn change(local_state: &mut LocalState<FenrirAccount>, change: Tamper) {
    let accounts = local_state.accounts.values_mut();
    let regions = accounts.flat_map(|account| account.resources.regions.values_mut());
    regions.flat_map(|region| region.stacks.values_mut()).for_each(|stack| change(&mut stack.change_sets));
}

fn other_template(change_sets: &mut ChangeSets) {
    for change_set in change_sets.values_mut() {
        change_set.template["Resources"]["more"] = json!({});
    }
}

/// Runs a deploy until it enters `Execute`. Returns the name of its execution.
async fn entered_execute() -> (TestHarness<Fenrir>, String) {
    let harness = harness_with(fault("*", FaultKind::DelaySeconds(1)));
    let sent = release(1, &[]);
    harness.upload(&sent, &[]).await.unwrap();
    let name = harness.start(&sent).await.unwrap();
    let entered = || harness.execution(&name).now_or_never().unwrap().unwrap().path().last() == Some(&"Execute");
    harness.run_until(entered).await.unwrap();
    (harness, name)
}

/// Runs a deploy whose change set is changed after `UpdateChangeSet` has checked it.
async fn tampered(tamper: Tamper) -> (TestHarness<Fenrir>, Run) {
    let (harness, name) = entered_execute().await;
    harness.store().transact(|local_state| change(local_state, tamper)).unwrap();
    harness.run().await.unwrap();
    let run = harness.execution(&name).await.unwrap();
    (harness, run)
}

/// Go Fenrir leaves no hash of the template that it checked.
#[tokio::test]
async fn change_set_that_go_fenrir_checked_is_checked_again() {
    for (is_changed, code) in [(false, None), (true, Some("fenrir/change-set-replaced"))] {
        let (harness, name) = entered_execute().await;
        if is_changed {
            harness.store().transact(|local_state| change(local_state, other_template)).unwrap();
        }
        let run = harness.execution(&name).await.unwrap();
        let event = run.history.iter().rfind(|event| event.enters_state()).unwrap();
        let mut input: Value = event.details.input.as_deref().unwrap().clone();
        input.as_object_mut().unwrap().remove("checked_template_sha256").unwrap();
        let payload = json!({ "Task": "Execute", "Input": input, "Execution": run.execution.arn });
        let outcome = harness.invoke(payload).await;
        assert_eq!(outcome.err().and_then(|error| split_code(&error.message).0.map(str::to_owned)).as_deref(), code);
    }
}

#[tokio::test]
async fn change_set_that_differs_is_not_executed() {
    let obsolete = |change_sets: &mut ChangeSets| {
        for change_set in change_sets.values_mut() {
            change_set.execution_status = Some(ExecutionStatus::Obsolete);
        }
    };
    let cases: [(Tamper, &str, &str); 3] = [
        (other_template, "BadReleaseError", "fenrir/change-set-replaced"),
        (obsolete, "DeployError", "fenrir/change-set-not-executable"),
        (BTreeMap::clear, "DeployError", "fenrir/change-set-not-executable"),
    ];
    for (tamper, error, code) in cases {
        let (harness, run) = tampered(tamper).await;
        let raised = &run.errors()[0];
        assert_eq!((raised.error.as_str(), raised.code.as_deref()), (error, Some(code)));
        assert!(raised.message.contains("unlock"), "the lock is kept: {raised:?}");
        assert_eq!(run.path().last(), Some(&"FailureDirty"), "{code}");
        assert_eq!(stacks(&harness)[0].status.as_str(), "REVIEW_IN_PROGRESS", "{code}");
    }
}
