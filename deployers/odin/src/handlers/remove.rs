//! Removes groups and what belongs to them.

use crate::cloud::{AutoScalingGroup, LaunchTemplate, OdinPorts};
use bifrost::cloud::CloudError;

/// Removes a group with its instances, policies and alarms. It stays, with a status, until its instances have gone.
///
/// Alarms go first: once the group is gone, nothing tells which they were.
pub(super) async fn remove_group(ports: &OdinPorts, group: &AutoScalingGroup) -> Result<(), CloudError> {
    let alarms = match ports.groups.policy_alarms(&group.name).await {
        Ok(alarms) => alarms,
        Err(error) if error.is_not_found() => return Ok(()),
        Err(error) => return Err(error),
    };
    if !alarms.is_empty() {
        ports.alarms.delete(&alarms).await?;
    }
    gone(ports.groups.delete_group(&group.name).await)
}

/// Removes a launch template.
pub(super) async fn remove_template(ports: &OdinPorts, template: &LaunchTemplate) -> Result<(), CloudError> {
    gone(ports.templates.delete_launch_template(&template.name).await)
}

/// Removes a launch configuration.
pub(super) async fn remove_launch_configuration(ports: &OdinPorts, name: &str) -> Result<(), CloudError> {
    gone(ports.groups.delete_launch_configuration(name).await)
}

/// What is gone already need not be removed.
pub(super) fn gone(outcome: Result<(), CloudError>) -> Result<(), CloudError> {
    outcome.or_else(|error| if error.is_not_found() { Ok(()) } else { Err(error) })
}
