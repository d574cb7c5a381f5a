//! Validation of `CreateAutoScalingGroup`.

use super::arns::Arns;
use super::auto_scaling::{check_capacity, check_integer};
use super::balancer::{Attachment, Attachments};
use super::group::StoredGroup;
use super::lifecycle::{LAUNCHING, TERMINATING};
use super::region::OdinRegion;
use super::{OdinAccount, validation_error};
use crate::cloud::limits::{
    HEARTBEAT_SECONDS, HOOK_LIMIT, LOAD_BALANCER_LIMIT, NAME_LIMIT, SECURITY_GROUP_LIMIT, SUBNET_LIMIT, TAG_LIMIT,
    TARGET_GROUP_LIMIT, is_instance_type, is_reserved_tag, is_tag,
};
use crate::cloud::volumes::refused_settings;
use crate::cloud::{LifecycleHook, NewAutoScalingGroup, NewLaunchTemplate, TEMPLATE_VERSION, Tags};
use bifrost::local::{RegionState, ServiceError};
use std::collections::BTreeMap;

/// Creates a group, or returns the error of AWS.
pub(super) fn new_group(
    group: &NewAutoScalingGroup,
    region: &RegionState<'_, OdinAccount>,
) -> Result<StoredGroup, ServiceError> {
    let here = region.here();
    check_name(&group.name)?;
    check_is_new(&group.name, here)?;
    let limits = here.account_limits();
    if limits.groups >= limits.max_groups {
        let message = format!("You've exceeded the limit of {} auto scaling groups", limits.max_groups);
        return Err(ServiceError::new("LimitExceeded", message));
    }
    check_capacity(group.capacity)?;
    check_integer("DefaultCooldown", group.default_cooldown_seconds)?;
    check_integer("HealthCheckGracePeriod", group.health_check_grace_period_seconds)?;
    check_tags(&group.tags)?;
    check_counts(group)?;
    check_template(&group.launch_template, region)?;
    check_subnets(&group.subnet_ids, here)?;
    for hook in &group.lifecycle_hooks {
        check_hook(hook, region)?;
    }
    let attachments = attachments(group, here, Arns::of(region))?;
    Ok(StoredGroup {
        created_time: region.now,
        tags: group.tags.clone(),
        capacity: group.capacity,
        launch_template: Some(group.launch_template.clone()),
        launch_template_version: Some(TEMPLATE_VERSION.to_owned()),
        subnet_ids: group.subnet_ids.clone(),
        attachments,
        health_check_type: group.health_check_type,
        health_check_grace_period_seconds: group.health_check_grace_period_seconds,
        default_cooldown_seconds: group.default_cooldown_seconds,
        termination_policies: group.termination_policies.clone(),
        lifecycle_hooks: group.lifecycle_hooks.clone(),
        ..StoredGroup::default()
    })
}

fn check_name(name: &str) -> Result<(), ServiceError> {
    if name.is_empty() || name.chars().count() > NAME_LIMIT || name.contains(':') {
        let message = format!("The name {name:?} is not valid: it must have 1 to 255 characters and no colon");
        return Err(validation_error(message));
    }
    Ok(())
}

fn check_is_new(name: &str, region: &OdinRegion) -> Result<(), ServiceError> {
    let Some(existing) = region.auto_scaling_groups.get(name) else { return Ok(()) };
    let pending = if existing.deleting {
        " and is pending delete. Please wait until Autoscaling completes the deletion process before creating another \
         group with the same name."
    } else {
        ""
    };
    let message =
        format!("AutoScalingGroup by this name already exists - A group with the name {name} already exists{pending}");
    Err(ServiceError::new("AlreadyExists", message))
}

fn check_tags(tags: &Tags) -> Result<(), ServiceError> {
    if tags.len() > TAG_LIMIT {
        return Err(validation_error(format!("{} tags are too many: a group has at most {TAG_LIMIT}", tags.len())));
    }
    let is_invalid = |(key, value): &(&String, &String)| !is_tag(key, value) || is_reserved_tag(key);
    match tags.iter().find(is_invalid) {
        Some((key, _)) => Err(validation_error(format!("The tag {key:?} is not valid"))),
        None => Ok(()),
    }
}

/// Refuses more of something than a group can have.
fn check_counts(group: &NewAutoScalingGroup) -> Result<(), ServiceError> {
    for (what, count, limit) in [
        ("lifecycle hooks", group.lifecycle_hooks.len(), HOOK_LIMIT),
        ("load balancers", group.load_balancers.len(), LOAD_BALANCER_LIMIT),
        ("target groups", group.target_group_arns.len(), TARGET_GROUP_LIMIT),
        ("subnets", group.subnet_ids.len(), SUBNET_LIMIT),
    ] {
        if count > limit {
            return Err(validation_error(format!("{count} {what} are too many: a group has at most {limit}")));
        }
    }
    Ok(())
}

/// Auto Scaling tests the template, so the resources that it refers to must exist.
fn check_template(name: &str, region: &RegionState<'_, OdinAccount>) -> Result<(), ServiceError> {
    let malformed = |message: String| {
        Err(validation_error(format!("You must use a valid fully-formed launch template. {message}")))
    };
    let Some(stored) = region.here().launch_templates.get(name) else {
        return malformed(format!("The specified launch template, with template name {name}, does not exist."));
    };
    match missing_resource(&stored.template, region).or_else(|| refused_setting(&stored.template)) {
        Some(message) => malformed(message),
        None => Ok(()),
    }
}

/// AWS's message about the first resource of a launch template that does not exist.
fn missing_resource(template: &NewLaunchTemplate, region: &RegionState<'_, OdinAccount>) -> Option<String> {
    let here = region.here();
    let image = here.images.get(&template.image_id);
    if image.is_none_or(|image| image.state != "available") {
        return Some(format!("The image id '[{}]' does not exist", template.image_id));
    }
    let unknown = template.security_group_ids.iter().find(|id| !here.security_groups.contains_key(*id));
    if let Some(id) = unknown {
        return Some(format!("The security group '{id}' does not exist"));
    }
    let profile = template.instance_profile_arn.as_ref();
    if let Some(arn) = profile.filter(|arn| !region.resources.iam.has_profile(Arns::of(region), arn)) {
        return Some(format!(
            "Value ({arn}) for parameter iamInstanceProfile.arn is invalid. Invalid IAM Instance Profile ARN"
        ));
    }
    let placement = template.placement_group.as_ref();
    let placement = placement.filter(|name| !here.placement_groups.contains_key(*name))?;
    Some(format!("The Placement Group '{placement}' is unknown."))
}

/// The first setting of a launch template with which EC2 launches no instance.
fn refused_setting(template: &NewLaunchTemplate) -> Option<String> {
    let NewLaunchTemplate { instance_type, security_group_ids, .. } = template;
    if !is_instance_type(instance_type) {
        return Some(format!("Invalid value '{instance_type}' for InstanceType."));
    }
    let count = security_group_ids.len();
    if count > SECURITY_GROUP_LIMIT {
        return Some(format!("{count} security groups are too many: an interface has at most {SECURITY_GROUP_LIMIT}."));
    }
    let refused = template.ebs_volume.as_ref().map(refused_settings).unwrap_or_default();
    let (field, message) = refused.into_iter().next()?;
    Some(format!("Invalid {field:?} of the EBS volume: {message}."))
}

fn check_subnets(ids: &[String], region: &OdinRegion) -> Result<(), ServiceError> {
    if ids.is_empty() {
        return Err(validation_error("At least one Availability Zone or VPC Subnet is required."));
    }
    match ids.iter().find(|id| !region.subnets.contains_key(*id)) {
        Some(id) => Err(validation_error(format!("The subnet ID '{id}' does not exist"))),
        None => Ok(()),
    }
}

fn check_hook(hook: &LifecycleHook, region: &RegionState<'_, OdinAccount>) -> Result<(), ServiceError> {
    let LifecycleHook { name, transition, role_arn, notification_target_arn, heartbeat_timeout_seconds } = hook;
    if transition != LAUNCHING && transition != TERMINATING {
        return Err(validation_error(format!("Hook {name}: {transition} is not a lifecycle transition")));
    }
    if heartbeat_timeout_seconds.is_some_and(|seconds| !HEARTBEAT_SECONDS.contains(&seconds)) {
        return Err(validation_error(format!("Hook {name}: the heartbeat timeout must be 30 to 7200 seconds")));
    }
    let arns = Arns::of(region);
    let has_topic = region.here().topics.keys().any(|topic| arns.topic(topic) == *notification_target_arn);
    if !has_topic || !region.resources.iam.has_role(arns, role_arn) {
        let message = format!(
            "Unable to publish test message to notification target {notification_target_arn} using IAM role {role_arn}. \
             Please check your target and role configuration and try to put lifecycle hook again."
        );
        return Err(validation_error(message));
    }
    Ok(())
}

fn attachments(group: &NewAutoScalingGroup, region: &OdinRegion, arns: Arns<'_>) -> Result<Attachments, ServiceError> {
    let invalid = |what: &str| {
        validation_error(format!("Provided {what} may not be valid. Please ensure they exist and try again."))
    };
    if group.load_balancers.iter().any(|name| !region.load_balancers.contains_key(name)) {
        return Err(invalid("Load Balancers"));
    }
    let names: BTreeMap<String, &String> =
        region.target_groups.keys().map(|name| (arns.target_group(name), name)).collect();
    let attached = |name: &String| (name.clone(), Attachment::default());
    let other = region.target_groups.iter().find(|(name, stored)| {
        stored.target_type != "instance" && group.target_group_arns.contains(&arns.target_group(name))
    });
    if other.is_some() {
        let message = "Provided Target Groups may not be valid. Please ensure they exist and try again.";
        return Err(validation_error(message));
    }
    let target_groups: Option<_> =
        group.target_group_arns.iter().map(|arn| names.get(arn).map(|name| attached(name))).collect();
    Ok(Attachments {
        load_balancers: group.load_balancers.iter().map(attached).collect(),
        target_groups: target_groups.ok_or_else(|| invalid("Target Groups"))?,
    })
}
