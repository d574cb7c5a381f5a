//! Invariants at every call: points 5 to 8 of Odin's guarantees. Point 9, the audit log, is checked by `AuditCheck`.

use crate::fixture::{ended, region, root_lock};
use crate::journal::{had_effect, mutates};
use crate::plan::ReleasePlan;
use crate::sample_cloud::DEPLOYER;
use bifrost::cloud::{EndedBy, Principal};
use bifrost::local::{CallRecord, LocalState};
use odin::cloud::Capacity;
use odin::cloud::Tags;
use odin::cloud::local::{OdinAccount, OdinRegion, StoredGroup};
use std::collections::BTreeMap;

/// The role that is assumed in target accounts.
const ROLE: &str = "coinbase-odin-assumed";
/// The tasks after the new groups are healthy.
const AFTER_SUCCESS: [&str; 2] = ["DetachForSuccess", "CleanUpSuccess"];
/// The tasks that delete the new groups.
const AFTER_FAILURE: [&str; 2] = ["DetachForFailure", "CleanUpFailure"];

/// A call of an execution, with the state before and after it.
pub struct Step<'a> {
    pub record: &'a CallRecord,
    pub plan: &'a ReleasePlan,
    /// ARN of the execution.
    pub execution: &'a str,
    /// The owner of its root lock, if it ever held it.
    pub owner: Option<&'a str>,
    pub before: &'a LocalState<OdinAccount>,
    pub after: &'a LocalState<OdinAccount>,
}

impl Step<'_> {
    /// The violations at this call.
    pub fn violations(&self) -> Vec<String> {
        let mut violations = Vec::from_iter(self.wrong_account());
        let operation = self.record.call.name.operation;
        if !self.is_in_target() || !mutates(operation) {
            return violations;
        }
        violations.extend(self.no_lock());
        let resource = &self.record.call.name.resource;
        match operation {
            "autoscaling:CreateAutoScalingGroup" if had_effect(self.record) => {
                violations.extend(self.bad_group(resource));
            }
            "autoscaling:UpdateAutoScalingGroup" => violations.extend(self.bad_resize(resource)),
            "autoscaling:DeleteAutoScalingGroup"
            | "autoscaling:DetachLoadBalancers"
            | "autoscaling:DetachLoadBalancerTargetGroups" => violations.extend(self.bad_removal(resource)),
            "ec2:DeleteLaunchTemplate" | "autoscaling:DeleteLaunchConfiguration" => {
                violations.extend(self.is_in_use(resource));
            }
            _ => {}
        }
        violations.extend(self.foreign_losses());
        violations
    }

    fn state(&self) -> &str {
        &self.record.call.name.attempt.state
    }

    fn is_in_target(&self) -> bool {
        matches!(self.record.call.principal, Principal::AssumedRole(_))
    }

    fn region(&self, local_state: &LocalState<OdinAccount>) -> OdinRegion {
        region(local_state, &self.plan.account)
    }

    /// Point 7: calls go to the release's account with the one role, or to the deployer's own stores.
    fn wrong_account(&self) -> Option<String> {
        let call = &self.record.call;
        let service = call.name.operation.split(':').next().unwrap_or_default();
        let is_allowed = match &call.principal {
            Principal::AssumedRole(role) => role == ROLE && *call.account.as_str() == self.plan.account,
            Principal::Deployer => {
                call.account.as_str() == DEPLOYER && ["s3", "dynamodb", "sts", "kms"].contains(&service)
            }
        };
        (!is_allowed).then(|| format!("made in account {} as {:?}", call.account, call.principal))
    }

    /// Point 6: a task that changes a target account holds the root lock. Only after `unlock` may tasks that clean up a
    /// failure go on without it, because they change only what their own execution created.
    fn no_lock(&self) -> Option<String> {
        let may_clean_up = AFTER_FAILURE.contains(&self.state()) && self.was_unlocked();
        if self.holds_lock() || may_clean_up {
            return None;
        }
        Some(format!("made without the root lock, which {:?} holds", self.holder()))
    }

    /// Whether an operator cleared the lock of this execution.
    fn was_unlocked(&self) -> bool {
        let ended = self.owner.and_then(|owner| ended(self.before, owner));
        ended.is_some_and(|ended| ended.by == EndedBy::Unlock)
    }

    /// Whether this execution created the resource. Another execution of the same release did not.
    fn is_own(&self, tags: &Tags) -> bool {
        self.plan.created(tags) && self.owner.is_some() && tags.get("ReleaseUUID").map(String::as_str) == self.owner
    }

    fn holds_lock(&self) -> bool {
        self.holder().as_deref() == Some(self.execution)
    }

    /// The execution that holds the root lock.
    fn holder(&self) -> Option<String> {
        root_lock(self.before, &self.plan.root_dir())?.execution
    }

    /// Point 8: the resources of a new group opted in, and the group has the tags of its release.
    fn bad_group(&self, name: &str) -> Vec<String> {
        let region = self.region(self.after);
        let Some(group) = region.auto_scaling_groups.get(name) else { return vec!["the group does not exist".into()] };
        let service = group.tags.get("ServiceName").cloned().unwrap_or_default();
        let Some(plan) = self.plan.services.get(&service).filter(|plan| plan.group == name) else {
            return vec![format!("{name} is not the name of a group of service {service:?}")];
        };
        let mut violations = Vec::new();
        let lock = root_lock(self.after, &self.plan.root_dir()).map(|lock| lock.id);
        if group.tags.get("ReleaseUUID") != lock.as_ref() || !self.plan.created(&group.tags) {
            violations.push(format!("the group has tags of another release: {:?}", group.tags));
        }
        let capacity = group.capacity;
        if u64::from(capacity.max_size) != plan.max_size || u64::from(capacity.desired) > plan.launched.max(1) {
            violations.push(format!("{capacity:?} exceeds {} launched of {}", plan.launched, plan.max_size));
        }
        violations.extend(self.not_opted_in(&region, group, &service));
        violations
    }

    fn not_opted_in(&self, region: &OdinRegion, group: &StoredGroup, service: &str) -> Vec<String> {
        let odin = |tags: &Tags| tags.get("DeployWith").is_some_and(|tag| tag == "odin");
        let is_allowed = |tags: &Tags| self.is_allowed(tags, service);
        let Some(template) = group.launch_template.as_ref().and_then(|name| region.launch_templates.get(name)) else {
            return vec!["the group has no launch template".into()];
        };
        let template = &template.template;
        let mut violations = Vec::new();
        let mut require = |holds: bool, what: &str| {
            if !holds {
                violations.push(format!("{what} did not opt in"));
            }
        };
        require(odin(&region.images[&template.image_id].tags), "the image");
        for id in &group.subnet_ids {
            require(odin(&region.subnets[id].tags), id);
        }
        for id in &template.security_group_ids {
            require(is_allowed(&region.security_groups[id].tags), id);
        }
        for name in group.attachments.load_balancers.keys() {
            require(is_allowed(&region.load_balancers[name].tags), name);
        }
        for name in group.attachments.target_groups.keys() {
            require(is_allowed(&region.target_groups[name].tags), name);
        }
        violations
    }

    /// Each of the three tags has the value of the service or `_all`, or the tag `AllowedService` names the service.
    fn is_allowed(&self, tags: &Tags, service: &str) -> bool {
        let is = |key: &str, value: &str| tags.get(key).is_some_and(|found| found == value || found == "_all");
        let own =
            is("ProjectName", &self.plan.project) && is("ConfigName", &self.plan.config) && is("ServiceName", service);
        let allowed = format!("{}::{}::{service}", self.plan.project, self.plan.config);
        own || tags.get("AllowedService") == Some(&allowed)
    }

    /// Point 5, sizes: a rollout only grows, the end sets the sizes of the release, and foreign groups are not resized.
    fn bad_resize(&self, name: &str) -> Option<String> {
        let (before, after) = (self.region(self.before), self.region(self.after));
        let old = before.auto_scaling_groups.get(name)?;
        let new = after.auto_scaling_groups.get(name)?;
        if !self.plan.created(&old.tags) {
            // Before it is deleted, so that its lifecycle hooks run.
            let is_ended = self.state() == "DetachForSuccess" && new.capacity == Capacity::default();
            let violations =
                if is_ended { self.bad_removal(name) } else { vec!["resizes a group of another release".into()] };
            return violations.into_iter().next();
        }
        let (old, new) = (old.capacity, new.capacity);
        let plan = self.plan.services.values().find(|plan| plan.group == name)?;
        match self.state() {
            "Deploy" | "CheckHealthy" | "DetachForSuccess"
                if new.min_size < old.min_size || new.desired < old.desired =>
            {
                Some(format!("a rollout shrinks: {old:?} becomes {new:?}"))
            }
            "Deploy" | "CheckHealthy" if u64::from(new.desired) > plan.launched.max(1) => {
                Some(format!("a rollout launches {}, more than {}", new.desired, plan.launched))
            }
            "CleanUpSuccess" if had_effect(self.record) => {
                let wanted = (plan.min_size, plan.desired);
                let is = (u64::from(new.min_size), u64::from(new.desired));
                (is != wanted).then(|| format!("min and desired become {is:?}, not {wanted:?}"))
            }
            "Deploy" | "CheckHealthy" | "DetachForSuccess" | "CleanUpSuccess" => None,
            state => Some(format!("resizes in {state}")),
        }
    }

    /// Point 5: the old group is not detached or deleted while the new groups have too few healthy instances, nor are
    /// the new groups unless the old groups are unchanged.
    fn bad_removal(&self, name: &str) -> Vec<String> {
        let region = self.region(self.before);
        let Some(group) = region.auto_scaling_groups.get(name) else { return Vec::new() };
        if self.plan.created(&group.tags) {
            // Without the lock, another release may have replaced the earlier groups meanwhile.
            let mut violations = if self.holds_lock() { self.touched_earlier(&region) } else { Vec::new() };
            if !AFTER_FAILURE.contains(&self.state()) {
                violations.push("removes a new group without a failure".into());
            }
            if !self.is_own(&group.tags) {
                violations.push("removes a group that another execution of the release created".into());
            }
            return violations;
        }
        if !self.plan.earlier.contains_key(name) {
            return vec!["removes a group of neither this nor an earlier release".into()];
        }
        if !AFTER_SUCCESS.contains(&self.state()) {
            return vec!["removes an old group without success".into()];
        }
        let unhealthy = self.plan.unhealthy(&region, self.before.clock);
        unhealthy.into_iter().map(|too_few| format!("removes an old group while {too_few}")).collect()
    }

    /// The earlier groups that have changed.
    fn touched_earlier(&self, region: &OdinRegion) -> Vec<String> {
        let touched = self.plan.earlier.iter().filter(|(name, earlier)| {
            let same = |now: &StoredGroup| {
                now.capacity == earlier.capacity
                    && now.attachments == earlier.attachments
                    && now.deleting == earlier.deleting
            };
            !region.auto_scaling_groups.get(*name).is_some_and(same)
        });
        touched.map(|(name, _)| format!("removes a new group although {name} has changed")).collect()
    }

    /// A template is not deleted while a group that is kept may launch from it.
    fn is_in_use(&self, name: &str) -> Option<String> {
        let region = self.region(self.before);
        let launches_from_it = |group: &&StoredGroup| {
            let source = group.launch_template.as_ref().or(group.launch_configuration.as_ref());
            let is_removed = AFTER_FAILURE.contains(&self.state()) && self.plan.created(&group.tags);
            !group.deleting && !is_removed && source.is_some_and(|source| source == name)
        };
        let user = region.auto_scaling_groups.values().find(launches_from_it)?;
        Some(format!("the group of {:?} still launches from it", user.tags.get("ReleaseID")))
    }

    /// Foreign resources that the call deleted, and deleted alarms of groups that are kept.
    fn foreign_losses(&self) -> Vec<String> {
        let (before, after) = (self.region(self.before), self.region(self.after));
        let failing = AFTER_FAILURE.contains(&self.state());
        let mut lost = Vec::new();
        for (name, alarm) in removed(&before.alarms, &after.alarms) {
            let own = self.plan.services.values().any(|plan| plan.group == alarm.group_name);
            if own != failing || (!own && !self.plan.earlier.contains_key(&alarm.group_name)) {
                lost.push(format!("alarm {name} of group {} was deleted", alarm.group_name));
            }
        }
        for (name, template) in removed(&before.launch_templates, &after.launch_templates) {
            let tags = &template.template.tags;
            if !self.plan.owns(tags) || self.plan.created(tags) != failing || (failing && !self.is_own(tags)) {
                lost.push(format!("launch template {name} was deleted"));
            }
        }
        // The next release may use a placement group by its name, so it is deleted only with the lock.
        for (name, group) in removed(&before.placement_groups, &after.placement_groups) {
            let own_name = name.starts_with(&format!("odin/{}/{}/", self.plan.project, self.plan.config));
            let is_own = self.is_own(&group.tags) && !self.plan.placement_groups.contains(name);
            // A deploy that succeeds deletes what failed ones left over.
            let may_delete =
                if failing { is_own } else { self.plan.owns(&group.tags) && !self.plan.created(&group.tags) };
            if !own_name || !may_delete || !self.holds_lock() {
                lost.push(format!("placement group {name} was deleted"));
            }
        }
        lost
    }
}

fn removed<'b, T>(before: &'b BTreeMap<String, T>, after: &BTreeMap<String, T>) -> Vec<(&'b String, &'b T)> {
    before.iter().filter(|(name, _)| !after.contains_key(*name)).collect()
}
