//! Looks at the health of a release's groups.

use crate::capacity::Target;
use crate::cloud::{AutoScalingGroup, OdinPorts};
use crate::concurrently::each;
use crate::groups::Groups;
use crate::health::{BalancerView, Health};
use crate::names::group_name;
use crate::release::{OdinRelease, Service, ServiceName};
use bifrost::cloud::CloudError;

/// A service of the release, as it is now.
pub(super) struct Look<'a> {
    pub(super) name: &'a ServiceName,
    pub(super) service: &'a Service,
    pub(super) group: &'a AutoScalingGroup,
    pub(super) target: Target,
    pub(super) health: Health,
}

/// A service could not be looked at.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unseen {
    /// Somebody deleted its group.
    #[error("service {service}: its group {group} is gone: somebody else deleted it")]
    Gone { service: ServiceName, group: String },
    /// A call failed.
    #[error("service {service}: {error}")]
    Cloud { service: ServiceName, error: CloudError },
}

/// Looks at every service.
pub(super) async fn look_at_all<'a>(
    ports: &OdinPorts,
    release: &'a OdinRelease,
    groups: &'a Groups<'_>,
) -> Result<Vec<Look<'a>>, Unseen> {
    let looks = each(&release.fields.services, async |(name, service): (&'a ServiceName, &'a Service)| {
        let group_name = group_name(&release.envelope, name);
        let gone = || Unseen::Gone { service: name.clone(), group: group_name.clone() };
        let group = groups.own_named(&group_name).ok_or_else(gone)?;
        let health = look(ports, service, group).await;
        let health = health.map_err(|error| Unseen::Cloud { service: name.clone(), error })?;
        let target = Target::new(&service.autoscaling, service.previous_desired_capacity);
        Ok(Look { name, service, group, target, health })
    });
    looks.await.into_iter().collect()
}

/// What group and balancers say of the service's instances. All of its balancers are asked, attached or not.
pub(super) async fn look(ports: &OdinPorts, service: &Service, group: &AutoScalingGroup) -> Result<Health, CloudError> {
    let resources = service.resources.clone().unwrap_or_default();
    let classic = each(resources.elbs, async |name: String| {
        Ok(BalancerView::classic(ports.balancers.instance_health(&name).await?))
    });
    let targets = each(resources.target_group_arns, async |arn: String| {
        Ok(BalancerView::target_group(ports.target_groups.target_health(&arn).await?))
    });
    let views: Result<Vec<_>, CloudError> = classic.await.into_iter().chain(targets.await).collect();
    Ok(Health::of(group, &views?))
}

/// Whether each service has enough healthy instances to do without the groups that it replaces.
///
/// An instance may die between the look that called the release healthy and the end of the old groups.
pub(super) fn too_weak(looks: &[Look<'_>]) -> Option<String> {
    let weak: Vec<_> = looks
        .iter()
        .filter(|look| !look.health.is_enough(&look.target))
        .map(|look| {
            format!("{} has {} healthy instances of {}", look.name, look.health.seen.healthy, look.target.enough)
        })
        .collect();
    if weak.is_empty() { None } else { Some(weak.join(", ")) }
}
