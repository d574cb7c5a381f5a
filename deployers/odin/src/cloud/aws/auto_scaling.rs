//! EC2 Auto Scaling on the AWS SDK.

use super::activity::activity;
use super::group::group;
use super::new_group::new_group;
use crate::cloud::{
    AZ_REBALANCE, AccountLimits, AutoScalingGroup, AwsAutoScaling, GroupUpdate, NewAutoScalingGroup, NewScalingPolicy,
    ScalingActivity,
};
use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::types::{Filter, Tag};
use bifrost::aws::{AwsCall, AwsChange, Request, pages};
use bifrost::cloud::CloudError;
use std::collections::BTreeMap;

/// The transition of hooks that make a terminating instance wait.
const TERMINATING: &str = "autoscaling:EC2_INSTANCE_TERMINATING";

/// The maximum number of items in a page.
const PAGE_LIMIT: i32 = 100;

impl AwsAutoScaling for Client {
    async fn groups(&self, call: AwsCall<'_>, tags: &[(&str, &str)]) -> Result<Vec<AutoScalingGroup>, CloudError> {
        let filter = |(key, value): &(&str, &str)| Filter::builder().name(format!("tag:{key}")).values(*value).build();
        let filters: Vec<_> = tags.iter().map(filter).collect();
        // An empty list would be sent as `Filters=`, as if there were one.
        let filters = (!filters.is_empty()).then_some(filters);
        let found = pages(async |token| {
            let describe = self.describe_auto_scaling_groups().set_filters(filters.clone());
            let page = call.send(describe.max_records(PAGE_LIMIT).set_next_token(token).send()).await?;
            Ok((page.auto_scaling_groups.unwrap_or_default(), page.next_token))
        });
        let found = found.await?.into_iter().map(|found| group(found, *call));
        let mut groups = found.collect::<Result<Vec<_>, _>>()?;
        groups.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(groups)
    }

    async fn group(&self, call: AwsCall<'_>, name: &str) -> Result<Option<AutoScalingGroup>, CloudError> {
        let answer = call.send(self.describe_auto_scaling_groups().auto_scaling_group_names(name).send()).await?;
        let mut found = answer.auto_scaling_groups.unwrap_or_default().into_iter();
        let found = found.find(|found| found.auto_scaling_group_name.as_deref() == Some(name));
        found.map(|found| group(found, *call)).transpose()
    }

    async fn account_limits(&self, call: AwsCall<'_>) -> Result<AccountLimits, CloudError> {
        let answer = call.send(self.describe_account_limits().send()).await?;
        Ok(AccountLimits {
            groups: call.count("NumberOfAutoScalingGroups", answer.number_of_auto_scaling_groups)?,
            max_groups: call.count("MaxNumberOfAutoScalingGroups", answer.max_number_of_auto_scaling_groups)?,
        })
    }

    async fn create_group(&self, call: AwsChange<'_>, group: &NewAutoScalingGroup) -> Result<(), CloudError> {
        call.send(new_group(group, *call)?.send_with(self)).await.map(drop)
    }

    async fn update_group(&self, call: AwsChange<'_>, group: &str, update: GroupUpdate) -> Result<(), CloudError> {
        let GroupUpdate { capacity, health_check_grace_period_seconds: grace } = update;
        let grace = grace.map(|seconds| call.number("HealthCheckGracePeriod", seconds)).transpose()?;
        let update = self.update_auto_scaling_group().auto_scaling_group_name(group);
        let update = update.min_size(call.number("MinSize", capacity.min_size)?);
        let update = update.desired_capacity(call.number("DesiredCapacity", capacity.desired)?);
        let update = update.max_size(call.number("MaxSize", capacity.max_size)?);
        call.send(update.set_health_check_grace_period(grace).send()).await.map(drop)
    }

    async fn enable_metrics(&self, call: AwsChange<'_>, group: &str) -> Result<(), CloudError> {
        let enable = self.enable_metrics_collection().auto_scaling_group_name(group).granularity("1Minute");
        call.send(enable.send()).await.map(drop)
    }

    async fn scaling_activities(&self, call: AwsCall<'_>, group: &str) -> Result<Vec<ScalingActivity>, CloudError> {
        // AWS's maximum, which is `ACTIVITY_LIMIT`, too.
        let describe = self.describe_scaling_activities().auto_scaling_group_name(group).max_records(PAGE_LIMIT);
        let found = call.send(describe.send()).await?.activities.unwrap_or_default();
        found.into_iter().map(|found| activity(found, *call)).collect()
    }

    async fn put_scaling_policy(&self, call: AwsChange<'_>, policy: &NewScalingPolicy) -> Result<String, CloudError> {
        let put = self.put_scaling_policy().auto_scaling_group_name(&policy.group_name);
        let put = put.policy_name(&policy.name).policy_type("SimpleScaling").adjustment_type("ChangeInCapacity");
        let put = put.scaling_adjustment(policy.scaling_adjustment).enabled(policy.enabled);
        let put = put.cooldown(call.number("Cooldown", policy.cooldown_seconds)?);
        call.field("PolicyARN", call.send(put.send()).await?.policy_arn)
    }

    async fn suspend_az_rebalance(&self, call: AwsChange<'_>, group: &str) -> Result<(), CloudError> {
        let suspend = self.suspend_processes().auto_scaling_group_name(group).scaling_processes(AZ_REBALANCE);
        call.send(suspend.send()).await.map(drop)
    }

    async fn resume_az_rebalance(&self, call: AwsChange<'_>, group: &str) -> Result<(), CloudError> {
        let resume = self.resume_processes().auto_scaling_group_name(group).scaling_processes(AZ_REBALANCE);
        call.send(resume.send()).await.map(drop)
    }

    async fn termination_hooks(&self, call: AwsCall<'_>, group: &str) -> Result<Vec<String>, CloudError> {
        let answer = call.send(self.describe_lifecycle_hooks().auto_scaling_group_name(group).send()).await?;
        let hooks = answer.lifecycle_hooks.unwrap_or_default().into_iter();
        let terminating = hooks.filter(|hook| hook.lifecycle_transition.as_deref() == Some(TERMINATING));
        terminating.map(|hook| call.field("LifecycleHookName", hook.lifecycle_hook_name)).collect()
    }

    async fn tag_group(&self, call: AwsChange<'_>, group: &str, key: &str, value: &str) -> Result<(), CloudError> {
        let tag = Tag::builder().resource_type("auto-scaling-group").resource_id(group);
        let tag = tag.key(key).value(value).propagate_at_launch(false).build();
        call.send(self.create_or_update_tags().tags(tag).send()).await.map(drop)
    }

    async fn detach_load_balancers(
        &self,
        call: AwsChange<'_>,
        group: &str,
        names: &[String],
    ) -> Result<(), CloudError> {
        let detach = self.detach_load_balancers().auto_scaling_group_name(group);
        call.send(detach.set_load_balancer_names(Some(names.to_vec())).send()).await.map(drop)
    }

    async fn detach_target_groups(&self, call: AwsChange<'_>, group: &str, arns: &[String]) -> Result<(), CloudError> {
        let detach = self.detach_load_balancer_target_groups().auto_scaling_group_name(group);
        call.send(detach.set_target_group_arns(Some(arns.to_vec())).send()).await.map(drop)
    }

    async fn load_balancer_states(
        &self,
        call: AwsCall<'_>,
        group: &str,
    ) -> Result<BTreeMap<String, String>, CloudError> {
        let found = pages(async |token| {
            let describe = self.describe_load_balancers().auto_scaling_group_name(group);
            let page = call.send(describe.max_records(PAGE_LIMIT).set_next_token(token).send()).await?;
            Ok((page.load_balancers.unwrap_or_default(), page.next_token))
        });
        let states = found.await?.into_iter().map(|found| (found.load_balancer_name, found.state));
        states.map(|state| attachment("LoadBalancerName", state, *call)).collect()
    }

    async fn target_group_states(
        &self,
        call: AwsCall<'_>,
        group: &str,
    ) -> Result<BTreeMap<String, String>, CloudError> {
        let found = pages(async |token| {
            let describe = self.describe_load_balancer_target_groups().auto_scaling_group_name(group);
            let page = call.send(describe.max_records(PAGE_LIMIT).set_next_token(token).send()).await?;
            Ok((page.load_balancer_target_groups.unwrap_or_default(), page.next_token))
        });
        let states = found.await?.into_iter().map(|found| (found.load_balancer_target_group_arn, found.state));
        states.map(|state| attachment("LoadBalancerTargetGroupARN", state, *call)).collect()
    }

    async fn delete_group(&self, call: AwsChange<'_>, name: &str) -> Result<(), CloudError> {
        let delete = self.delete_auto_scaling_group().auto_scaling_group_name(name).force_delete(true);
        call.send(delete.send()).await.map(drop)
    }

    async fn delete_launch_configuration(&self, call: AwsChange<'_>, name: &str) -> Result<(), CloudError> {
        call.send(self.delete_launch_configuration().launch_configuration_name(name).send()).await.map(drop)
    }
}

/// The name and state of an attachment.
fn attachment(
    name: &str,
    (attached, state): (Option<String>, Option<String>),
    request: Request<'_>,
) -> Result<(String, String), CloudError> {
    let attached = request.field(name, attached)?;
    let state = request.field(&format!("State of {attached}"), state)?;
    Ok((attached, state))
}
