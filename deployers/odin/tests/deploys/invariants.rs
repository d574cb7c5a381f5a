//! Invariants after every execution, whatever happened in it: points 1 to 4 of Odin's guarantees.

use crate::fixture::{Deploy, ended, has_object, region, root_lock, uuid};
use crate::journal::{Journal, mutates};
use crate::plan::ReleasePlan;
use bifrost::cloud::{EndedBy, ExecutionStatus, Principal};
use bifrost::local::{Effect, LocalState};
use bifrost::testing::Run;
use odin::cloud::local::{OdinAccount, OdinRegion};

/// The tasks that clean up.
const CLEAN_UP: [&str; 3] = ["CleanUpSuccess", "CleanUpFailure", "ReleaseLockFailure"];

/// Violations at the end of the execution.
pub fn at_end(deploy: &Deploy, run: &Run, local_state: &LocalState<OdinAccount>, journal: &Journal) -> Vec<String> {
    let after =
        After { deploy, plan: &deploy.plan, run, local_state, region: region(local_state, &deploy.plan.account) };
    let mut violations = Vec::new();
    let mut require = |holds: bool, what: &str| {
        if !holds {
            violations.push(what.to_owned());
        }
    };
    let (status, failed) = (run.execution.status, run.execution.error.as_deref());
    match run.path().last().copied() {
        Some("Success") => {
            require(status == ExecutionStatus::Succeeded, "Success, but the execution did not succeed");
            violations.extend(after.success());
        }
        Some("FailureClean") => {
            require(
                status == ExecutionStatus::Failed && failed == Some("FailureClean"),
                "FailureClean, but the execution did not fail with this error",
            );
            violations.extend(after.failure_clean(journal));
        }
        Some("FailureDirty") => {
            require(
                status == ExecutionStatus::Failed && failed == Some("FailureDirty"),
                "FailureDirty, but the execution did not fail with this error",
            );
            violations.extend(after.failure_dirty(journal));
        }
        state => violations.push(format!("the execution ended in {state:?}, which is not an end state")),
    }
    violations
}

/// Violations an hour after the end, when no change is pending.
pub fn at_rest(deploy: &Deploy, run: &Run, local_state: &LocalState<OdinAccount>) -> Vec<String> {
    let mut violations = untouched_accounts(deploy, local_state);
    let (plan, region) = (&deploy.plan, region(local_state, &deploy.plan.account));
    match run.path().last().copied() {
        Some("FailureClean") => violations.extend(changed(&deploy.before, local_state, plan)),
        Some("Success") => violations.extend(leftovers(plan, &region)),
        _ => {}
    }
    violations
}

struct After<'a> {
    deploy: &'a Deploy,
    plan: &'a ReleasePlan,
    run: &'a Run,
    local_state: &'a LocalState<OdinAccount>,
    region: OdinRegion,
}

impl After<'_> {
    /// Point 2: the new groups run, the old groups are deleted or being deleted, and nothing blocks the next release.
    fn success(&self) -> Vec<String> {
        let mut violations = self.plan.unhealthy(&self.region, self.local_state.clock);
        for (service, plan) in &self.plan.services {
            let Some(group) = self.region.auto_scaling_groups.get(&plan.group) else { continue };
            let is = (u64::from(group.capacity.min_size), u64::from(group.capacity.desired));
            if is != (plan.min_size, plan.desired) || group.deleting {
                violations
                    .push(format!("{service} has min and desired {is:?}, not {:?}", (plan.min_size, plan.desired)));
            }
            if group.attachments.load_balancers.len() != plan.elbs.len()
                || group.attachments.target_groups.len() != plan.target_groups.len()
            {
                violations.push(format!("{service} is not attached to its balancers: {:?}", group.attachments));
            }
        }
        for name in self.plan.earlier.keys() {
            if self.region.auto_scaling_groups.get(name).is_some_and(|group| !group.deleting) {
                violations.push(format!("the old group {name} still exists"));
            }
        }
        violations.extend(self.blockers());
        violations
    }

    /// Point 3, as far as it holds immediately. A release that is refused before Deploy changes nothing.
    fn failure_clean(&self, journal: &Journal) -> Vec<String> {
        let mut violations = Vec::new();
        let owner = uuid(self.run);
        let own = self.region.auto_scaling_groups.iter().filter(|(_, group)| {
            // Another execution of the same release may run.
            self.plan.created(&group.tags) && group.tags.get("ReleaseUUID").is_none_or(|uuid| *uuid == owner)
        });
        violations
            .extend(own.filter(|(_, group)| !group.deleting).map(|(name, _)| format!("the new group {name} is left")));
        let path = self.run.path();
        if journal.held.contains_key(&self.deploy.arn) {
            violations.extend(self.blockers());
        }
        if !path.contains(&"Deploy") {
            let mut calls = journal.calls_of(&self.deploy.arn);
            let changes = calls.find(|record| {
                let in_target = matches!(record.call.principal, Principal::AssumedRole(_));
                in_target && mutates(record.call.name.operation)
            });
            violations.extend(changes.map(|record| format!("a refused release calls {}", record.call.name.operation)));
        }
        violations
    }

    /// Point 4: only a clean-up that failed permanently ends dirty, and the lock is kept unless it was already freed.
    fn failure_dirty(&self, journal: &Journal) -> Vec<String> {
        let mut violations = Vec::new();
        let path = self.run.path();
        let last = path.iter().rev().nth(1).copied().unwrap_or_default();
        if !CLEAN_UP.contains(&last) {
            violations.push(format!("{last} ends dirty, but does not clean up"));
        }
        let freed_by = self.freed_by(journal);
        // A lock that an operator cleared is reason enough. An execution that gave it back itself has finished its work.
        if freed_by != Some(EndedBy::Unlock) && !self.last_attempt_failed(last, journal) {
            violations.push(format!("{last} ends dirty although no call of it failed"));
        }
        if journal.held.contains_key(&self.deploy.arn) && !self.holds_lock() && freed_by.is_none() {
            violations.push("the root lock is missing, but nobody freed it".into());
        }
        violations
    }

    /// Who freed the lock of this execution.
    fn freed_by(&self, journal: &Journal) -> Option<EndedBy> {
        Some(ended(self.local_state, journal.held.get(&self.deploy.arn)?)?.by)
    }

    /// Whether a call failed in the last attempt of a task.
    fn last_attempt_failed(&self, state: &str, journal: &Journal) -> bool {
        let calls = || {
            let calls = journal.calls_of(&self.deploy.arn);
            calls.filter(|record| record.call.name.attempt.state == state)
        };
        let last = calls().map(|record| record.call.name.attempt.retry_count).max();
        let mut of_last = calls().filter(|record| Some(record.call.name.attempt.retry_count) == last);
        of_last.any(|record| record.effect != Effect::Done)
    }

    /// What blocks the next release. A halt flag is meant for the holder of the lock: an execution that never held the
    /// lock must keep the flag.
    fn blockers(&self) -> Vec<String> {
        let mut violations = Vec::new();
        if self.holds_lock() {
            violations.push("the root lock is kept".into());
        }
        if has_object(self.local_state, &format!("{}/halt", self.plan.root_dir())) {
            violations.push("the halt flag is left".into());
        }
        violations
    }

    fn holds_lock(&self) -> bool {
        let lock = root_lock(self.local_state, &self.plan.root_dir());
        lock.is_some_and(|lock| lock.execution.as_deref() == Some(&self.deploy.arn))
    }
}

/// Point 7, by its outcome: no other account has changed, and no foreign group in the target account.
fn untouched_accounts(deploy: &Deploy, local_state: &LocalState<OdinAccount>) -> Vec<String> {
    let mut violations = Vec::new();
    for (id, account) in &deploy.before.accounts {
        if id.as_str() != deploy.plan.account && account.resources != local_state.accounts[id].resources {
            violations.push(format!("account {id} has changed"));
        }
    }
    let (before, now) = (region(&deploy.before, &deploy.plan.account), region(local_state, &deploy.plan.account));
    for (name, group) in before.auto_scaling_groups {
        if !deploy.plan.owns(&group.tags) && now.auto_scaling_groups.get(&name) != Some(&group) {
            violations.push(format!("group {name} of others has changed"));
        }
    }
    violations
}

/// Point 3: the region is unchanged, byte for byte.
fn changed(
    before: &LocalState<OdinAccount>,
    local_state: &LocalState<OdinAccount>,
    plan: &ReleasePlan,
) -> Option<String> {
    let text = |local_state: &LocalState<OdinAccount>| {
        let mut region = region(local_state, &plan.account);
        // These counters only grow.
        region.ids = 0;
        region.images.values_mut().for_each(|image| image.launched = 0);
        serde_json::to_string_pretty(&region).unwrap()
    };
    let (before, now) = (text(before), text(local_state));
    let differs = before.lines().zip(now.lines()).find(|(before, now)| before != now);
    (before != now).then(|| format!("the failed release left a change: {differs:?}"))
}

/// Point 2, an hour later: only resources of the release exist in its project and config.
fn leftovers(plan: &ReleasePlan, region: &OdinRegion) -> Vec<String> {
    let mut left = Vec::new();
    let own = region.auto_scaling_groups.iter().filter(|(_, group)| plan.owns(&group.tags));
    left.extend(own.filter(|(_, group)| !plan.created(&group.tags)).map(|(name, _)| format!("group {name}")));
    let own = region.launch_templates.iter().filter(|(_, stored)| plan.owns(&stored.template.tags));
    left.extend(
        own.filter(|(_, stored)| !plan.created(&stored.template.tags)).map(|(name, _)| format!("template {name}")),
    );
    let dangling = region.alarms.values().filter(|alarm| !region.auto_scaling_groups.contains_key(&alarm.group_name));
    left.extend(dangling.map(|alarm| format!("alarm {}", alarm.name)));
    for earlier in plan.earlier.values() {
        let configuration = earlier.launch_configuration.iter();
        let left_over = configuration.filter(|name| region.launch_configurations.contains_key(*name));
        left.extend(left_over.map(|name| format!("launch configuration {name}")));
    }
    for (service, plan) in &plan.services {
        let count = region.auto_scaling_groups.get(&plan.group).map_or(0, |group| group.instances.len() as u64);
        if count != plan.desired {
            left.push(format!("{count} instances of {service}, not {}", plan.desired));
        }
    }
    left.into_iter().map(|what| format!("left an hour later: {what}")).collect()
}
