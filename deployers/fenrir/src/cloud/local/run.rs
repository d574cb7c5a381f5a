//! Runs the operation on a stack up to a time.
//!
//! Each operation on a resource has its own end time in the local cloud, and ends at that time, not when a client polls. So
//! advancing the clock in one step or in many gives the same result.

mod creating;
mod phases;

pub(super) use creating::CODE;

use super::operation::{Goal, Kind, Operation, Phase, ResourceOperation, ResourceProgress, Task};
use super::region::{Behaviour, FenrirRegion, OperationStage};
use super::stack::{StoredEvent, StoredResource, StoredStack};
use super::types::ResourceType;
use bifrost::local::later;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// The operation on one stack, at one time.
struct Run<'r> {
    arn: &'r str,
    stack: &'r mut StoredStack,
    operation: Operation,
    now: DateTime<Utc>,
    behaviour: &'r BTreeMap<String, Behaviour>,
    alarms_in_alarm: &'r BTreeSet<String>,
    names: &'r mut BTreeSet<String>,
}

impl FenrirRegion {
    /// Runs what is due by `now`.
    pub(super) fn advance(&mut self, now: DateTime<Utc>) {
        while let Some(due) = self.next_due().filter(|due| *due <= now) {
            let is_due =
                |stack: &StoredStack| stack.operation.as_ref().and_then(|operation| operation.next_due()) == Some(due);
            let arns: Vec<_> =
                self.stacks.iter().filter(|(_, stack)| is_due(stack)).map(|(arn, _)| arn.clone()).collect();
            for arn in &arns {
                self.proceed(arn, due);
            }
        }
    }

    fn next_due(&self) -> Option<DateTime<Utc>> {
        self.stacks.values().filter_map(|stack| stack.operation.as_ref()?.next_due()).min()
    }

    /// Continues the operation on the stack at this time.
    pub(super) fn proceed(&mut self, arn: &str, now: DateTime<Utc>) {
        let Self { stacks, behaviour, alarms_in_alarm, names, .. } = self;
        if let Some(stack) = stacks.get_mut(arn)
            && let Some(operation) = stack.operation.take()
        {
            Run { arn, stack, operation: *operation, now, behaviour, alarms_in_alarm, names }.proceed();
        }
    }
}

impl Run<'_> {
    fn proceed(mut self) {
        loop {
            self.finish_due();
            if self.is_aborted() {
                self.cancel_remaining();
            }
            let started = self.start_ready();
            let is_due = self.operation.next_due().is_some_and(|due| due <= self.now);
            if started && is_due {
                continue;
            }
            if !self.operation.progress.is_empty() {
                self.stack.operation = Some(Box::new(self.operation));
                return;
            }
            if !self.next_phase() {
                return;
            }
        }
    }

    /// Whether the template is not applied any further.
    fn is_aborted(&self) -> bool {
        let Operation { kind, phase, failed, cancelled, .. } = &self.operation;
        *phase == Phase::Forward && *kind != Kind::Delete && (*cancelled || !failed.is_empty())
    }

    fn finish_due(&mut self) {
        let due = |(name, progress): (&String, &ResourceProgress)| (progress.due <= self.now).then(|| name.clone());
        let due: Vec<_> = self.operation.progress.iter().filter_map(due).collect();
        for name in due {
            if let Some(progress) = self.operation.progress.remove(&name) {
                match progress.failure.clone() {
                    Some(reason) => self.fail(&name, &progress, reason),
                    None => self.complete(&name, progress),
                }
            }
        }
    }

    fn fail(&mut self, name: &str, progress: &ResourceProgress, reason: String) {
        self.event(name, &progress.resource, &format!("{}_FAILED", progress.operation.verb()), Some(reason));
        self.operation.failed.push((name.into(), progress.operation));
    }

    fn complete(&mut self, name: &str, progress: ResourceProgress) {
        let ResourceProgress { operation, resource, .. } = progress;
        self.event(name, &resource, &format!("{}_COMPLETE", operation.verb()), None);
        match operation {
            ResourceOperation::Create => {}
            ResourceOperation::Update => drop(self.stack.resources.insert(name.into(), resource)),
            ResourceOperation::Replace | ResourceOperation::Restore => {
                let id = resource.physical_id.clone();
                let other = self.stack.resources.insert(name.into(), resource).filter(|other| other.physical_id != id);
                self.operation.orphans.extend(other.map(|other| (name.to_owned(), other)));
            }
            ResourceOperation::Remove => {
                if let Some(name) = resource.unique_name() {
                    self.names.remove(&name);
                }
                self.forget(name, &resource);
            }
        }
    }

    /// Removes the resource from the stack.
    fn forget(&mut self, name: &str, deleted: &StoredResource) {
        if self.stack.resources.get(name).is_some_and(|resource| resource.physical_id == deleted.physical_id) {
            self.stack.resources.remove(name);
        }
    }

    /// Cancels what is left to do.
    fn cancel_remaining(&mut self) {
        self.operation.waiting.clear();
        for (name, progress) in std::mem::take(&mut self.operation.progress) {
            let word = if progress.operation == ResourceOperation::Create { "creation" } else { "update" };
            if progress.operation == ResourceOperation::Replace && progress.failure.is_none() {
                self.operation.orphans.insert(name.clone(), progress.resource.clone());
            }
            self.fail(&name, &progress, format!("Resource {word} cancelled"));
        }
    }

    /// Starts all tasks that wait for nothing. Returns whether there were any.
    fn start_ready(&mut self) -> bool {
        let Operation { waiting, progress, failed, .. } = &self.operation;
        let is_left = |name: &String| {
            waiting.contains_key(name) || progress.contains_key(name) || failed.iter().any(|(failed, _)| failed == name)
        };
        let ready = |(name, task): (&String, &Task)| (!task.after.iter().any(is_left)).then(|| name.clone());
        let ready: Vec<_> = waiting.iter().filter_map(ready).collect();
        for name in &ready {
            match self.operation.waiting.remove(name).map(|task| task.goal) {
                Some(Goal::Apply) => self.apply(name),
                Some(Goal::Remove(resource)) => self.remove(name, *resource),
                Some(Goal::Restore(resource)) => self.restore(name, *resource),
                None => {}
            }
        }
        let any = !ready.is_empty();
        if any {
            // Tasks that are done already may let others start.
            self.start_ready();
        }
        any
    }

    fn remove(&mut self, name: &str, resource: StoredResource) {
        if self.is_retained(name, &resource) {
            self.event(name, &resource, "DELETE_SKIPPED", None);
            self.forget(name, &resource);
            return;
        }
        self.event(name, &resource, "DELETE_IN_PROGRESS", None);
        let stage = if self.is_rolling_back() { OperationStage::Rollback } else { OperationStage::Delete };
        self.run(name, ResourceOperation::Remove, resource, stage, None);
    }

    /// Whether its `DeletionPolicy` or `UpdateReplacePolicy` keeps it. A rollback deletes what the operation created in any
    /// case.
    fn is_retained(&self, name: &str, resource: &StoredResource) -> bool {
        let replaced = self.operation.orphans.contains_key(name);
        let policy = if replaced { "UpdateReplacePolicy" } else { "DeletionPolicy" };
        !self.is_rolling_back() && resource.is_retained(policy)
    }

    fn is_rolling_back(&self) -> bool {
        matches!(self.operation.phase, Phase::Back | Phase::BackCleanUp)
    }

    fn restore(&mut self, name: &str, resource: StoredResource) {
        self.event(name, &resource, "UPDATE_IN_PROGRESS", None);
        self.run(name, ResourceOperation::Restore, resource, OperationStage::Rollback, None);
    }

    /// Starts the operation. It takes as long as the behaviour says, else `seconds`, else as long as is usual for its type.
    fn run(
        &mut self,
        name: &str,
        operation: ResourceOperation,
        resource: StoredResource,
        stage: OperationStage,
        seconds: Option<u32>,
    ) {
        let behaviour = Behaviour::of(self.behaviour, name, resource.resource_type());
        let usual = || ResourceType::of(resource.resource_type()).map_or(1, |kind| kind.seconds);
        let seconds = behaviour.seconds.or(seconds).unwrap_or_else(usual);
        let progress =
            ResourceProgress { operation, due: later(self.now, seconds), failure: behaviour.failure(stage), resource };
        self.operation.progress.insert(name.into(), progress);
    }

    fn event(&mut self, name: &str, resource: &StoredResource, status: &str, reason: Option<String>) {
        self.stack.events.push(StoredEvent {
            timestamp: self.now,
            logical_id: name.into(),
            physical_id: Some(resource.physical_id.clone()).filter(|id| !id.is_empty()),
            resource_type: resource.resource_type().into(),
            status: status.into(),
            reason,
            token: Some(self.operation.token.clone()),
        });
    }
}
