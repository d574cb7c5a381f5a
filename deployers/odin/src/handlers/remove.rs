//! Removes groups and what belongs to them.

use crate::cloud::{AutoScalingGroup, LaunchTemplate, OdinPorts};
use bifrost::cloud::CloudError;
use tokio::join;

/// The alarms of a group's policies; none if it is gone already.
pub(super) async fn alarms_of(ports: &OdinPorts, group: &AutoScalingGroup) -> Result<Vec<String>, CloudError> {
    match ports.groups.policy_alarms(&group.name).await {
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        alarms => alarms,
    }
}

/// Removes a group with its instances and policies, and its alarms. It stays, with a status, until its instances have gone.
///
/// Auto Scaling deletes the alarms that only a group's policies used, too: none is left over if that request alone fails.
pub(super) async fn remove_group(ports: &OdinPorts, name: &str, alarms: &[String]) -> Result<(), CloudError> {
    let delete_alarms = async {
        if alarms.is_empty() {
            return Ok(());
        }
        ports.alarms.delete(alarms).await
    };
    let (alarms, group) = join!(delete_alarms, ports.groups.delete_group(name));
    alarms.and(gone(group))
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
