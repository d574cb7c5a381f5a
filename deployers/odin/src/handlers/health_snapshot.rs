//! Looks at the health of a release's groups.

use crate::capacity::Target;
use crate::cloud::{AutoScalingGroup, OdinPorts};
use crate::concurrently::each;
use crate::groups::Groups;
use crate::health::{BalancerView, Health};
use crate::names::group_name;
use crate::release::{OdinRelease, Service, ServiceName};
use bifrost::cloud::CloudError;
use tokio::join;

/// A service of the release, as it is now.
pub(super) struct ServiceHealth<'a> {
    pub(super) name: &'a ServiceName,
    pub(super) service: &'a Service,
    pub(super) group: &'a AutoScalingGroup,
    pub(super) target: Target,
    pub(super) health: Health,
}

/// A service could not be looked at.
#[derive(Debug, thiserror::Error)]
pub(super) enum HealthError {
    /// Somebody deleted its group.
    #[error("service {service}: its group {group} is gone: somebody else deleted it")]
    Gone { service: ServiceName, group: String },
    /// A call failed.
    #[error("service {service}: {error}")]
    Cloud { service: ServiceName, error: Box<CloudError> },
}

/// What the balancers of a service say, or why they do not.
type Views = Result<Vec<BalancerView>, CloudError>;

/// What AWS says of a release, all of it asked for at the same time: the groups of its project and config, and what each
/// service's balancers say of their instances.
pub(super) struct HealthSnapshot<'a> {
    pub(super) groups: Groups<'a>,
    release: &'a OdinRelease,
    services: Vec<(&'a ServiceName, &'a Service, Views)>,
}

impl<'a> HealthSnapshot<'a> {
    pub(super) async fn of(ports: &OdinPorts, release: &'a OdinRelease) -> Result<Self, CloudError> {
        let services = each(&release.fields.services, async |(name, service): (&'a ServiceName, &'a Service)| {
            (name, service, views(ports, service).await)
        });
        let (groups, services) = join!(Groups::find(ports, &release.envelope), services);
        Ok(Self { groups: groups?, release, services })
    }

    /// Looks at every service.
    pub(super) fn looks(&self) -> Result<Vec<ServiceHealth<'_>>, HealthError> {
        let looks = self.services.iter().map(|(name, service, views)| {
            let group_name = group_name(&self.release.envelope, name);
            let Some(group) = self.groups.own_named(&group_name) else {
                return Err(HealthError::Gone { service: (*name).clone(), group: group_name });
            };
            let cloud =
                |error: &CloudError| HealthError::Cloud { service: (*name).clone(), error: Box::new(error.clone()) };
            let health = Health::of(group, views.as_ref().map_err(cloud)?);
            let target = Target::new(&service.autoscaling, service.previous_desired_capacity);
            Ok(ServiceHealth { name, service, group, target, health })
        });
        looks.collect()
    }
}

/// What each of the service's balancers says, attached or not.
pub(super) async fn views(ports: &OdinPorts, service: &Service) -> Views {
    let resources = service.resources.clone().unwrap_or_default();
    let classic = each(resources.elbs, async |name: String| {
        Ok(BalancerView::classic(ports.balancers.instance_health(&name).await?))
    });
    let targets = each(resources.target_group_arns, async |arn: String| {
        Ok(BalancerView::target_group(ports.target_groups.target_health(&arn).await?))
    });
    let (classic, targets) = join!(classic, targets);
    classic.into_iter().chain(targets).collect()
}

/// Why the groups that a release replaces are kept, if services have not enough healthy instances to do without them.
///
/// An instance may die between the look that called the release healthy and the end of the old groups.
pub(super) fn below_capacity(looks: &[ServiceHealth<'_>]) -> Option<String> {
    let weak: Vec<_> = looks
        .iter()
        .filter(|look| !look.health.is_enough(&look.target))
        .map(|look| {
            format!("{} has {} healthy instances of {}", look.name, look.health.seen.healthy, look.target.enough)
        })
        .collect();
    (!weak.is_empty()).then(|| format!("the old groups are kept until the new ones are healthy: {}", weak.join(", ")))
}
