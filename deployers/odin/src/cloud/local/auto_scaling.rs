//! EC2 Auto Scaling in the local cloud, and its alarms. Alarms are stored but never fire: the instances have no load.

use super::balancer::Attachment;
use super::group::StoredGroup;
use super::new_group::new_group;
use super::region::OdinRegion;
use super::{OdinAccount, ServiceContext, change, has_tags, not_found, request, validation_error};
use crate::cloud::{
    Alarms, Attachments, AutoScaling, AutoScalingGroup, Capacity, NewAlarm, NewAutoScalingGroup, NewScalingPolicy,
};
use async_trait::async_trait;
use bifrost::cloud::CloudError;
use bifrost::lifecycle::Proof;
use bifrost::local::{LocalSession, ServiceError};
use std::collections::BTreeMap;
use tokio::try_join;

/// The maximum number of attachments that one request may detach.
const DETACH_LIMIT: usize = 10;

/// The maximum number of alarms that one request may delete.
const DELETE_LIMIT: usize = 100;

#[async_trait]
impl AutoScaling for LocalSession<OdinAccount> {
    async fn groups(&self, tags: &[(&str, &str)]) -> Result<Vec<AutoScalingGroup>, CloudError> {
        request(self, "autoscaling:DescribeAutoScalingGroups", "", |region, context| {
            let groups = region.auto_scaling_groups.iter().filter(|(_, group)| has_tags(&group.tags, tags));
            Ok(groups.map(|(name, group)| group.describe(name, context)).collect())
        })
        .await
    }

    async fn group(&self, name: &str) -> Result<Option<AutoScalingGroup>, CloudError> {
        request(self, "autoscaling:DescribeAutoScalingGroups", name, |region, context| {
            Ok(region.auto_scaling_groups.get(name).map(|group| group.describe(name, context)))
        })
        .await
    }

    async fn create_group(&self, proof: &Proof, group: &NewAutoScalingGroup) -> Result<(), CloudError> {
        change(self, proof, "autoscaling:CreateAutoScalingGroup", &group.name, |region, context| {
            let stored = new_group(group, region, context)?;
            region.auto_scaling_groups.insert(group.name.clone(), stored);
            Ok(())
        })
        .await
    }

    async fn set_capacity(&self, proof: &Proof, group: &str, capacity: Capacity) -> Result<(), CloudError> {
        change(self, proof, "autoscaling:UpdateAutoScalingGroup", group, |region, _| {
            let found = changeable(region, group)?;
            check_capacity(capacity)?;
            found.capacity = capacity;
            Ok(())
        })
        .await
    }

    async fn enable_metrics(&self, proof: &Proof, group: &str) -> Result<(), CloudError> {
        change(self, proof, "autoscaling:EnableMetricsCollection", group, |region, _| {
            changeable(region, group)?.metrics_enabled = true;
            Ok(())
        })
        .await
    }

    async fn put_scaling_policy(&self, proof: &Proof, policy: &NewScalingPolicy) -> Result<String, CloudError> {
        change(self, proof, "autoscaling:PutScalingPolicy", &policy.name, |region, context| {
            let group = changeable(region, &policy.group_name)?;
            group.scaling_policies.insert(policy.name.clone(), policy.clone());
            Ok(context.policy_arn(&policy.group_name, &policy.name))
        })
        .await
    }

    async fn policy_alarms(&self, group: &str) -> Result<Vec<String>, CloudError> {
        request(self, "autoscaling:DescribePolicies", group, |region, context| {
            let found = region.auto_scaling_groups.get(group).ok_or_else(|| group_not_found(group))?;
            Ok(alarms_of(region, group, found, context))
        })
        .await
    }

    async fn detach_load_balancers(&self, proof: &Proof, group: &str, names: &[String]) -> Result<(), CloudError> {
        for names in names.chunks(DETACH_LIMIT) {
            change(self, proof, "autoscaling:DetachLoadBalancers", group, |region, context| {
                let attached = &mut changeable(region, group)?.attachments.load_balancers;
                remove(attached, names, "Load Balancers")?;
                drain(region, group, context);
                Ok(())
            })
            .await?;
        }
        Ok(())
    }

    async fn detach_target_groups(&self, proof: &Proof, group: &str, arns: &[String]) -> Result<(), CloudError> {
        for arns in arns.chunks(DETACH_LIMIT) {
            change(self, proof, "autoscaling:DetachLoadBalancerTargetGroups", group, |region, context| {
                let attached = &mut changeable(region, group)?.attachments.target_groups;
                let is_named = |name: &&String| arns.contains(&context.target_group_arn(name));
                let names: Vec<String> = attached.keys().filter(is_named).cloned().collect();
                if names.len() < arns.len() {
                    return Err(not_attached("Target Groups"));
                }
                remove(attached, &names, "Target Groups")?;
                drain(region, group, context);
                Ok(())
            })
            .await?;
        }
        Ok(())
    }

    async fn attachments(&self, group: &str) -> Result<Attachments, CloudError> {
        let load_balancers = request(self, "autoscaling:DescribeLoadBalancers", group, |region, context| {
            let found = region.auto_scaling_groups.get(group).ok_or_else(|| group_not_found(group))?;
            let state = |(name, attachment): (&String, &Attachment)| {
                let registered = region.load_balancers.get(name).map(|balancer| &balancer.instances);
                (name.clone(), found.attachment_state(*attachment, registered, context.now).to_owned())
            };
            Ok(found.attachments.load_balancers.iter().map(state).collect())
        });
        let target_groups = request(self, "autoscaling:DescribeLoadBalancerTargetGroups", group, |region, context| {
            let found = region.auto_scaling_groups.get(group).ok_or_else(|| group_not_found(group))?;
            let state = |(name, attachment): (&String, &Attachment)| {
                let registered = region.target_groups.get(name).map(|targets| &targets.targets);
                (
                    context.target_group_arn(name),
                    found.attachment_state(*attachment, registered, context.now).to_owned(),
                )
            };
            Ok(found.attachments.target_groups.iter().map(state).collect())
        });
        let (load_balancers, target_groups) = try_join!(load_balancers, target_groups)?;
        Ok(Attachments { load_balancers, target_groups })
    }

    async fn delete_group(&self, proof: &Proof, name: &str) -> Result<(), CloudError> {
        change(self, proof, "autoscaling:DeleteAutoScalingGroup", name, |region, context| {
            let found = region.auto_scaling_groups.get(name).ok_or_else(|| group_not_found(name))?;
            // Deleting a scaling policy deletes the alarms that trigger it.
            let alarms = alarms_of(region, name, found, context);
            region.alarms.retain(|alarm, _| !alarms.contains(alarm));
            let (groups, mut env) = region.split();
            if let Some(group) = groups.get_mut(name) {
                group.delete(context.now, &mut env);
            }
            Ok(())
        })
        .await
    }

    async fn delete_launch_configuration(&self, proof: &Proof, name: &str) -> Result<(), CloudError> {
        change(self, proof, "autoscaling:DeleteLaunchConfiguration", name, |region, _| {
            let uses = |group: &StoredGroup| group.launch_configuration.as_deref() == Some(name);
            if let Some((group, _)) = region.auto_scaling_groups.iter().find(|(_, group)| uses(group)) {
                let message = format!(
                    "Cannot delete launch configuration {name} because it is attached to AutoScalingGroup {group}"
                );
                return Err(ServiceError::new("ResourceInUse", message));
            }
            let missing = || not_found("ValidationError", format!("Launch configuration name not found - {name}"));
            region.launch_configurations.remove(name).map(drop).ok_or_else(missing)
        })
        .await
    }
}

/// Checks the three sizes of a group against each other.
pub(super) fn check_capacity(capacity: Capacity) -> Result<(), ServiceError> {
    let Capacity { min_size, desired, max_size } = capacity;
    if min_size > max_size {
        let message = format!("Max bound, {max_size}, must be greater than or equal to min bound, {min_size}");
        return Err(validation_error(message));
    }
    if desired < min_size || desired > max_size {
        let message = format!(
            "Desired capacity:{desired} must be between the specified min size:{min_size} and max size:{max_size}"
        );
        return Err(validation_error(message));
    }
    Ok(())
}

fn group_not_found(name: &str) -> ServiceError {
    not_found("ValidationError", format!("AutoScalingGroup name not found - AutoScalingGroup {name} not found"))
}

fn not_attached(what: &str) -> ServiceError {
    validation_error(format!("Trying to remove {what} that are not part of the group"))
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
fn alarms_of(region: &OdinRegion, name: &str, group: &StoredGroup, context: ServiceContext<'_>) -> Vec<String> {
    let policies: Vec<String> = group.scaling_policies.keys().map(|policy| context.policy_arn(name, policy)).collect();
    let triggers = region.alarms.values().filter(|alarm| policies.contains(&alarm.policy_arn));
    triggers.map(|alarm| alarm.name.clone()).collect()
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
fn drain(region: &mut OdinRegion, name: &str, context: ServiceContext<'_>) {
    let (groups, mut env) = region.split();
    let Some(group) = groups.get(name) else { return };
    let removing = env.balancers.of_mut(&group.attachments).filter(|attached| attached.attachment.removing);
    for attached in removing {
        let own = attached.instances.iter_mut().filter(|(id, _)| group.instances.contains_key(*id));
        for (_, registration) in own {
            registration.drain(context.now, attached.drain_seconds);
        }
    }
}

#[async_trait]
impl Alarms for LocalSession<OdinAccount> {
    async fn put(&self, proof: &Proof, alarm: &NewAlarm) -> Result<(), CloudError> {
        change(self, proof, "cloudwatch:PutMetricAlarm", &alarm.name, |region, _| {
            if alarm.name.is_empty() || alarm.name.chars().count() > 255 {
                return Err(validation_error("An alarm's name has 1 to 255 characters"));
            }
            let period = alarm.period_seconds;
            if !matches!(period, 10 | 20 | 30) && (period == 0 || !period.is_multiple_of(60)) {
                return Err(validation_error("An alarm's period is 10, 20, 30 or a multiple of 60 seconds"));
            }
            if alarm.evaluation_periods == 0 {
                return Err(validation_error("An alarm evaluates at least one period"));
            }
            region.alarms.insert(alarm.name.clone(), alarm.clone());
            Ok(())
        })
        .await
    }

    async fn names(&self, prefix: &str) -> Result<Vec<String>, CloudError> {
        request(self, "cloudwatch:DescribeAlarms", prefix, |region, _| {
            Ok(region.alarms.keys().filter(|name| name.starts_with(prefix)).cloned().collect())
        })
        .await
    }

    async fn delete(&self, proof: &Proof, names: &[String]) -> Result<(), CloudError> {
        for names in names.chunks(DELETE_LIMIT) {
            let first = names.first().map_or("", String::as_str);
            change(self, proof, "cloudwatch:DeleteAlarms", first, |region, _| {
                region.alarms.retain(|name, _| !names.contains(name));
                Ok(())
            })
            .await?;
        }
        Ok(())
    }
}
