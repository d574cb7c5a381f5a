//! Reads the health of a release's groups.

use crate::capacity::Target;
use crate::cloud::{AutoScalingGroup, OdinPorts};
use crate::concurrently::each;
use crate::errors::{BelowCapacity, GroupDeleted, HealthError, ServiceBelowCapacity, ServiceError};
use crate::groups::Groups;
use crate::health::{BalancerView, Health};
use crate::names::group_name;
use crate::release::{OdinRelease, Service, ServiceName};
use bifrost::cloud::CloudError;
use tokio::join;

/// A service of the release, with its group and its health now.
pub(super) struct ServiceHealth<'a> {
    pub(super) name: &'a ServiceName,
    pub(super) service: &'a Service,
    pub(super) group: &'a AutoScalingGroup,
    pub(super) target: Target,
    pub(super) health: Health,
}

/// What the balancers of a service report.
type Views = Result<Vec<BalancerView>, CloudError>;

/// The groups of a release's project and config, and what the balancers of its services report. All calls are made at
/// the same time.
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

    /// The health of every service.
    ///
    /// # Errors
    /// If a group does not exist, or a balancer did not answer.
    pub(super) fn services(&self) -> Result<Vec<ServiceHealth<'_>>, HealthError> {
        let services = self.services.iter().map(|(name, service, views)| {
            let group_name = group_name(&self.release.envelope, name);
            let Some(group) = self.groups.own_named(&group_name) else {
                return Err(GroupDeleted { service: (*name).clone(), group: group_name }.into());
            };
            let views = views.as_ref().map_err(|error| ServiceError::new(name, error.clone()))?;
            let health = Health::of(group, views);
            let target = Target::new(&service.autoscaling, service.previous_desired_capacity);
            Ok(ServiceHealth { name, service, group, target, health })
        });
        services.collect()
    }
}

/// What each balancer of the service reports, whether the group is attached to it or not.
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

/// Checks that the new groups have enough healthy instances to serve without the old ones.
///
/// # Errors
/// The services with too few.
pub(super) fn check_capacity(services: &[ServiceHealth<'_>]) -> Result<(), BelowCapacity> {
    let below = services.iter().filter(|service| !service.health.is_enough(&service.target));
    let below: Vec<_> = below
        .map(|ServiceHealth { name, health, target, .. }| ServiceBelowCapacity {
            service: (*name).clone(),
            healthy: health.seen.healthy,
            required: target.enough,
        })
        .collect();
    if below.is_empty() { Ok(()) } else { Err(BelowCapacity(below)) }
}
