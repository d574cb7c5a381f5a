//! What must hold at every call and after every execution, whatever the deployer and whatever happened.

use super::compare::{difference, without_random};
use super::{Case, SweepFault};
use crate::testing::Run;
use crate::{CallRecord, Effect, LocalDeployer, LocalState};
use bifrost_core::account::Identity;
use bifrost_core::cloud::{EndedItem, ExecutionStatus, Principal, is_read};
use bifrost_core::machine::{Kind, Machine};
use bifrost_core::release::{AccountId, RootDir};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The deploy that is watched.
pub(super) struct Deploy {
    pub(super) identity: Arc<Identity>,
    pub(super) arn: String,
    pub(super) target: AccountId,
    pub(super) root_dir: RootDir,
}

/// The calls of tasks, and the rules that they broke.
#[derive(Default)]
pub(super) struct Journal {
    pub(super) calls: Vec<CallRecord>,
    pub(super) violations: BTreeSet<String>,
    /// The owner of the root lock while this execution held it.
    owner: Option<String>,
}

impl Journal {
    /// Adds a call, and checks it.
    pub(super) fn add<D: LocalDeployer>(
        &mut self,
        deploy: &Deploy,
        record: &CallRecord,
        before: &LocalState<D::Resources>,
        after: &LocalState<D::Resources>,
    ) {
        let (call, name) = (&record.call, &record.call.name);
        if name.attempt.state.is_empty() {
            return;
        }
        self.calls.push(record.clone());
        if let Some(owner) = deploy.holder(after) {
            self.owner = Some(owner.to_owned());
        }
        let mut broken = |rule: String| {
            self.violations.insert(format!("{rule}: {} {} {}", name.attempt.state, name.operation, name.resource));
        };
        match &call.principal {
            Principal::Deployer if call.account != deploy.identity.account => {
                broken(format!("the deployer's own role is used in account {}", call.account));
            }
            Principal::AssumedRole(role)
                if call.account != deploy.target || *role != deploy.identity.assumed_role() =>
            {
                broken(format!("a call is made in account {} with the role {role}", call.account));
            }
            Principal::AssumedRole(_) if is_read(name.operation) && resources(before) != resources(after) => {
                broken("a call changes something, but its operation is called like one that reads".into());
            }
            _ => {}
        }
    }
}

fn resources<R>(state: &LocalState<R>) -> Vec<&R> {
    state.accounts.values().map(|account| &account.resources).collect()
}

impl Deploy {
    /// The owner of the root lock, if this execution holds it.
    fn holder<'s, R>(&self, state: &'s LocalState<R>) -> Option<&'s str> {
        let key = self.root_dir.lock();
        let mut tables = state.accounts.get(&self.identity.account)?.lock_tables.values();
        let lock = tables.find_map(|table| table.locks.get(key.as_str()))?;
        (lock.execution.as_deref() == Some(&self.arn)).then_some(&lock.id)
    }

    /// Whether the owner has given the lock back, or somebody else has.
    fn has_ended<R>(&self, state: &LocalState<R>, owner: &str) -> bool {
        let tables = state.accounts.get(&self.identity.account).into_iter().flat_map(|it| it.lock_tables.values());
        tables.into_iter().any(|table| table.ended.contains_key(&EndedItem::key(owner)))
    }
}

/// What the target accounts have, as rules compare it.
pub(super) struct Compared<'a> {
    pub(super) before: &'a Value,
    /// After the run without faults, if that succeeds.
    pub(super) success: Option<&'a Value>,
    pub(super) now: &'a Value,
}

/// The rules that an execution broke by how it ended.
pub(super) fn broken_at_end<D: LocalDeployer>(
    deploy: &Deploy,
    journal: &Journal,
    case: &Case<'_, D>,
    compared: &Compared<'_>,
) -> Vec<String> {
    let (machine, status) = (D::Machine::from_name(case.end()), case.run.execution.status);
    let is_held = deploy.holder(case.at_end).is_some();
    let mut broken = Vec::new();
    let mut require = |holds: bool, rule: &str| {
        if !holds {
            broken.push(rule.to_owned());
        }
    };
    if machine == Some(D::Machine::SUCCESS) {
        require(status == ExecutionStatus::Succeeded, "Success: the execution must succeed");
        require(!is_held, "Success: the root lock must be free");
        let reference = compared.success.map(without_random);
        let found = reference.and_then(|it| difference("", &it, &without_random(compared.now)));
        broken.extend(found.map(|found| format!("Success: must leave what a run without faults leaves: {found}")));
    } else if machine == Some(D::Machine::FAILURE_CLEAN) {
        require(status == ExecutionStatus::Failed, "FailureClean: the execution must fail");
        require(!is_held, "FailureClean: the root lock must be free");
        // An attempt that outlives its task goes on after the clean-up.
        let found = difference("", compared.before, compared.now).filter(|_| !case.has_fault(SweepFault::Zombie));
        broken.extend(found.map(|found| format!("FailureClean: must leave what was there before: {found}")));
    } else if machine == Some(D::Machine::FAILURE_DIRTY) {
        require(status == ExecutionStatus::Failed, "FailureDirty: the execution must fail");
        let is_lost = journal.owner.as_ref().is_some_and(|owner| !is_held && !deploy.has_ended(case.at_end, owner));
        require(!is_lost, "FailureDirty: the root lock must be kept");
        let task = last_task::<D>(case.run);
        require(
            has_failed(case, task),
            &format!("FailureDirty: a call must have failed in the last attempt of {task}, and none has"),
        );
    } else {
        broken.push(format!("the execution must end in an end state of the machine, and ended in `{}`", case.end()));
    }
    broken
}

/// The last task of an execution.
pub(super) fn last_task<D: LocalDeployer>(run: &Run) -> &str {
    let tasks = D::Machine::STATES.iter().filter(|state| state.kind == Kind::Task);
    let tasks: BTreeSet<&str> = tasks.map(|state| state.name).collect();
    run.path().into_iter().rfind(|state| tasks.contains(state)).unwrap_or_default()
}

/// Whether a call failed in the last attempt of a task, or the attempt was lost.
fn has_failed<D: LocalDeployer>(case: &Case<'_, D>, task: &str) -> bool {
    let calls = || case.calls.iter().filter(|record| record.call.name.attempt.state == task);
    let last = calls().map(|record| record.call.name.attempt.retry_count).max();
    let of_last = |record: &&CallRecord| Some(record.call.name.attempt.retry_count) == last;
    let timed_out = case.run.errors().last().is_some_and(|raised| raised.error == "States.Timeout");
    timed_out || calls().filter(of_last).any(|record| record.effect != Effect::Done)
}
