//! What must hold after every execution, whatever happened in it: points 1 to 4 of what Odin promises.

use crate::fixture::{Deploy, has_object, region, root_lock};
use crate::journal::{Journal, had_effect, mutates};
use crate::plan::ReleasePlan;
use bifrost::cloud::{ExecutionStatus, Principal};
use bifrost::local::{CallRecord, Effect, LocalState};
use bifrost::testing::Run;
use odin::cloud::local::{OdinAccount, OdinRegion};

/// The tasks that clean up.
const CLEAN_UP: [&str; 3] = ["CleanUpSuccess", "CleanUpFailure", "ReleaseLockFailure"];

/// What does not hold when the execution has just ended.
pub fn at_end(deploy: &Deploy, run: &Run, local_state: &LocalState<OdinAccount>, journal: &Journal) -> Vec<String> {
    let after =
        After { deploy, plan: &deploy.plan, run, local_state, region: region(local_state, &deploy.plan.account) };
    let mut broken = Vec::new();
    let mut require = |holds: bool, what: &str| {
        if !holds {
            broken.push(what.to_owned());
        }
    };
    let (status, failed) = (run.execution.status, run.execution.error.as_deref());
    match run.path().last().copied() {
        Some("Success") => {
            require(status == ExecutionStatus::Succeeded, "Success is no success");
            broken.extend(after.success());
        }
        Some("FailureClean") => {
            require(
                status == ExecutionStatus::Failed && failed == Some("FailureClean"),
                "FailureClean fails otherwise",
            );
            broken.extend(after.failure_clean(journal));
        }
        Some("FailureDirty") => {
            require(
                status == ExecutionStatus::Failed && failed == Some("FailureDirty"),
                "FailureDirty fails otherwise",
            );
            broken.extend(after.failure_dirty(journal));
        }
        state => broken.push(format!("the execution ended in {state:?}, which is no end")),
    }
    broken
}

/// What does not hold once all that was due has happened, an hour later.
pub fn at_rest(deploy: &Deploy, run: &Run, local_state: &LocalState<OdinAccount>) -> Vec<String> {
    let mut broken = untouched_accounts(deploy, local_state);
    let (plan, region) = (&deploy.plan, region(local_state, &deploy.plan.account));
    match run.path().last().copied() {
        Some("FailureClean") => broken.extend(changed(&deploy.before, local_state, plan)),
        Some("Success") => broken.extend(leftovers(plan, &region)),
        _ => {}
    }
    broken
}

struct After<'a> {
    deploy: &'a Deploy,
    plan: &'a ReleasePlan,
    run: &'a Run,
    local_state: &'a LocalState<OdinAccount>,
    region: OdinRegion,
}

impl After<'_> {
    /// Point 2: the new groups run, the old are gone or going, and nothing is in the way of the next release.
    fn success(&self) -> Vec<String> {
        let mut broken = self.plan.unhealthy(&self.region, self.local_state.clock);
        for (service, plan) in &self.plan.services {
            let Some(group) = self.region.auto_scaling_groups.get(&plan.group) else { continue };
            let is = (u64::from(group.capacity.min_size), u64::from(group.capacity.desired));
            if is != (plan.min_size, plan.desired) || group.deleting {
                broken.push(format!("{service} has min and desired {is:?}, not {:?}", (plan.min_size, plan.desired)));
            }
            if group.attachments.load_balancers.len() != plan.elbs.len()
                || group.attachments.target_groups.len() != plan.target_groups.len()
            {
                broken.push(format!("{service} is not attached to its balancers: {:?}", group.attachments));
            }
        }
        for name in self.plan.earlier.keys() {
            if self.region.auto_scaling_groups.get(name).is_some_and(|group| !group.deleting) {
                broken.push(format!("the old group {name} is still there"));
            }
        }
        broken.extend(self.in_the_way());
        broken
    }

    /// Point 3, as far as it holds at once. Whoever was refused before Deploy changed nothing.
    fn failure_clean(&self, journal: &Journal) -> Vec<String> {
        let mut broken = Vec::new();
        let mine = self.region.auto_scaling_groups.iter().filter(|(_, group)| self.plan.made(&group.tags));
        broken
            .extend(mine.filter(|(_, group)| !group.deleting).map(|(name, _)| format!("the new group {name} is left")));
        let path = self.run.path();
        if journal.held.contains(&self.deploy.arn) {
            broken.extend(self.in_the_way());
        }
        if !path.contains(&"Deploy") {
            let mut calls = journal.calls_of(&self.deploy.arn);
            let changes = calls.find(|record| {
                let in_target = matches!(record.call.principal, Principal::AssumedRole(_));
                in_target && mutates(record.call.name.operation)
            });
            broken.extend(changes.map(|record| format!("a refused release calls {}", record.call.name.operation)));
        }
        broken
    }

    /// Point 4: only a clean-up that failed for good ends dirty, and the lock stays unless it had been freed.
    fn failure_dirty(&self, journal: &Journal) -> Vec<String> {
        let mut broken = Vec::new();
        let path = self.run.path();
        let last = path.iter().rev().nth(1).copied().unwrap_or_default();
        if !CLEAN_UP.contains(&last) {
            broken.push(format!("{last} ends dirty, and is no clean-up"));
        }
        if !self.last_attempt_failed(last, journal) {
            broken.push(format!("{last} ends dirty though none of its calls failed"));
        }
        let freed = |record: &&CallRecord| record.call.name.operation == "dynamodb:DeleteItem" && had_effect(record);
        let was_held = journal.held.contains(&self.deploy.arn);
        if was_held && !self.holds_lock() && !journal.calls_of(&self.deploy.arn).any(|record| freed(&record)) {
            broken.push("the root lock is gone, and nobody gave it back".into());
        }
        broken
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

    /// What the next release would stumble over. A halt flag is for whoever holds the lock: an execution that never held it
    /// must leave it.
    fn in_the_way(&self) -> Vec<String> {
        let mut broken = Vec::new();
        if self.holds_lock() {
            broken.push("the root lock is kept".into());
        }
        if has_object(self.local_state, &format!("{}/halt", self.plan.root_dir())) {
            broken.push("the halt flag is left".into());
        }
        broken
    }

    fn holds_lock(&self) -> bool {
        let lock = root_lock(self.local_state, &self.plan.root_dir());
        lock.is_some_and(|lock| lock.execution.as_deref() == Some(&self.deploy.arn))
    }
}

/// Point 7, by its outcome: no other account has changed, and in the target account nobody else's group has.
fn untouched_accounts(deploy: &Deploy, local_state: &LocalState<OdinAccount>) -> Vec<String> {
    let mut broken = Vec::new();
    for (id, account) in &deploy.before.accounts {
        if id.as_str() != deploy.plan.account && account.resources != local_state.accounts[id].resources {
            broken.push(format!("account {id} has changed"));
        }
    }
    let (before, now) = (region(&deploy.before, &deploy.plan.account), region(local_state, &deploy.plan.account));
    for (name, group) in before.auto_scaling_groups {
        if !deploy.plan.owns(&group.tags) && now.auto_scaling_groups.get(&name) != Some(&group) {
            broken.push(format!("group {name} of others has changed"));
        }
    }
    broken
}

/// Point 3: the region is what it was, byte for byte.
fn changed(
    before: &LocalState<OdinAccount>,
    local_state: &LocalState<OdinAccount>,
    plan: &ReleasePlan,
) -> Option<String> {
    let text = |local_state: &LocalState<OdinAccount>| {
        let mut region = region(local_state, &plan.account);
        // Counters of what was given out and launched only ever grow.
        region.ids = 0;
        region.images.values_mut().for_each(|image| image.launched = 0);
        serde_json::to_string_pretty(&region).unwrap()
    };
    let (before, now) = (text(before), text(local_state));
    let differs = before.lines().zip(now.lines()).find(|(before, now)| before != now);
    (before != now).then(|| format!("the failed release left a change: {differs:?}"))
}

/// Point 2, at rest: nothing of the project and config is there but what the release made.
fn leftovers(plan: &ReleasePlan, region: &OdinRegion) -> Vec<String> {
    let mut left = Vec::new();
    let ours = region.auto_scaling_groups.iter().filter(|(_, group)| plan.owns(&group.tags));
    left.extend(ours.filter(|(_, group)| !plan.made(&group.tags)).map(|(name, _)| format!("group {name}")));
    let ours = region.launch_templates.iter().filter(|(_, stored)| plan.owns(&stored.template.tags));
    left.extend(
        ours.filter(|(_, stored)| !plan.made(&stored.template.tags)).map(|(name, _)| format!("template {name}")),
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
    left.into_iter().map(|what| format!("left at rest: {what}")).collect()
}
