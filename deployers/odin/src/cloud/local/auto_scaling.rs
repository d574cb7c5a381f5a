//! EC2 Auto Scaling in the local cloud.

use super::arns::Arns;
use super::balancer::Attachment;
use super::group::StoredGroup;
use super::lifecycle::TERMINATING;
use super::new_group::new_group;
use super::region::OdinRegion;
use super::{OdinAccount, has_tags, not_found, validation_error};
use crate::cloud::limits::{INTEGER_LIMIT, POLICY_LIMIT, TAG_LIMIT};
use crate::cloud::{
    AccountLimits, AutoScalingGroup, Capacity, DETACH_LIMIT, GroupUpdate, LocalAutoScaling, NewAutoScalingGroup,
    NewScalingPolicy, ScalingActivity,
};
use bifrost::local::{RegionState, ServiceError};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

impl LocalAutoScaling for OdinAccount {
    fn groups(region: &RegionState<'_, Self>, tags: &[(&str, &str)]) -> Result<Vec<AutoScalingGroup>, ServiceError> {
        let groups = region.here().auto_scaling_groups.iter().filter(|(_, group)| has_tags(&group.tags, tags));
        Ok(groups.map(|(name, group)| group.describe(name, Arns::of(region))).collect())
    }

    fn group(region: &RegionState<'_, Self>, name: &str) -> Result<Option<AutoScalingGroup>, ServiceError> {
        let found = region.here().auto_scaling_groups.get(name);
        Ok(found.map(|group| group.describe(name, Arns::of(region))))
    }

    fn account_limits(region: &RegionState<'_, Self>) -> Result<AccountLimits, ServiceError> {
        Ok(region.here().account_limits())
    }

    fn create_group(region: &mut RegionState<'_, Self>, group: &NewAutoScalingGroup) -> Result<(), ServiceError> {
        let stored = new_group(group, region)?;
        region.here_mut().auto_scaling_groups.insert(group.name.clone(), stored);
        Ok(())
    }

    fn update_group(region: &mut RegionState<'_, Self>, group: &str, update: GroupUpdate) -> Result<(), ServiceError> {
        let found = changeable(region.here_mut(), group)?;
        let grace = update.health_check_grace_period_seconds.unwrap_or(found.health_check_grace_period_seconds);
        check_capacity(update.capacity)?;
        check_integer("HealthCheckGracePeriod", grace)?;
        (found.capacity, found.health_check_grace_period_seconds) = (update.capacity, grace);
        Ok(())
    }

    fn enable_metrics(region: &mut RegionState<'_, Self>, group: &str) -> Result<(), ServiceError> {
        changeable(region.here_mut(), group)?.metrics_enabled = true;
        Ok(())
    }

    fn scaling_activities(region: &RegionState<'_, Self>, group: &str) -> Result<Vec<ScalingActivity>, ServiceError> {
        Ok(existing(region.here(), group)?.activities.iter().rev().cloned().collect())
    }

    fn put_scaling_policy(
        region: &mut RegionState<'_, Self>,
        policy: &NewScalingPolicy,
    ) -> Result<String, ServiceError> {
        let group = changeable(region.here_mut(), &policy.group_name)?;
        if group.scaling_policies.len() >= POLICY_LIMIT && !group.scaling_policies.contains_key(&policy.name) {
            let message = format!("AutoScalingGroup {} already has {POLICY_LIMIT} policies", policy.group_name);
            return Err(ServiceError::new("LimitExceeded", message));
        }
        check_integer("Cooldown", policy.cooldown_seconds)?;
        group.scaling_policies.insert(policy.name.clone(), policy.clone());
        Ok(Arns::of(region).policy(&policy.group_name, &policy.name))
    }

    fn suspend_az_rebalance(region: &mut RegionState<'_, Self>, group: &str) -> Result<(), ServiceError> {
        changeable(region.here_mut(), group)?.az_rebalance_suspended = true;
        Ok(())
    }

    fn resume_az_rebalance(region: &mut RegionState<'_, Self>, group: &str) -> Result<(), ServiceError> {
        changeable(region.here_mut(), group)?.az_rebalance_suspended = false;
        Ok(())
    }

    fn termination_hooks(region: &RegionState<'_, Self>, group: &str) -> Result<Vec<String>, ServiceError> {
        let hooks = existing(region.here(), group)?.lifecycle_hooks.iter();
        Ok(hooks.filter(|hook| hook.transition == TERMINATING).map(|hook| hook.name.clone()).collect())
    }

    fn tag_group(region: &mut RegionState<'_, Self>, group: &str, key: &str, value: &str) -> Result<(), ServiceError> {
        let tags = &mut changeable(region.here_mut(), group)?.tags;
        if tags.len() >= TAG_LIMIT && !tags.contains_key(key) {
            return Err(ServiceError::new("LimitExceeded", format!("A group has at most {TAG_LIMIT} tags")));
        }
        tags.insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    fn detach_load_balancers(
        region: &mut RegionState<'_, Self>,
        group: &str,
        names: &[String],
    ) -> Result<(), ServiceError> {
        check_length(names, DETACH_LIMIT)?;
        let (now, here) = (region.now, region.here_mut());
        let attached = &mut changeable(here, group)?.attachments.load_balancers;
        remove(attached, names, "Load Balancers")?;
        drain(here, group, now);
        Ok(())
    }

    fn detach_target_groups(
        region: &mut RegionState<'_, Self>,
        group: &str,
        arns: &[String],
    ) -> Result<(), ServiceError> {
        check_length(arns, DETACH_LIMIT)?;
        let (now, arn_of, here) = (region.now, Arns::of(region), region.here_mut());
        let attached = &mut changeable(here, group)?.attachments.target_groups;
        let is_named = |name: &&String| arns.contains(&arn_of.target_group(name));
        let names: Vec<String> = attached.keys().filter(is_named).cloned().collect();
        if names.len() < arns.len() {
            return Err(not_attached("Target Groups"));
        }
        remove(attached, &names, "Target Groups")?;
        drain(here, group, now);
        Ok(())
    }

    fn load_balancer_states(
        region: &RegionState<'_, Self>,
        group: &str,
    ) -> Result<BTreeMap<String, String>, ServiceError> {
        let found = existing(region.here(), group)?;
        let state = |(name, attachment): (&String, &Attachment)| {
            let registered = region.here().load_balancers.get(name).map(|balancer| &balancer.instances);
            (name.clone(), found.attachment_state(*attachment, registered, region.now).to_owned())
        };
        Ok(found.attachments.load_balancers.iter().map(state).collect())
    }

    fn target_group_states(
        region: &RegionState<'_, Self>,
        group: &str,
    ) -> Result<BTreeMap<String, String>, ServiceError> {
        let found = existing(region.here(), group)?;
        let state = |(name, attachment): (&String, &Attachment)| {
            let registered = region.here().target_groups.get(name).map(|targets| &targets.targets);
            let state = found.attachment_state(*attachment, registered, region.now);
            (Arns::of(region).target_group(name), state.to_owned())
        };
        Ok(found.attachments.target_groups.iter().map(state).collect())
    }

    fn delete_group(region: &mut RegionState<'_, Self>, name: &str) -> Result<(), ServiceError> {
        let (now, arns, here) = (region.now, Arns::of(region), region.here_mut());
        // Deleting a scaling policy deletes the alarms that trigger it.
        let alarms = alarms_of(here, name, arns)?;
        here.alarms.retain(|alarm, _| !alarms.contains(alarm));
        let (groups, mut env) = here.split();
        if let Some(group) = groups.get_mut(name) {
            group.delete(now, &mut env);
        }
        Ok(())
    }

    fn delete_launch_configuration(region: &mut RegionState<'_, Self>, name: &str) -> Result<(), ServiceError> {
        let here = region.here_mut();
        let uses = |group: &StoredGroup| group.launch_configuration.as_deref() == Some(name);
        if let Some((group, _)) = here.auto_scaling_groups.iter().find(|(_, group)| uses(group)) {
            let message =
                format!("Cannot delete launch configuration {name} because it is attached to AutoScalingGroup {group}");
            return Err(ServiceError::new("ResourceInUse", message));
        }
        let missing = || not_found("ValidationError", format!("Launch configuration name not found - {name}"));
        here.launch_configurations.remove(name).map(drop).ok_or_else(missing)
    }
}

/// Refuses a list of names that is longer than AWS accepts.
pub(super) fn check_length(names: &[String], limit: usize) -> Result<(), ServiceError> {
    if names.len() <= limit {
        return Ok(());
    }
    Err(validation_error(format!(
        "{} names are too many: the list must have length less than or equal to {limit}",
        names.len()
    )))
}

/// Checks the three sizes of a group against each other.
pub(super) fn check_capacity(capacity: Capacity) -> Result<(), ServiceError> {
    let Capacity { min_size, desired, max_size } = capacity;
    if min_size > max_size {
        let message = format!("Max bound, {max_size}, must be greater than or equal to min bound, {min_size}");
        return Err(validation_error(message));
    }
    check_integer("MaxSize", max_size)?;
    if desired < min_size || desired > max_size {
        let message = format!(
            "Desired capacity:{desired} must be between the specified min size:{min_size} and max size:{max_size}"
        );
        return Err(validation_error(message));
    }
    Ok(())
}

/// Refuses a number that has no room in a field of AWS's model.
pub(super) fn check_integer(field: &str, number: u32) -> Result<(), ServiceError> {
    if number <= INTEGER_LIMIT {
        return Ok(());
    }
    Err(validation_error(format!("Value '{number}' at '{field}' must be less than or equal to {INTEGER_LIMIT}")))
}

fn group_not_found(name: &str) -> ServiceError {
    not_found("ValidationError", format!("AutoScalingGroup name not found - AutoScalingGroup {name} not found"))
}

fn not_attached(what: &str) -> ServiceError {
    validation_error(format!("Trying to remove {what} that are not part of the group"))
}

/// The group, or AWS's error if it does not exist.
fn existing<'r>(region: &'r OdinRegion, name: &str) -> Result<&'r StoredGroup, ServiceError> {
    region.auto_scaling_groups.get(name).ok_or_else(|| group_not_found(name))
}

/// The group, or AWS's error if it does not exist or is being deleted.
fn changeable<'r>(region: &'r mut OdinRegion, name: &str) -> Result<&'r mut StoredGroup, ServiceError> {
    let group = region.auto_scaling_groups.get_mut(name).ok_or_else(|| group_not_found(name))?;
    if group.deleting {
        let message = "The AutoScaling group may not be modified while it is pending delete";
        return Err(ServiceError::new("ValidationError", message));
    }
    Ok(group)
}

/// The alarms that trigger the group's scaling policies.
fn alarms_of(region: &OdinRegion, name: &str, arns: Arns<'_>) -> Result<Vec<String>, ServiceError> {
    let group = existing(region, name)?;
    let policies: Vec<String> = group.scaling_policies.keys().map(|policy| arns.policy(name, policy)).collect();
    let triggers = region.alarms.values().filter(|alarm| policies.contains(&alarm.policy_arn));
    Ok(triggers.map(|alarm| alarm.name.clone()).collect())
}

/// Marks the attachments of these names as being removed: all or none of them.
fn remove(attached: &mut BTreeMap<String, Attachment>, names: &[String], what: &str) -> Result<(), ServiceError> {
    if names.iter().any(|name| !attached.contains_key(name)) {
        return Err(not_attached(what));
    }
    for (_, attachment) in attached.iter_mut().filter(|(name, _)| names.contains(name)) {
        attachment.removing = true;
    }
    Ok(())
}

/// Starts draining the group's instances at each attachment that is being removed.
fn drain(region: &mut OdinRegion, name: &str, now: DateTime<Utc>) {
    let (groups, mut env) = region.split();
    let Some(group) = groups.get(name) else { return };
    let removing = env.balancers.of_mut(&group.attachments).filter(|attached| attached.attachment.removing);
    for attached in removing {
        let own = attached.instances.iter_mut().filter(|(id, _)| group.instances.contains_key(*id));
        for (_, registration) in own {
            registration.drain(now, attached.drain_seconds);
        }
    }
}
