//! Records every call of the tasks, and checks each against the invariants of `rules`.

use crate::fixture::{region, root_lock};
use crate::plan::ReleasePlan;
use crate::rules;
use bifrost::local::{CallRecord, Effect, LocalState};
use bifrost::testing::is_audit_call;
use odin::cloud::local::OdinAccount;
use std::collections::BTreeMap;

/// The recorded calls of the deploys of a fixture.
#[derive(Default)]
pub struct Journal {
    /// The plan of each execution, by its ARN.
    pub plans: BTreeMap<String, ReleasePlan>,
    /// The executions that ever held their root lock, by ARN, with the owner of the lock.
    pub held: BTreeMap<String, String>,
    /// The calls of tasks, in order.
    pub calls: Vec<CallRecord>,
    /// Min and desired of each new group, whenever a call changed them.
    pub sizes: Vec<(u32, u32)>,
    /// Violated invariants.
    pub violations: Vec<String>,
}

impl Journal {
    /// Adds a call of a task, and checks it. It never panics: it runs inside a handler, whose panics are caught.
    pub fn add(&mut self, record: &CallRecord, before: &LocalState<OdinAccount>, after: &LocalState<OdinAccount>) {
        let name = &record.call.name;
        let Some(execution) = name.attempt.execution.as_ref().filter(|_| !name.attempt.state.is_empty()) else {
            return;
        };
        self.calls.push(record.clone());
        let Some(plan) = self.plans.get(execution) else {
            self.violations.push(format!("{} is called by the unknown execution {execution}", name.operation));
            return;
        };
        if let Some(lock) = root_lock(after, &plan.root_dir())
            && lock.execution.as_ref() == Some(execution)
        {
            self.held.insert(execution.clone(), lock.id);
        }
        if had_effect(record)
            && ["autoscaling:CreateAutoScalingGroup", "autoscaling:UpdateAutoScalingGroup"].contains(&name.operation)
        {
            let capacity = |state: &LocalState<OdinAccount>| {
                let region = region(state, &plan.account);
                let group = region.auto_scaling_groups.get(&name.resource).filter(|group| plan.created(&group.tags))?;
                Some((group.capacity.min_size, group.capacity.desired))
            };
            self.sizes.extend(capacity(after).filter(|_| capacity(before) != capacity(after)));
        }
        let owner = self.held.get(execution).map(String::as_str);
        let step = rules::Step { record, plan, execution, owner, before, after };
        let prefix = format!("{} {} {}: ", name.attempt.state, name.operation, name.resource);
        self.violations.extend(step.violations().into_iter().map(|violation| prefix.clone() + &violation));
    }

    /// The calls of an execution.
    pub fn calls_of(&self, execution: &str) -> impl Iterator<Item = &CallRecord> {
        self.calls.iter().filter(move |record| record.call.name.attempt.execution.as_deref() == Some(execution))
    }

    /// The calls that are not to the audit log.
    pub fn calls_beside_the_audit_log(&self) -> impl Iterator<Item = &CallRecord> {
        self.calls.iter().filter(|record| !is_audit_call(record))
    }

    /// How often an operation was called.
    pub fn count(&self, operation: &str) -> usize {
        self.calls.iter().filter(|record| record.call.name.operation == operation).count()
    }
}

/// Whether an operation changes anything.
pub fn mutates(operation: &str) -> bool {
    let action = operation.split_once(':').map_or(operation, |(_, action)| action);
    let reads = ["Describe", "Get", "List", "Head"];
    !(reads.iter().any(|prefix| action.starts_with(prefix)) || operation == "sts:AssumeRole")
}

/// Whether a call took effect, even if its response was lost.
pub fn had_effect(record: &CallRecord) -> bool {
    matches!(record.effect, Effect::Done | Effect::DoneUnreported)
}
