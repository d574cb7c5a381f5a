//! The end of a phase, and the phase that follows.

use super::super::operation::{Goal, Kind, Phase, Task, removal};
use super::super::resolve::Scope;
use super::super::stack::StoredResource;
use super::Run;
use crate::cloud::{ExecutionStatus, StackStatus};
use crate::sam::needs_of;
use std::collections::BTreeMap;

impl Run<'_> {
    /// Starts the next phase; `false` if there is none.
    pub(super) fn next_phase(&mut self) -> bool {
        let succeeded = self.operation.failed.is_empty() && !self.operation.cancelled;
        match (self.operation.kind, self.operation.phase) {
            (Kind::Create, Phase::Forward) if succeeded => self.succeed(StackStatus::CreateComplete, None),
            (Kind::Create, Phase::Forward) => return self.undo_creation(),
            (Kind::Create, _) if succeeded => self.end(StackStatus::RollbackComplete, None),
            (Kind::Create, _) => self.end(StackStatus::RollbackFailed, self.failures()),
            (Kind::Update, Phase::Forward) if succeeded => return self.clean_up(),
            (Kind::Update, Phase::Forward) => return self.undo_update(),
            (Kind::Update, Phase::CleanUp) => {
                let reason = "Update successful. One or more resources could not be deleted.";
                self.succeed(StackStatus::UpdateComplete, (!succeeded).then(|| reason.into()));
            }
            (Kind::Update, Phase::Back) if succeeded => return self.clean_up_rollback(),
            (Kind::Update, Phase::Back) => self.end(StackStatus::UpdateRollbackFailed, self.failures()),
            (Kind::Update, Phase::BackCleanUp) => self.end(StackStatus::UpdateRollbackComplete, None),
            (Kind::Delete, _) if succeeded => self.end(StackStatus::DeleteComplete, None),
            (Kind::Delete, _) => self.end(StackStatus::DeleteFailed, self.failures()),
        }
        false
    }

    fn start_phase(
        &mut self,
        phase: Phase,
        status: StackStatus,
        reason: Option<String>,
        waiting: BTreeMap<String, Task>,
    ) -> bool {
        self.status(status, reason);
        self.operation.phase = phase;
        self.operation.failed.clear();
        self.operation.cancelled = false;
        self.operation.waiting = waiting;
        true
    }

    fn undo_creation(&mut self) -> bool {
        let reason = self.failures().map(|failures| format!("{failures}Rollback requested by user."));
        let tasks = removal(self.stack.resources.clone());
        self.start_phase(Phase::Back, StackStatus::RollbackInProgress, reason, tasks)
    }

    /// Deletes resources that are no longer in the template, and resources that were replaced.
    fn clean_up(&mut self) -> bool {
        let target = &self.operation.target.resources;
        let removed = self.stack.resources.iter().filter(|(name, _)| !target.contains_key(*name));
        let removed: BTreeMap<_, _> = removed.map(|(name, resource)| (name.clone(), resource.clone())).collect();
        let tasks = self.with_orphans(removed);
        self.start_phase(Phase::CleanUp, StackStatus::UpdateCleanup, None, tasks)
    }

    fn with_orphans(&self, mut resources: BTreeMap<String, StoredResource>) -> BTreeMap<String, Task> {
        resources.extend(self.operation.orphans.clone());
        removal(resources)
    }

    /// Restores each resource.
    fn undo_update(&mut self) -> bool {
        let cancelled = self.operation.cancelled;
        let reason = if cancelled { Some("User Initiated".into()) } else { self.failures() };
        let before = self.operation.before.resources.clone();
        // Replaced resources are restored. Their replacements have no logical id any more, and are deleted.
        self.operation
            .orphans
            .retain(|name, resource| before.get(name).is_none_or(|before| before.physical_id != resource.physical_id));
        let (touched, same): (BTreeMap<_, _>, BTreeMap<_, _>) =
            before.into_iter().partition(|(name, _)| self.operation.touched.contains(name));
        self.stack.resources.extend(same);
        let mut needs = needs_of(touched.iter().map(|(name, resource)| (name, &resource.definition)));
        let mut task = |name: &String, resource| Task {
            after: needs.remove(name).unwrap_or_default(),
            goal: Goal::Restore(Box::new(resource)),
        };
        let tasks = touched.into_iter().map(|(name, resource)| (name.clone(), task(&name, resource))).collect();
        self.start_phase(Phase::Back, StackStatus::UpdateRollbackInProgress, reason, tasks)
    }

    /// Deletes the resources that the update created.
    fn clean_up_rollback(&mut self) -> bool {
        let before = &self.operation.before;
        self.stack.template.clone_from(&before.template);
        self.stack.tags.clone_from(&before.tags);
        let new = self.stack.resources.iter().filter(|(name, _)| !before.resources.contains_key(*name));
        let new: BTreeMap<_, _> = new.map(|(name, resource)| (name.clone(), resource.clone())).collect();
        let tasks = self.with_orphans(new);
        self.start_phase(Phase::BackCleanUp, StackStatus::UpdateRollbackCleanup, None, tasks)
    }

    fn succeed(&mut self, status: StackStatus, reason: Option<String>) {
        let scope = Scope { stack: self.arn, resources: &self.stack.resources };
        let value = |output: &serde_json::Value| scope.text(output.get("Value")?).ok();
        let outputs = self.operation.target.outputs.iter();
        let outputs = outputs.filter_map(|(key, output)| Some((key.clone(), value(output)?))).collect();
        self.stack.outputs = outputs;
        self.end(status, reason);
    }

    /// Ends the operation.
    fn end(&mut self, status: StackStatus, reason: Option<String>) {
        let is_success = status.is_success();
        self.status(status, reason);
        if self.stack.is_deleted() {
            self.stack.change_sets.clear();
        }
        let executed =
            self.stack.change_sets.values_mut().find(|set| Some(&set.id) == self.stack.change_set_id.as_ref());
        if let Some(executed) = executed.filter(|executed| executed.executed_by.is_some()) {
            executed.execution_status =
                Some(if is_success { ExecutionStatus::ExecuteComplete } else { ExecutionStatus::ExecuteFailed });
        }
    }

    fn status(&mut self, status: StackStatus, reason: Option<String>) {
        let token = Some(self.operation.token.as_str());
        self.stack.become_status(self.arn, status, reason, token, self.now);
    }

    /// CloudFormation's summary of what failed in this phase.
    fn failures(&self) -> Option<String> {
        let sentence = |(verb, word): (&str, &str)| {
            let of_verb = self.operation.failed.iter().filter(|(_, operation)| operation.verb() == verb);
            let names = of_verb.map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
            (!names.is_empty()).then(|| format!("The following resource(s) failed to {word}: [{names}]. "))
        };
        let sentences = [("CREATE", "create"), ("UPDATE", "update"), ("DELETE", "delete")];
        let all: String = sentences.into_iter().filter_map(sentence).collect();
        (!all.is_empty()).then_some(all)
    }
}
