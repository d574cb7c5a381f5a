//! What a group does for the users of its service, for `status`.

use crate::cloud::{AutoScalingGroup, HealthCheckType, OdinPorts};
use bifrost::client::DeployedState;
use bifrost::cloud::{CloudError, found};

/// What the group does.
///
/// # Errors
/// `CloudError` from Auto Scaling.
pub(crate) async fn group_state(ports: &OdinPorts, group: &AutoScalingGroup) -> Result<DeployedState, CloudError> {
    if group.status.is_some() {
        return Ok(DeployedState::Deleting);
    }
    if group.health_check_type == HealthCheckType::Ec2 {
        return Ok(without_balancers(group));
    }
    let Some(attachments) = found(ports.groups.attachments(&group.name).await)? else {
        return Ok(DeployedState::Deleting);
    };
    let states = attachments.load_balancers.into_values().chain(attachments.target_groups.into_values());
    Ok(with_balancers(group, &states.collect::<Vec<_>>()))
}

/// A release without balancers finds its work itself: it cannot be detached. Its instances end what they do while they terminate.
fn without_balancers(group: &AutoScalingGroup) -> DeployedState {
    let serves = group.instances.iter().any(|instance| instance.lifecycle_state == "InService");
    match (is_wanted(group), serves) {
        (true, true) => DeployedState::Serving,
        (true, false) => DeployedState::Starting,
        (false, _) if group.instances.is_empty() => DeployedState::Empty,
        (false, _) => DeployedState::Draining,
    }
}

/// By the states of its attachments. AWS lists one that is detached until it has drained.
fn with_balancers(group: &AutoScalingGroup, attachments: &[String]) -> DeployedState {
    let has = |state: &str| attachments.iter().any(|found| found == state);
    if has("Removing") {
        DeployedState::Draining
    } else if attachments.iter().all(|state| state == "Removed") {
        DeployedState::Detached
    } else if has("InService") {
        DeployedState::Serving
    } else if is_wanted(group) {
        DeployedState::Starting
    } else {
        DeployedState::Empty
    }
}

fn is_wanted(group: &AutoScalingGroup) -> bool {
    group.capacity.desired > 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::{Capacity, Instance};

    fn group(desired: u32, lifecycle_states: &[&str]) -> AutoScalingGroup {
        let instance = |state: &&str| Instance {
            id: "i-1".into(),
            lifecycle_state: (*state).into(),
            health_status: "Healthy".into(),
        };
        AutoScalingGroup {
            name: "web".into(),
            arn: "arn".into(),
            created_time: chrono::DateTime::UNIX_EPOCH,
            tags: crate::cloud::Tags::new(),
            capacity: Capacity { min_size: 0, desired, max_size: 5 },
            status: None,
            az_rebalance_suspended: false,
            launch_template: None,
            launch_template_version: None,
            health_check_grace_period_seconds: None,
            launch_configuration: None,
            load_balancers: Vec::new(),
            target_group_arns: Vec::new(),
            health_check_type: HealthCheckType::Elb,
            instances: lifecycle_states.iter().map(instance).collect(),
        }
    }

    fn attached(states: &[&str]) -> DeployedState {
        let states: Vec<_> = states.iter().map(|state| (*state).to_owned()).collect();
        with_balancers(&group(2, &["InService"]), &states)
    }

    #[test]
    fn attachments_decide() {
        assert_eq!(attached(&["InService", "InService"]), DeployedState::Serving);
        assert_eq!(attached(&["Added", "InService"]), DeployedState::Serving);
        assert_eq!(attached(&["Adding"]), DeployedState::Starting);
        assert_eq!(attached(&["InService", "Removing"]), DeployedState::Draining);
        assert_eq!(attached(&["Removed"]), DeployedState::Detached);
        assert_eq!(attached(&[]), DeployedState::Detached);
        assert_eq!(with_balancers(&group(0, &[]), &["Added".to_owned()]), DeployedState::Empty);
    }

    #[test]
    fn group_without_balancers_serves_with_its_instances() {
        assert_eq!(without_balancers(&group(1, &["Pending", "InService"])), DeployedState::Serving);
        assert_eq!(without_balancers(&group(1, &["Pending"])), DeployedState::Starting);
        assert_eq!(without_balancers(&group(0, &["Terminating:Wait"])), DeployedState::Draining);
        assert_eq!(without_balancers(&group(0, &[])), DeployedState::Empty);
    }
}
