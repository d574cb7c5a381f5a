//! Requests to create auto-scaling groups.

use crate::cloud::{HealthCheckType, LifecycleHook, NewAutoScalingGroup, TEMPLATE_VERSION};
use aws_sdk_autoscaling::operation::create_auto_scaling_group::builders::CreateAutoScalingGroupInputBuilder;
use aws_sdk_autoscaling::types::{LaunchTemplateSpecification, LifecycleHookSpecification, Tag};
use bifrost::aws::Request;
use bifrost::cloud::CloudError;

/// Builds the `CreateAutoScalingGroup` request.
///
/// # Errors
/// If a number does not fit into its field of the request.
pub(super) fn new_group(
    group: &NewAutoScalingGroup,
    request: Request<'_>,
) -> Result<CreateAutoScalingGroupInputBuilder, CloudError> {
    let template = LaunchTemplateSpecification::builder()
        .launch_template_name(&group.launch_template)
        .version(TEMPLATE_VERSION)
        .build();
    let hooks = group.lifecycle_hooks.iter().map(|hook| specification(hook, request)).collect::<Result<_, _>>()?;
    let tags = group.tags.iter().map(|(key, value)| tag(&group.name, key, value)).collect();
    let builder = CreateAutoScalingGroupInputBuilder::default()
        .auto_scaling_group_name(&group.name)
        .launch_template(template)
        .min_size(request.number("MinSize", group.capacity.min_size)?)
        .desired_capacity(request.number("DesiredCapacity", group.capacity.desired)?)
        .max_size(request.number("MaxSize", group.capacity.max_size)?)
        .vpc_zone_identifier(group.subnet_ids.join(","))
        .set_load_balancer_names(Some(group.load_balancers.clone()))
        .set_target_group_arns(Some(group.target_group_arns.clone()))
        .health_check_type(health_check_type(group.health_check_type))
        .health_check_grace_period(request.number("HealthCheckGracePeriod", group.health_check_grace_period_seconds)?)
        .default_cooldown(request.number("DefaultCooldown", group.default_cooldown_seconds)?)
        .set_termination_policies(Some(group.termination_policies.clone()))
        .set_lifecycle_hook_specification_list(Some(hooks))
        .set_tags(Some(tags));
    Ok(builder)
}

fn health_check_type(health_check_type: HealthCheckType) -> &'static str {
    match health_check_type {
        HealthCheckType::Ec2 => "EC2",
        HealthCheckType::Elb => "ELB",
    }
}

fn specification(hook: &LifecycleHook, request: Request<'_>) -> Result<LifecycleHookSpecification, CloudError> {
    let heartbeat = hook.heartbeat_timeout_seconds.map(|seconds| request.number("HeartbeatTimeout", seconds));
    Ok(LifecycleHookSpecification::builder()
        .lifecycle_hook_name(&hook.name)
        .lifecycle_transition(&hook.transition)
        .role_arn(&hook.role_arn)
        .notification_target_arn(&hook.notification_target_arn)
        .set_heartbeat_timeout(heartbeat.transpose()?)
        .build())
}

fn tag(group: &str, key: &str, value: &str) -> Tag {
    let tag = Tag::builder().resource_id(group).resource_type("auto-scaling-group");
    tag.key(key).value(value).propagate_at_launch(true).build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::{Capacity, Tags};

    fn web() -> NewAutoScalingGroup {
        NewAutoScalingGroup {
            name: "web".into(),
            launch_template: "web-template".into(),
            capacity: Capacity { min_size: 1, desired: 2, max_size: 3 },
            subnet_ids: vec!["subnet-a".into(), "subnet-b".into()],
            load_balancers: vec!["web-elb".into()],
            target_group_arns: Vec::new(),
            health_check_type: HealthCheckType::Elb,
            health_check_grace_period_seconds: 100,
            default_cooldown_seconds: 300,
            termination_policies: vec!["ClosestToNextInstanceHour".into()],
            lifecycle_hooks: vec![LifecycleHook {
                name: "drain".into(),
                transition: "autoscaling:EC2_INSTANCE_TERMINATING".into(),
                role_arn: "arn:role".into(),
                notification_target_arn: "arn:topic".into(),
                heartbeat_timeout_seconds: Some(40),
            }],
            tags: Tags::from([("ProjectName".into(), "coinbase/deploy-test".into())]),
        }
    }

    #[test]
    fn new_group_request_has_all_settings() {
        let input = new_group(&web(), Request::new("autoscaling:CreateAutoScalingGroup", "web")).unwrap();
        let input = input.build().unwrap();
        let template = input.launch_template().unwrap();
        assert_eq!((template.launch_template_name(), template.version()), (Some("web-template"), Some("1")));
        assert_eq!(input.vpc_zone_identifier(), Some("subnet-a,subnet-b"));
        assert_eq!((input.min_size(), input.desired_capacity(), input.max_size()), (Some(1), Some(2), Some(3)));
        assert_eq!((input.health_check_type(), input.health_check_grace_period()), (Some("ELB"), Some(100)));
        assert_eq!(input.tags()[0].propagate_at_launch(), Some(true));
        let hook = &input.lifecycle_hook_specification_list()[0];
        assert_eq!((hook.lifecycle_hook_name(), hook.heartbeat_timeout()), (Some("drain"), Some(40)));
    }
}
