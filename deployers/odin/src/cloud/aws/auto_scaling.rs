//! EC2 Auto Scaling on the AWS SDK, and the CloudWatch alarms of its policies.

use super::Service;
use super::group::group;
use super::new_group::new_group;
use crate::cloud::{
    Alarms, Attachments, AutoScaling, AutoScalingGroup, Capacity, Comparison, NewAlarm, NewAutoScalingGroup,
    NewScalingPolicy,
};
use async_trait::async_trait;
use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::types::{Filter, ScalingPolicy};
use aws_sdk_cloudwatch::types::{ComparisonOperator, Dimension, Statistic};
use bifrost::aws::{Request, each, found, pages};
use bifrost::cloud::CloudError;
use bifrost::lifecycle::Proof;
use std::collections::BTreeMap;
use tokio::try_join;

/// The maximum number of attachments that one request may detach.
const DETACH_LIMIT: usize = 10;

/// The maximum number of alarms that one request may delete.
const DELETE_LIMIT: usize = 100;

/// The maximum number of items in a page.
const PAGE_LIMIT: i32 = 100;

#[async_trait]
impl AutoScaling for Service<Client> {
    async fn groups(&self, tags: &[(&str, &str)]) -> Result<Vec<AutoScalingGroup>, CloudError> {
        let request = Request::new("autoscaling:DescribeAutoScalingGroups", "");
        let filter = |(key, value): &(&str, &str)| Filter::builder().name(format!("tag:{key}")).values(*value).build();
        let filters: Vec<_> = tags.iter().map(filter).collect();
        let found = pages(async |token| {
            let describe = self.client.describe_auto_scaling_groups().set_filters(Some(filters.clone()));
            let describe = describe.max_records(PAGE_LIMIT).set_next_token(token);
            let page = request.make(&self.session, describe.send()).await?;
            Ok((page.auto_scaling_groups.unwrap_or_default(), page.next_token))
        });
        let found = found.await?.into_iter().map(|found| group(found, request));
        let mut groups = found.collect::<Result<Vec<_>, _>>()?;
        groups.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(groups)
    }

    async fn group(&self, name: &str) -> Result<Option<AutoScalingGroup>, CloudError> {
        let request = Request::new("autoscaling:DescribeAutoScalingGroups", name);
        let describe = self.client.describe_auto_scaling_groups().auto_scaling_group_names(name);
        let answer = request.make(&self.session, describe.send()).await?;
        let mut found = answer.auto_scaling_groups.unwrap_or_default().into_iter();
        let found = found.find(|found| found.auto_scaling_group_name.as_deref() == Some(name));
        found.map(|found| group(found, request)).transpose()
    }

    async fn create_group(&self, proof: &Proof, group: &NewAutoScalingGroup) -> Result<(), CloudError> {
        let request = Request::new("autoscaling:CreateAutoScalingGroup", &group.name);
        let create = new_group(group, request)?.send_with(&self.client);
        request.change(&self.session, proof, create).await.map(drop)
    }

    async fn set_capacity(&self, proof: &Proof, group: &str, capacity: Capacity) -> Result<(), CloudError> {
        let request = Request::new("autoscaling:UpdateAutoScalingGroup", group);
        let update = self.client.update_auto_scaling_group().auto_scaling_group_name(group);
        let update = update.min_size(request.number("MinSize", capacity.min_size)?);
        let update = update.desired_capacity(request.number("DesiredCapacity", capacity.desired)?);
        let update = update.max_size(request.number("MaxSize", capacity.max_size)?);
        request.change(&self.session, proof, update.send()).await.map(drop)
    }

    async fn enable_metrics(&self, proof: &Proof, group: &str) -> Result<(), CloudError> {
        let enable = self.client.enable_metrics_collection().auto_scaling_group_name(group).granularity("1Minute");
        Request::new("autoscaling:EnableMetricsCollection", group)
            .change(&self.session, proof, enable.send())
            .await
            .map(drop)
    }

    async fn put_scaling_policy(&self, proof: &Proof, policy: &NewScalingPolicy) -> Result<String, CloudError> {
        let request = Request::new("autoscaling:PutScalingPolicy", &policy.name);
        let put = self.client.put_scaling_policy().auto_scaling_group_name(&policy.group_name);
        let put = put.policy_name(&policy.name).policy_type("SimpleScaling").adjustment_type("ChangeInCapacity");
        let put = put.scaling_adjustment(policy.scaling_adjustment);
        let put = put.cooldown(request.number("Cooldown", policy.cooldown_seconds)?);
        let answer = request.change(&self.session, proof, put.send()).await?;
        request.field("PolicyARN", answer.policy_arn)
    }

    async fn policy_alarms(&self, group: &str) -> Result<Vec<String>, CloudError> {
        let request = Request::new("autoscaling:DescribePolicies", group);
        let found = pages(async |token| {
            let describe = self.client.describe_policies().auto_scaling_group_name(group);
            let describe = describe.max_records(PAGE_LIMIT).set_next_token(token);
            let page = request.make(&self.session, describe.send()).await?;
            Ok((page.scaling_policies.unwrap_or_default(), page.next_token))
        });
        let alarms = found.await?.into_iter().flat_map(|ScalingPolicy { alarms, .. }| alarms.unwrap_or_default());
        alarms.map(|alarm| request.field("AlarmName", alarm.alarm_name)).collect()
    }

    // Auto Scaling accepts one change of a group at a time, so the next two send their requests one after another.

    async fn detach_load_balancers(&self, proof: &Proof, group: &str, names: &[String]) -> Result<(), CloudError> {
        let request = Request::new("autoscaling:DetachLoadBalancers", group);
        for names in names.chunks(DETACH_LIMIT) {
            let detach = self.client.detach_load_balancers().auto_scaling_group_name(group);
            let detach = detach.set_load_balancer_names(Some(names.to_vec()));
            request.change(&self.session, proof, detach.send()).await?;
        }
        Ok(())
    }

    async fn detach_target_groups(&self, proof: &Proof, group: &str, arns: &[String]) -> Result<(), CloudError> {
        let request = Request::new("autoscaling:DetachLoadBalancerTargetGroups", group);
        for arns in arns.chunks(DETACH_LIMIT) {
            let detach = self.client.detach_load_balancer_target_groups().auto_scaling_group_name(group);
            let detach = detach.set_target_group_arns(Some(arns.to_vec()));
            request.change(&self.session, proof, detach.send()).await?;
        }
        Ok(())
    }

    async fn attachments(&self, group: &str) -> Result<Attachments, CloudError> {
        let (load_balancers, target_groups) =
            try_join!(self.load_balancer_states(group), self.target_group_states(group))?;
        Ok(Attachments { load_balancers, target_groups })
    }

    async fn delete_group(&self, proof: &Proof, name: &str) -> Result<(), CloudError> {
        let delete = self.client.delete_auto_scaling_group().auto_scaling_group_name(name).force_delete(true);
        Request::new("autoscaling:DeleteAutoScalingGroup", name)
            .change(&self.session, proof, delete.send())
            .await
            .map(drop)
    }

    async fn delete_launch_configuration(&self, proof: &Proof, name: &str) -> Result<(), CloudError> {
        let delete = self.client.delete_launch_configuration().launch_configuration_name(name);
        Request::new("autoscaling:DeleteLaunchConfiguration", name)
            .change(&self.session, proof, delete.send())
            .await
            .map(drop)
    }
}

impl Service<Client> {
    async fn load_balancer_states(&self, group: &str) -> Result<BTreeMap<String, String>, CloudError> {
        let request = Request::new("autoscaling:DescribeLoadBalancers", group);
        let found = pages(async |token| {
            let describe = self.client.describe_load_balancers().auto_scaling_group_name(group);
            let describe = describe.max_records(PAGE_LIMIT).set_next_token(token);
            let page = request.make(&self.session, describe.send()).await?;
            Ok((page.load_balancers.unwrap_or_default(), page.next_token))
        });
        let states = found.await?.into_iter().map(|found| (found.load_balancer_name, found.state));
        states.map(|state| attachment("LoadBalancerName", state, request)).collect()
    }

    async fn target_group_states(&self, group: &str) -> Result<BTreeMap<String, String>, CloudError> {
        let request = Request::new("autoscaling:DescribeLoadBalancerTargetGroups", group);
        let found = pages(async |token| {
            let describe = self.client.describe_load_balancer_target_groups().auto_scaling_group_name(group);
            let describe = describe.max_records(PAGE_LIMIT).set_next_token(token);
            let page = request.make(&self.session, describe.send()).await?;
            Ok((page.load_balancer_target_groups.unwrap_or_default(), page.next_token))
        });
        let states = found.await?.into_iter().map(|found| (found.load_balancer_target_group_arn, found.state));
        states.map(|state| attachment("LoadBalancerTargetGroupARN", state, request)).collect()
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

#[async_trait]
impl Alarms for Service<aws_sdk_cloudwatch::Client> {
    async fn put(&self, proof: &Proof, alarm: &NewAlarm) -> Result<(), CloudError> {
        let request = Request::new("cloudwatch:PutMetricAlarm", &alarm.name);
        let group = Dimension::builder().name("AutoScalingGroupName").value(&alarm.group_name).build();
        let put = self.client.put_metric_alarm().alarm_name(&alarm.name);
        let put = put.namespace("AWS/EC2").metric_name("CPUUtilization").dimensions(group);
        let put = put.statistic(Statistic::Average).period(request.number("Period", alarm.period_seconds)?);
        let put = put.evaluation_periods(request.number("EvaluationPeriods", alarm.evaluation_periods)?);
        let put = put.comparison_operator(operator(alarm.comparison)).threshold(alarm.threshold);
        request.change(&self.session, proof, put.alarm_actions(&alarm.policy_arn).send()).await.map(drop)
    }

    async fn names(&self, prefix: &str) -> Result<Vec<String>, CloudError> {
        let request = Request::new("cloudwatch:DescribeAlarms", prefix);
        // CloudWatch refuses an empty prefix.
        let prefix = Some(prefix.to_owned()).filter(|prefix| !prefix.is_empty());
        let found = pages(async |token| {
            let describe = self.client.describe_alarms().set_alarm_name_prefix(prefix.clone());
            let describe = describe.max_records(PAGE_LIMIT).set_next_token(token);
            let page = request.make(&self.session, describe.send()).await?;
            Ok((page.metric_alarms.unwrap_or_default(), page.next_token))
        });
        found.await?.into_iter().map(|alarm| request.field("AlarmName", alarm.alarm_name)).collect()
    }

    async fn delete(&self, proof: &Proof, names: &[String]) -> Result<(), CloudError> {
        let deleted = each(names.chunks(DELETE_LIMIT).map(<[_]>::to_vec), async |names| {
            let request = Request::new("cloudwatch:DeleteAlarms", names.first().map_or("", String::as_str));
            let delete = self.client.delete_alarms().set_alarm_names(Some(names.clone()));
            found(request.change(&self.session, proof, delete.send()).await)
        });
        deleted.await.map(drop)
    }
}

fn operator(comparison: Comparison) -> ComparisonOperator {
    match comparison {
        Comparison::GreaterThanThreshold => ComparisonOperator::GreaterThanThreshold,
        Comparison::LessThanThreshold => ComparisonOperator::LessThanThreshold,
    }
}
