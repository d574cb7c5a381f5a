//! What must hold at every call: points 5 to 8 of what Odin promises.
//!
//! Point 9, the audit trail, is no part of this version.

use crate::fixture::{region, root_lock};
use crate::journal::{had_effect, mutates};
use crate::plan::ReleasePlan;
use crate::sample_cloud::DEPLOYER;
use bifrost::cloud::Principal;
use bifrost::local::{CallRecord, LocalState};
use odin::cloud::Tags;
use odin::cloud::local::{OdinAccount, OdinRegion, StoredGroup};
use std::collections::BTreeMap;

/// The role that is assumed in target accounts.
const ROLE: &str = "coinbase-odin-assumed";
/// The tasks that follow the new groups' being healthy.
const AFTER_SUCCESS: [&str; 2] = ["DetachForSuccess", "CleanUpSuccess"];
/// The tasks that take the new groups down.
const AFTER_FAILURE: [&str; 2] = ["DetachForFailure", "CleanUpFailure"];

/// A call of an execution with the world around it.
pub struct Step<'a> {
    pub record: &'a CallRecord,
    pub plan: &'a ReleasePlan,
    /// ARN of the execution.
    pub execution: &'a str,
    pub before: &'a LocalState<OdinAccount>,
    pub after: &'a LocalState<OdinAccount>,
}

impl Step<'_> {
    /// What does not hold at this call.
    pub fn broken(&self) -> Vec<String> {
        let mut broken = Vec::from_iter(self.wrong_account());
        let operation = self.record.call.name.operation;
        if !self.is_in_target() || !mutates(operation) {
            return broken;
        }
        broken.extend(self.no_lock());
        let resource = &self.record.call.name.resource;
        match operation {
            "autoscaling:CreateAutoScalingGroup" if had_effect(self.record) => broken.extend(self.bad_group(resource)),
            "autoscaling:UpdateAutoScalingGroup" => broken.extend(self.bad_resize(resource)),
            "autoscaling:DeleteAutoScalingGroup"
            | "autoscaling:DetachLoadBalancers"
            | "autoscaling:DetachLoadBalancerTargetGroups" => broken.extend(self.bad_removal(resource)),
            "ec2:DeleteLaunchTemplate" | "autoscaling:DeleteLaunchConfiguration" => {
                broken.extend(self.is_in_use(resource));
            }
            _ => {}
        }
        broken.extend(self.lost_by_others());
        broken
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

    /// Point 7: only the release's account, under the one role; else only the deployer's own stores.
    fn wrong_account(&self) -> Option<String> {
        let call = &self.record.call;
        let service = call.name.operation.split(':').next().unwrap_or_default();
        let fine = match &call.principal {
            Principal::AssumedRole(role) => role == ROLE && *call.account.as_str() == self.plan.account,
            Principal::Deployer => call.account.as_str() == DEPLOYER && ["s3", "dynamodb", "sts"].contains(&service),
        };
        (!fine).then(|| format!("made in account {} as {:?}", call.account, call.principal))
    }

    /// Point 6: whoever changes a target account holds the root lock. A clean-up that runs again after it freed the lock
    /// may ask for what is gone already.
    fn no_lock(&self) -> Option<String> {
        if !had_effect(self.record) {
            return None;
        }
        let lock = root_lock(self.before, &self.plan.root_dir());
        let holder = lock.as_ref().and_then(|lock| lock.execution.as_deref());
        (holder != Some(self.execution)).then(|| format!("made without the root lock, which {holder:?} holds"))
    }

    /// Point 8: what a new group is made of opted in, and the group says whose it is.
    fn bad_group(&self, name: &str) -> Vec<String> {
        let region = self.region(self.after);
        let Some(group) = region.auto_scaling_groups.get(name) else { return vec!["the group is not there".into()] };
        let service = group.tags.get("ServiceName").cloned().unwrap_or_default();
        let Some(plan) = self.plan.services.get(&service).filter(|plan| plan.group == name) else {
            return vec![format!("{name} is not the name of a group of service {service:?}")];
        };
        let mut broken = Vec::new();
        let lock = root_lock(self.after, &self.plan.root_dir()).map(|lock| lock.id);
        if group.tags.get("ReleaseUUID") != lock.as_ref() || !self.plan.made(&group.tags) {
            broken.push(format!("the group is tagged as another's: {:?}", group.tags));
        }
        let capacity = group.capacity;
        if u64::from(capacity.max_size) != plan.max_size || u64::from(capacity.desired) > plan.launched.max(1) {
            broken.push(format!("{capacity:?} goes beyond {} launched of {}", plan.launched, plan.max_size));
        }
        broken.extend(self.not_opted_in(&region, group, &service));
        broken
    }

    fn not_opted_in(&self, region: &OdinRegion, group: &StoredGroup, service: &str) -> Vec<String> {
        let odin = |tags: &Tags| tags.get("DeployWith").is_some_and(|tag| tag == "odin");
        let mine = |tags: &Tags| self.is_allowed(tags, service);
        let Some(template) = group.launch_template.as_ref().and_then(|name| region.launch_templates.get(name)) else {
            return vec!["the group has no launch template".into()];
        };
        let template = &template.template;
        let mut broken = Vec::new();
        let mut require = |holds: bool, what: &str| {
            if !holds {
                broken.push(format!("{what} did not opt in"));
            }
        };
        require(odin(&region.images[&template.image_id].tags), "the image");
        for id in &group.subnet_ids {
            require(odin(&region.subnets[id].tags), id);
        }
        for id in &template.security_group_ids {
            require(mine(&region.security_groups[id].tags), id);
        }
        for name in group.attachments.load_balancers.keys() {
            require(mine(&region.load_balancers[name].tags), name);
        }
        for name in group.attachments.target_groups.keys() {
            require(mine(&region.target_groups[name].tags), name);
        }
        broken
    }

    /// The three tags are the service's, each or `_all`; or the resource allows the service by name.
    fn is_allowed(&self, tags: &Tags, service: &str) -> bool {
        let is = |key: &str, value: &str| tags.get(key).is_some_and(|found| found == value || found == "_all");
        let own =
            is("ProjectName", &self.plan.project) && is("ConfigName", &self.plan.config) && is("ServiceName", service);
        let allowed = format!("{}::{}::{service}", self.plan.project, self.plan.config);
        own || tags.get("AllowedService") == Some(&allowed)
    }

    /// Point 5, sizes: a roll-out only grows, the end sets what the release says, and nobody else's group is resized.
    fn bad_resize(&self, name: &str) -> Option<String> {
        let (before, after) = (self.region(self.before), self.region(self.after));
        let old = before.auto_scaling_groups.get(name)?;
        let new = after.auto_scaling_groups.get(name)?;
        if !self.plan.made(&old.tags) {
            return Some("resizes a group of another release".into());
        }
        let (old, new) = (old.capacity, new.capacity);
        let plan = self.plan.services.values().find(|plan| plan.group == name)?;
        match self.state() {
            "Deploy" | "CheckHealthy" if new.min_size < old.min_size || new.desired < old.desired => {
                Some(format!("a roll-out shrinks: {old:?} becomes {new:?}"))
            }
            "Deploy" | "CheckHealthy" if u64::from(new.desired) > plan.launched.max(1) => {
                Some(format!("a roll-out launches {}, more than {}", new.desired, plan.launched))
            }
            "CleanUpSuccess" if had_effect(self.record) => {
                let wanted = (plan.min_size, plan.desired);
                let is = (u64::from(new.min_size), u64::from(new.desired));
                (is != wanted).then(|| format!("min and desired become {is:?}, not {wanted:?}"))
            }
            "Deploy" | "CheckHealthy" | "CleanUpSuccess" => None,
            state => Some(format!("resizes in {state}")),
        }
    }

    /// Point 5: the old group is not detached or deleted while the new ones have too few healthy instances; nor the new
    /// ones unless the old are as they were.
    fn bad_removal(&self, name: &str) -> Vec<String> {
        let region = self.region(self.before);
        let Some(group) = region.auto_scaling_groups.get(name) else { return Vec::new() };
        if self.plan.made(&group.tags) {
            let mut broken = self.touched_earlier(&region);
            if !AFTER_FAILURE.contains(&self.state()) {
                broken.push("takes down a new group without a failure".into());
            }
            return broken;
        }
        if !self.plan.earlier.contains_key(name) {
            return vec!["takes down a group that is neither this release's nor an earlier one".into()];
        }
        if !AFTER_SUCCESS.contains(&self.state()) {
            return vec!["takes down an old group without success".into()];
        }
        let unhealthy = self.plan.unhealthy(&region, self.before.clock);
        unhealthy.into_iter().map(|too_few| format!("takes down an old group while {too_few}")).collect()
    }

    /// Which groups that ran before do so no more as they did.
    fn touched_earlier(&self, region: &OdinRegion) -> Vec<String> {
        let touched = self.plan.earlier.iter().filter(|(name, earlier)| {
            let same = |now: &StoredGroup| {
                now.capacity == earlier.capacity
                    && now.attachments == earlier.attachments
                    && now.deleting == earlier.deleting
            };
            !region.auto_scaling_groups.get(*name).is_some_and(same)
        });
        touched.map(|(name, _)| format!("takes down a new group though {name} does not run as before")).collect()
    }

    /// No template goes while a group that shall stay, or comes to stay, may still launch from it.
    fn is_in_use(&self, name: &str) -> Option<String> {
        let region = self.region(self.before);
        let launches_from_it = |group: &&StoredGroup| {
            let source = group.launch_template.as_ref().or(group.launch_configuration.as_ref());
            let is_taken_down = AFTER_FAILURE.contains(&self.state()) && self.plan.made(&group.tags);
            !group.deleting && !is_taken_down && source.is_some_and(|source| source == name)
        };
        let user = region.auto_scaling_groups.values().find(launches_from_it)?;
        Some(format!("the group of {:?} still launches from it", user.tags.get("ReleaseID")))
    }

    /// What the call took that is none of the release's business: resources of others, alarms of groups that live on.
    fn lost_by_others(&self) -> Vec<String> {
        let (before, after) = (self.region(self.before), self.region(self.after));
        let failing = AFTER_FAILURE.contains(&self.state());
        let mut lost = Vec::new();
        for (name, alarm) in gone(&before.alarms, &after.alarms) {
            let own = self.plan.services.values().any(|plan| plan.group == alarm.group_name);
            if own != failing || (!own && !self.plan.earlier.contains_key(&alarm.group_name)) {
                lost.push(format!("alarm {name} of group {} is gone", alarm.group_name));
            }
        }
        for (name, template) in gone(&before.launch_templates, &after.launch_templates) {
            let tags = &template.template.tags;
            if !self.plan.owns(tags) || self.plan.made(tags) != failing {
                lost.push(format!("launch template {name} is gone"));
            }
        }
        for (name, _) in gone(&before.placement_groups, &after.placement_groups) {
            let made = name.starts_with(&format!("odin/{}/{}/", self.plan.project, self.plan.config));
            if !made || !failing || self.plan.placement_groups.contains(name) {
                lost.push(format!("placement group {name} is gone"));
            }
        }
        lost
    }
}

fn gone<'b, T>(before: &'b BTreeMap<String, T>, after: &BTreeMap<String, T>) -> Vec<(&'b String, &'b T)> {
    before.iter().filter(|(name, _)| !after.contains_key(*name)).collect()
}
