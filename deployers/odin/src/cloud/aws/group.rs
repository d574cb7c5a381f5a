//! Auto-scaling groups in responses of Auto Scaling.

use crate::cloud::{AZ_REBALANCE, AutoScalingGroup, Capacity, HealthCheckType, Instance};
use aws_sdk_autoscaling::types;
use bifrost::aws::Request;
use bifrost::cloud::CloudError;

/// Converts a group of a response.
///
/// # Errors
/// If it lacks a field that AWS sets for every group.
pub(super) fn group(group: types::AutoScalingGroup, request: Request<'_>) -> Result<AutoScalingGroup, CloudError> {
    let name = request.field("AutoScalingGroupName", group.auto_scaling_group_name)?;
    let answer = request.about(&name);
    let tags = group.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value));
    let (template, version) = group
        .launch_template
        .map(|template| (answer.field("LaunchTemplateName", template.launch_template_name), template.version))
        .unzip();
    let grace = group.health_check_grace_period;
    let grace = grace.map(|seconds| answer.count("HealthCheckGracePeriod", Some(seconds)));
    let instances = group.instances.unwrap_or_default().into_iter().map(|found| instance(found, answer));
    Ok(AutoScalingGroup {
        name: name.clone(),
        arn: answer.field("AutoScalingGroupARN", group.auto_scaling_group_arn)?,
        created_time: answer.time("CreatedTime", group.created_time)?,
        tags: answer.tags(tags)?,
        capacity: Capacity {
            min_size: answer.count("MinSize", group.min_size)?,
            desired: answer.count("DesiredCapacity", group.desired_capacity)?,
            max_size: answer.count("MaxSize", group.max_size)?,
        },
        status: group.status,
        az_rebalance_suspended: is_suspended(group.suspended_processes.as_deref().unwrap_or_default()),
        launch_template: template.transpose()?,
        launch_template_version: version.flatten(),
        launch_configuration: group.launch_configuration_name,
        health_check_grace_period_seconds: grace.transpose()?,
        load_balancers: group.load_balancer_names.unwrap_or_default(),
        target_group_arns: group.target_group_arns.unwrap_or_default(),
        health_check_type: health_check_type(&answer.field("HealthCheckType", group.health_check_type)?),
        instances: instances.collect::<Result<_, _>>()?,
    })
}

fn is_suspended(processes: &[types::SuspendedProcess]) -> bool {
    processes.iter().any(|process| process.process_name.as_deref() == Some(AZ_REBALANCE))
}

/// AWS lists several types with commas, such as `ELB,EBS`. EC2's own checks always count.
fn health_check_type(types: &str) -> HealthCheckType {
    if types.split(',').any(|found| found == "ELB") { HealthCheckType::Elb } else { HealthCheckType::Ec2 }
}

fn instance(instance: types::Instance, request: Request<'_>) -> Result<Instance, CloudError> {
    let id = request.field("InstanceId", instance.instance_id)?;
    let answer = request.about(&id);
    Ok(Instance {
        lifecycle_state: answer.field("LifecycleState", instance.lifecycle_state)?.as_str().to_owned(),
        health_status: answer.field("HealthStatus", instance.health_status)?,
        id: id.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::Tags;
    use aws_sdk_autoscaling::primitives::DateTime;
    use aws_sdk_autoscaling::types::builders::AutoScalingGroupBuilder;

    const REQUEST: &str = "autoscaling:DescribeAutoScalingGroups";

    fn web() -> AutoScalingGroupBuilder {
        types::AutoScalingGroup::builder()
            .auto_scaling_group_name("web")
            .auto_scaling_group_arn("arn:web")
            .created_time(DateTime::from_secs(7))
            .min_size(1)
            .desired_capacity(2)
            .max_size(3)
            .health_check_type("EC2")
    }

    #[test]
    fn group_is_converted_with_all_fields() {
        let template = types::LaunchTemplateSpecification::builder().launch_template_name("web").version("1");
        let first = types::Instance::builder()
            .instance_id("i-1")
            .lifecycle_state(types::LifecycleState::PendingWait)
            .health_status("Healthy");
        let tag = types::TagDescription::builder().key("ProjectName").value("coinbase/deploy-test").build();
        let described = web()
            .launch_template(template.build())
            .health_check_grace_period(100)
            .load_balancer_names("web-elb")
            .target_group_arns("arn:web-tg")
            .health_check_type("ELB,EBS")
            .instances(first.build())
            .tags(tag)
            .suspended_processes(types::SuspendedProcess::builder().process_name("AZRebalance").build())
            .status("Delete in progress");
        let found = group(described.build(), Request::new(REQUEST, "")).unwrap();
        let expected = AutoScalingGroup {
            name: "web".into(),
            arn: "arn:web".into(),
            created_time: chrono::DateTime::from_timestamp(7, 0).unwrap(),
            tags: Tags::from([("ProjectName".into(), "coinbase/deploy-test".into())]),
            capacity: Capacity { min_size: 1, desired: 2, max_size: 3 },
            status: Some("Delete in progress".into()),
            az_rebalance_suspended: true,
            launch_template: Some("web".into()),
            launch_template_version: Some("1".into()),
            launch_configuration: None,
            health_check_grace_period_seconds: Some(100),
            load_balancers: vec!["web-elb".into()],
            target_group_arns: vec!["arn:web-tg".into()],
            health_check_type: HealthCheckType::Elb,
            instances: vec![Instance {
                id: "i-1".into(),
                lifecycle_state: "Pending:Wait".into(),
                health_status: "Healthy".into(),
            }],
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn group_of_go_odin_has_launch_configuration() {
        let found = group(web().launch_configuration_name("old").build(), Request::new(REQUEST, "")).unwrap();
        assert_eq!((found.launch_template, found.launch_configuration.as_deref()), (None, Some("old")));
        assert_eq!(found.health_check_type, HealthCheckType::Ec2);
    }

    #[test]
    fn missing_field_error_names_the_resource() {
        let request = Request::new(REQUEST, "");
        let sizeless = group(web().set_desired_capacity(None).build(), request).unwrap_err();
        assert_eq!(sizeless.resource, "web");
        assert!(sizeless.message.contains("DesiredCapacity"), "{sizeless}");
        let stateless = web().instances(types::Instance::builder().instance_id("i-1").build()).build();
        let stateless = group(stateless, request).unwrap_err();
        assert_eq!(stateless.resource, "i-1");
        assert!(stateless.message.contains("LifecycleState"), "{stateless}");
    }
}
