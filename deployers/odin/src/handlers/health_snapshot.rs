//! Reads the health of a release's groups, and sets their sizes.

use crate::capacity::{Size, Target};
use crate::cloud::{AutoScalingGroup, Capacity, GroupUpdate, OdinPorts};
use crate::concurrently::{each, try_each};
use crate::errors::{BelowCapacity, GroupDeleted, HealthError, ServiceBelowCapacity, ServiceError};
use crate::groups::{Groups, desired_tag, kept_desired, service_name};
use crate::health::{BalancerView, Health};
use crate::names::{DESIRED_CAPACITY, group_name};
use crate::release::{OdinRelease, Service, ServiceName};
use bifrost::cloud::{Attempt, CloudError, ErrorKind};
use bifrost::lifecycle::Proof;
use tokio::join;

/// A service of the release, with its group and its health now.
pub(super) struct ServiceHealth<'a> {
    pub(super) name: &'a ServiceName,
    pub(super) service: &'a Service,
    pub(super) group: &'a AutoScalingGroup,
    pub(super) target: Target,
    pub(super) health: Health,
    /// Desired capacity of the group that it replaces: the larger of the one that `ValidateResources` read and the one now.
    pub(super) replaced_desired: Option<u32>,
}

impl ServiceHealth<'_> {
    /// The largest sizes that Odin set so far, with those that the strategy wants now: an attempt that set these may have been
    /// lost before it recorded them.
    pub(super) fn set_sizes(&self) -> Size {
        let wanted = self.service.autoscaling.strategy.wanted(&self.target, &self.health.seen);
        let report = self.service.healthy_report.as_ref();
        Size {
            min: wanted.min.max(report.and_then(|report| report.min_size).unwrap_or_default()),
            desired: wanted.desired.max(report.and_then(|report| report.desired_capacity).unwrap_or_default()),
        }
    }

    /// The sizes that the group gets at this moment of the deploy.
    pub(super) fn capacity(&self, at: Moment<'_>) -> Capacity {
        let (seen, group_max) = (self.health.seen.size, self.group.capacity.max_size);
        let (size, max_size) = match at {
            Moment::Rollout => (self.service.autoscaling.strategy.step(&self.target, &self.health.seen), group_max),
            Moment::Switch => {
                (Size { min: seen.min, desired: seen.desired.max(self.target.desired.min(group_max)) }, group_max)
            }
            Moment::End(attempt) if self.is_settled(attempt) => return self.group.capacity,
            Moment::End(_) => {
                let recorded = self.service.healthy_report.as_ref().and_then(|report| report.desired_capacity);
                (self.target.final_size(seen.desired, recorded.unwrap_or(u32::MAX)), self.target.max_size)
            }
        };
        Capacity { min_size: size.min, desired: size.desired, max_size }
    }

    /// Whether an earlier attempt set the final sizes. From then on the group's own policies change them, and `AZRebalance`, which is
    /// resumed last, is not suspended any more.
    pub(super) fn is_settled(&self, attempt: &Attempt) -> bool {
        attempt.retry_count > 0 && !self.group.az_rebalance_suspended
    }

    /// The grace period that the group gets at this moment of the deploy; `None` if it keeps the one that it has.
    fn new_grace_period_seconds(&self, at: Moment<'_>) -> Option<u32> {
        let new = match at {
            Moment::Rollout | Moment::Switch => None,
            Moment::End(_) => self.service.autoscaling.grace_period_after_success_seconds(),
        };
        new.filter(|_| new != self.group.health_check_grace_period_seconds)
    }

    /// The service, and the desired capacity of the group that it replaces.
    pub(super) fn replaced(&self) -> (ServiceName, Option<u32>) {
        (self.name.clone(), self.replaced_desired)
    }
}

/// When a group is resized.
#[derive(Clone, Copy)]
pub(super) enum Moment<'a> {
    /// While its instances are launched, in the steps of its strategy. It never shrinks.
    Rollout,
    /// When it replaces the old group, which may have grown since `CheckHealthy`.
    Switch,
    /// After success, in this attempt of `CleanUpSuccess`.
    End(&'a Attempt),
}

/// Sets the sizes of the new groups, and in the end their grace period.
pub(super) async fn resize(
    ports: &OdinPorts,
    proof: &Proof,
    services: &[ServiceHealth<'_>],
    at: Moment<'_>,
) -> Result<(), Vec<CloudError>> {
    let resized = try_each(services, async |service: &ServiceHealth<'_>| resize_one(ports, proof, service, at).await);
    resized.await.map(drop)
}

/// As [`resize`], for one service.
pub(super) async fn resize_one(
    ports: &OdinPorts,
    proof: &Proof,
    service: &ServiceHealth<'_>,
    at: Moment<'_>,
) -> Result<(), CloudError> {
    let (capacity, grace) = (service.capacity(at), service.new_grace_period_seconds(at));
    if capacity == service.group.capacity && grace.is_none() {
        return Ok(());
    }
    let update = GroupUpdate { capacity, health_check_grace_period_seconds: grace };
    ports.groups.update_group(proof, &service.group.name, update).await
}

/// Prepares the end of the old groups, which may have grown since `CheckHealthy`: the new groups grow with them, and what the
/// old ones had is kept as a tag, as a later attempt could not read it any more. Then checks that the new groups can replace
/// them.
///
/// # Errors
/// The services with too few healthy instances, unless there is nothing to replace.
pub(super) async fn prepare_switch(
    ports: &OdinPorts,
    proof: &Proof,
    groups: &Groups<'_>,
    services: &[ServiceHealth<'_>],
) -> Result<Result<(), BelowCapacity>, Vec<CloudError>> {
    if groups.earlier().next().is_none() {
        return Ok(Ok(()));
    }
    resize(ports, proof, services, Moment::Switch).await?;
    let grown = groups.earlier().filter(|group| {
        let of_group = |service: &&ServiceHealth<'_>| service_name(&group.tags) == Some(service.name.as_str());
        let known = services.iter().find(of_group).and_then(|service| service.service.previous_desired_capacity);
        Some(group.capacity.desired) > known.max(kept_desired(group, groups.release()))
    });
    try_each(grown, async |group: &AutoScalingGroup| {
        let desired = desired_tag(group.capacity.desired, groups.release());
        keep(ports, proof, group, DESIRED_CAPACITY, &desired).await.map(drop)
    })
    .await?;
    Ok(check_capacity(services))
}

/// Keeps a value for a later task as a tag of a group. Returns whether it was kept: a group that has as many tags as AWS allows
/// takes no more, which must not end a deploy that is healthy.
pub(super) async fn keep(
    ports: &OdinPorts,
    proof: &Proof,
    group: &AutoScalingGroup,
    key: &str,
    value: &str,
) -> Result<bool, CloudError> {
    match ports.groups.tag_group(proof, &group.name, key, value).await {
        Err(error) if matches!(error.kind, ErrorKind::Invalid | ErrorKind::Conflict | ErrorKind::NotFound) => Ok(false),
        tagged => tagged.map(|()| true),
    }
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
        let (groups, services) = join!(Groups::find(ports, &release.envelope), all_views(ports, release));
        Ok(Self { groups: groups?, release, services })
    }

    /// With groups that were found before.
    pub(super) async fn of_groups(ports: &OdinPorts, release: &'a OdinRelease, groups: Groups<'a>) -> Self {
        Self { groups, release, services: all_views(ports, release).await }
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
            let replaced_desired = service.previous_desired_capacity.max(self.groups.desired_of_earlier(name));
            let target = Target::new(&service.autoscaling, replaced_desired);
            Ok(ServiceHealth { name, service, group, target, health, replaced_desired })
        });
        services.collect()
    }
}

/// What the balancers of each service report.
async fn all_views<'a>(ports: &OdinPorts, release: &'a OdinRelease) -> Vec<(&'a ServiceName, &'a Service, Views)> {
    let views = each(&release.fields.services, async |(name, service): (&'a ServiceName, &'a Service)| {
        (name, service, views(ports, service).await)
    });
    views.await
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
fn check_capacity(services: &[ServiceHealth<'_>]) -> Result<(), BelowCapacity> {
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
