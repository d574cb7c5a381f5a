//! How far a deploy is between two states: for those who look on, not for the state machine.

use super::look::look;
use crate::capacity::Target;
use crate::cloud::{AutoScalingGroup, OdinPorts};
use crate::deployer::dots;
use crate::groups::{Groups, service_name};
use crate::health::Health;
use crate::release::OdinRelease;
use bifrost::Progress;
use bifrost::cloud::CloudError;

/// Each service as it is now: first those of the release, then the groups that they replace.
///
/// # Errors
/// Whatever AWS answers.
pub(crate) async fn watch(ports: &OdinPorts, release: &OdinRelease) -> Result<Vec<Progress>, CloudError> {
    let groups = Groups::find(ports, &release.envelope).await?;
    let mut services = Vec::new();
    for (name, service) in &release.fields.services {
        let is_of_service = |group: &&AutoScalingGroup| service_name(&group.tags) == Some(name.as_str());
        match (groups.own_or_going().find(is_of_service), &service.healthy_report) {
            (Some(group), _) if group.status.is_some() => services.push(going(name.to_string(), group)),
            (Some(group), _) => {
                let target = Target::new(&service.autoscaling, service.previous_desired_capacity);
                let report = look(ports, service, group).await?.report(&target);
                services.push(dots(name.to_string(), &report));
            }
            // Nothing was made yet.
            (None, Some(report)) if groups.since().is_none() => services.push(dots(name.to_string(), report)),
            (None, _) => {}
        }
    }
    services.extend(groups.earlier_or_going().map(|group| {
        let name = format!("{} (old)", service_name(&group.tags).unwrap_or_default());
        going(name, group)
    }));
    Ok(services)
}

/// A group that goes, or soon will, by what Auto Scaling says alone: its balancers let go of it.
fn going(name: String, group: &AutoScalingGroup) -> Progress {
    let Health { seen, terminating } = Health::of(group, &[]);
    let terminating = u32::try_from(terminating.len()).unwrap_or(u32::MAX);
    Progress {
        name,
        waiting: 0,
        starting: seen.instances.saturating_sub(seen.healthy).saturating_sub(terminating),
        healthy: seen.healthy,
        terminating,
        enough: 0,
    }
}
