//! Looks up every resource that a release names, each once.

use crate::cloud::{
    AlarmState, Filter, Image, InstanceProfile, InstanceType, LoadBalancer, OdinPorts, PlacementGroup, Role,
    SecurityGroup, Subnet, TargetGroup,
};
use crate::concurrently::each;
use crate::handlers::alarm_states;
use crate::release::{OdinRelease, ResourceName, Service};
use bifrost::cloud::CloudError;
use std::collections::{BTreeMap, BTreeSet};
use tokio::try_join;

/// What was found by each name, if anything.
pub(super) type ByName<T> = BTreeMap<ResourceName, Option<T>>;

/// The resources that a release names, as AWS has them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    pub(super) images: Vec<Image>,
    pub(super) subnets: Vec<Subnet>,
    pub(super) security_groups: Vec<SecurityGroup>,
    pub(super) load_balancers: ByName<LoadBalancer>,
    pub(super) target_groups: ByName<TargetGroup>,
    pub(super) profiles: ByName<InstanceProfile>,
    pub(super) placement_groups: ByName<PlacementGroup>,
    pub(super) instance_types: BTreeMap<String, InstanceType>,
    pub(super) roles: ByName<Role>,
    /// ARNs of topics.
    pub(super) topics: ByName<String>,
    /// Of the alarms that the release names.
    pub(super) alarms: Vec<AlarmState>,
}

impl Found {
    /// The availability zones of these subnets.
    pub(super) fn zones(&self, subnets: &[String]) -> BTreeSet<&str> {
        let subnets = self.subnets.iter().filter(|subnet| subnets.contains(&subnet.id));
        subnets.filter_map(|subnet| subnet.availability_zone.as_deref()).collect()
    }

    /// Notes about services that can be deployed, but not as their author may expect.
    #[cfg(feature = "cli")]
    pub(crate) fn notes(&self, release: &OdinRelease) -> Vec<String> {
        let services = release.fields.services.iter();
        let notes = services.filter_map(|(name, service)| {
            let offered = &self.instance_types.get(service.instance_type.as_str())?.zones;
            let zones = self.zones(&service.resources.as_ref()?.subnets);
            let without: Vec<_> = zones.into_iter().filter(|zone| !offered.iter().any(|it| it == zone)).collect();
            (!without.is_empty() && !offered.is_empty()).then(|| {
                let (instance_type, without) = (&service.instance_type, without.join(", "));
                format!("service {name}: EC2 does not offer {instance_type} in {without}, so no instances are launched there")
            })
        });
        notes.collect()
    }
}

/// Looks up every resource that the release names. A missing one is not an error here: [`resolve`](super::resolve)
/// reports it together with all other findings.
///
/// # Errors
/// `CloudError` from AWS.
pub(crate) async fn look_up(ports: &OdinPorts, release: &OdinRelease) -> Result<Found, CloudError> {
    let (shared, per_service) = try_join!(look_up_shared(ports, release), look_up_per_service(ports, release))?;
    Ok(Found {
        images: shared.images,
        subnets: shared.subnets,
        roles: shared.roles,
        topics: shared.topics,
        alarms: shared.alarms,
        ..per_service
    })
}

/// What all services share: image, subnets, alarms, and the roles and topics of hooks.
async fn look_up_shared(ports: &OdinPorts, release: &OdinRelease) -> Result<Found, CloudError> {
    let (compute, fields) = (&ports.compute, &release.fields);
    let images = filters([&fields.ami], "ami-");
    let subnets = filters(&fields.subnets, "subnet-");
    let roles = fields.lifecycle.values().map(|hook| &hook.role);
    let topics = fields.lifecycle.values().map(|hook| &hook.sns);
    let (images, subnets, roles, topics, alarms) = try_join!(
        all(images, async |filter| compute.images(&filter).await),
        all(subnets, async |filter| compute.subnets(&filter).await),
        by_name(roles, async |name| ports.iam.role(name).await),
        by_name(topics, async |name| ports.topics.topic_arn(name).await),
        alarm_states(ports, release),
    )?;
    Ok(Found { images: images.concat(), subnets: subnets.concat(), roles, topics, alarms, ..Found::default() })
}

async fn look_up_per_service(ports: &OdinPorts, release: &OdinRelease) -> Result<Found, CloudError> {
    let services = || release.fields.services.values();
    let names = |of: fn(&Service) -> &[ResourceName]| services().flat_map(of);
    let groups = filters(names(|service| &service.security_groups), "");
    let types: BTreeSet<_> = services().map(|service| service.instance_type.to_string()).collect();
    let types: Vec<_> = types.into_iter().collect();
    let (security_groups, load_balancers, target_groups, profiles, placement_groups, instance_types) = try_join!(
        all(groups, async |filter| ports.compute.security_groups(&filter).await),
        by_name(names(|service| &service.elbs), async |name| ports.balancers.load_balancer(name).await),
        by_name(names(|service| &service.target_groups), async |name| ports.target_groups.target_group(name).await),
        by_name(names(|service| service.profile.as_slice()), async |name| ports.iam.instance_profile(name).await),
        by_name(names(|service| service.placement_group_name.as_slice()), async |name| {
            ports.compute.placement_group(name).await
        }),
        ports.compute.instance_types(&types),
    )?;
    Ok(Found {
        security_groups: security_groups.concat(),
        load_balancers,
        target_groups,
        profiles,
        placement_groups,
        instance_types,
        ..Found::default()
    })
}

/// At most two filters: one for the names that are ids, one for the name tags.
fn filters<'a>(names: impl IntoIterator<Item = &'a ResourceName>, id_prefix: &str) -> Vec<Filter> {
    let names: BTreeSet<_> = names.into_iter().map(ToString::to_string).collect();
    let (ids, names): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| is_id(name, id_prefix));
    let filters = [(ids, Filter::Ids as fn(_) -> _), (names, Filter::Names)];
    filters.into_iter().filter(|(names, _)| !names.is_empty()).map(|(names, filter)| filter(names)).collect()
}

/// Whether a name is an id. The prefix is empty for resources that a release cannot name by id.
pub(super) fn is_id(name: &str, prefix: &str) -> bool {
    !prefix.is_empty() && name.starts_with(prefix)
}

async fn by_name<'a, T>(
    names: impl IntoIterator<Item = &'a ResourceName>,
    find: impl AsyncFn(&str) -> Result<Option<T>, CloudError>,
) -> Result<ByName<T>, CloudError> {
    let names: BTreeSet<_> = names.into_iter().collect();
    let found = all(names, async |name: &ResourceName| Ok((name.clone(), find(name.as_str()).await?)));
    Ok(found.await?.into_iter().collect())
}

/// All results, or the first error: the others are most likely the same.
async fn all<I, T>(
    items: impl IntoIterator<Item = I>,
    look_up: impl AsyncFn(I) -> Result<T, CloudError>,
) -> Result<Vec<T>, CloudError> {
    each(items, look_up).await.into_iter().collect()
}
