//! How a stack comes to what it is to become: what is due happens one moment after the other, however far the clock
//! jumped.
//!
//! Everything that is being done has its own moment, kept in the world, and ends at that moment and not when somebody
//! looks. So going to a time in one jump or in many steps leads to the same world.

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

/// What is under way with one stack, at one moment.
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
    /// Lets happen what is due by `now`.
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

    /// Lets go on at this moment what is under way with the stack.
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
            self.finish_what_is_due();
            if self.is_called_off() {
                self.cancel_the_rest();
            }
            let began = self.begin_what_is_ready();
            let at_once = self.operation.next_due().is_some_and(|due| due <= self.now);
            if began && at_once {
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

    /// Whether the way forward ends here.
    fn is_called_off(&self) -> bool {
        let Operation { kind, phase, failed, cancelled, .. } = &self.operation;
        *phase == Phase::Forward && *kind != Kind::Delete && (*cancelled || !failed.is_empty())
    }

    fn finish_what_is_due(&mut self) {
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

    /// The stack no longer has this resource.
    fn forget(&mut self, name: &str, gone: &StoredResource) {
        if self.stack.resources.get(name).is_some_and(|resource| resource.physical_id == gone.physical_id) {
            self.stack.resources.remove(name);
        }
    }

    /// Nothing more is done on the way forward.
    fn cancel_the_rest(&mut self) {
        self.operation.waiting.clear();
        for (name, progress) in std::mem::take(&mut self.operation.progress) {
            let word = if progress.operation == ResourceOperation::Create { "creation" } else { "update" };
            if progress.operation == ResourceOperation::Replace && progress.failure.is_none() {
                self.operation.orphans.insert(name.clone(), progress.resource.clone());
            }
            self.fail(&name, &progress, format!("Resource {word} cancelled"));
        }
    }

    /// Begins all that waits for nothing; whether there was any.
    fn begin_what_is_ready(&mut self) -> bool {
        let Operation { waiting, progress, failed, .. } = &self.operation;
        let is_left = |name: &String| {
            waiting.contains_key(name) || progress.contains_key(name) || failed.iter().any(|(failed, _)| failed == name)
        };
        let ready = |(name, task): (&String, &Task)| (!task.after.iter().any(is_left)).then(|| name.clone());
        let ready: Vec<_> = waiting.iter().filter_map(ready).collect();
        for name in &ready {
            match self.operation.waiting.remove(name).map(|task| task.goal) {
                Some(Goal::Make) => self.make(name),
                Some(Goal::Remove(resource)) => self.remove(name, *resource),
                Some(Goal::Restore(resource)) => self.restore(name, *resource),
                None => {}
            }
        }
        let any = !ready.is_empty();
        if any {
            // What was done at once may let others begin.
            self.begin_what_is_ready();
        }
        any
    }

    fn remove(&mut self, name: &str, resource: StoredResource) {
        if self.is_left_behind(name, &resource) {
            self.event(name, &resource, "DELETE_SKIPPED", None);
            self.forget(name, &resource);
            return;
        }
        self.event(name, &resource, "DELETE_IN_PROGRESS", None);
        let stage = if self.is_on_its_way_back() { OperationStage::Rollback } else { OperationStage::Delete };
        self.run(name, ResourceOperation::Remove, resource, stage, None);
    }

    /// By its `DeletionPolicy` or `UpdateReplacePolicy`; but what this operation has made goes again.
    fn is_left_behind(&self, name: &str, resource: &StoredResource) -> bool {
        let replaced = self.operation.orphans.contains_key(name);
        let policy = if replaced { "UpdateReplacePolicy" } else { "DeletionPolicy" };
        !self.is_on_its_way_back() && resource.is_retained(policy)
    }

    fn is_on_its_way_back(&self) -> bool {
        matches!(self.operation.phase, Phase::Back | Phase::BackCleanUp)
    }

    fn restore(&mut self, name: &str, resource: StoredResource) {
        self.event(name, &resource, "UPDATE_IN_PROGRESS", None);
        self.run(name, ResourceOperation::Restore, resource, OperationStage::Rollback, None);
    }

    /// Lets it run: as long as the world says, or else `seconds`, or else as its type usually takes.
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
