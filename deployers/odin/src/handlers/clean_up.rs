//! The states `CleanUpSuccess`, `CleanUpFailure` and `ReleaseLockFailure`.

use super::Context;
use super::create::find_placement_groups;
use super::health_snapshot::{HealthError, HealthSnapshot, ServiceHealth, below_capacity};
use crate::cloud::{AutoScalingGroup, Capacity, LaunchTemplate, OdinPorts, PlacementGroup};
use crate::concurrently::try_each;
use crate::errors::CleanUpFailure;
use crate::groups::{Groups, find_templates, is_own, release_id};
use crate::release::{OdinRelease, ResourceName};
use bifrost::cloud::CloudError;
use bifrost::lifecycle::{finish, holds_lock, owns_halt_flag};
use bifrost::lock::LockFailure;
use bifrost::release::Envelope;
use std::collections::{BTreeMap, BTreeSet};
use tokio::join;

/// Gives the new groups their final sizes, removes the old ones, and frees the lock.
///
/// A second run does no harm, however late: it touches nothing that came after this release's own groups, and sizes only
/// while the lock is held.
///
/// # Errors
/// [`CleanUpFailure`]. The old groups are kept while the new ones have not enough healthy instances.
pub async fn clean_up_success(context: &Context, mut release: OdinRelease) -> Result<OdinRelease, CleanUpFailure> {
    let ports = context.target(&release.envelope).await?;
    let (holds_lock, sight, templates) = join!(
        holds_lock(context, &release.envelope),
        HealthSnapshot::of(&ports, &release),
        find_templates(&ports, &release.envelope),
    );
    let (holds_lock, mut sight) = (holds_lock?, sight?);
    let (resized, alarms) = join!(reset_capacity(&ports, &sight, holds_lock), alarms_of_earlier(&ports, &sight.groups));
    if resized? == CapacityCheck::Unknown {
        sight = HealthSnapshot::of(&ports, &release).await?;
    }
    remove_earlier(&ports, &sight, &alarms?).await?;
    let leftovers = remove_leftovers(&ports, &release, &sight.groups, templates);
    let (removed, flag) = join!(leftovers, owns_halt_flag(context, &release.envelope));
    removed?;
    finish(context, &release.envelope, flag?).await?;
    release.envelope.success = Some(true);
    Ok(release)
}

/// Whether the new groups have enough healthy instances still.
#[derive(PartialEq)]
enum CapacityCheck {
    /// They do.
    Known,
    /// It depends on which instances go now that there are too many.
    Unknown,
}

/// Takes back what was launched beyond the desired capacity, while the lock is held.
async fn reset_capacity(
    ports: &OdinPorts,
    sight: &HealthSnapshot<'_>,
    holds_lock: bool,
) -> Result<CapacityCheck, CleanUpFailure> {
    if !holds_lock {
        return Ok(CapacityCheck::Known);
    }
    let looks = sight.looks()?;
    check_strong(&sight.groups, &looks)?;
    try_each(&looks, async |look: &ServiceHealth<'_>| {
        let size = look.target.final_size();
        if size == look.health.seen.size {
            return Ok(());
        }
        let capacity = Capacity { min_size: size.min, desired: size.desired, max_size: look.target.max_size };
        ports.groups.set_capacity(&look.group.name, capacity).await
    })
    .await?;
    Ok(if looks.iter().all(|look| look.health.is_enough_at_final_size(&look.target)) {
        CapacityCheck::Known
    } else {
        CapacityCheck::Unknown
    })
}

/// Refuses to shrink the new groups, or to remove the old ones, while the new have not enough healthy instances.
fn check_strong(groups: &Groups<'_>, looks: &[ServiceHealth<'_>]) -> Result<(), CleanUpFailure> {
    match below_capacity(looks) {
        Some(weak) if groups.earlier().next().is_some() => Err(CleanUpFailure::CleanUp(weak)),
        _ => Ok(()),
    }
}

/// The alarms of each group that is replaced, by the group's name.
async fn alarms_of_earlier(
    ports: &OdinPorts,
    groups: &Groups<'_>,
) -> Result<BTreeMap<String, Vec<String>>, Vec<CloudError>> {
    let alarms = try_each(groups.earlier(), async |group: &AutoScalingGroup| {
        Ok((group.name.clone(), alarms_of(ports, group).await?))
    });
    Ok(alarms.await?.into_iter().collect())
}

/// Removes the groups that this release replaced.
async fn remove_earlier(
    ports: &OdinPorts,
    sight: &HealthSnapshot<'_>,
    alarms: &BTreeMap<String, Vec<String>>,
) -> Result<(), CleanUpFailure> {
    let earlier: Vec<_> = sight.groups.earlier().collect();
    if !earlier.is_empty() {
        check_strong(&sight.groups, &sight.looks()?)?;
    }
    try_each(earlier, async |group: &AutoScalingGroup| {
        let alarms = alarms.get(&group.name).map_or(&[][..], Vec::as_slice);
        remove_group(ports, &group.name, alarms).await
    })
    .await?;
    Ok(())
}

/// Removes what the replaced groups were made of.
async fn remove_leftovers(
    ports: &OdinPorts,
    release: &OdinRelease,
    groups: &Groups<'_>,
    templates: Result<Vec<LaunchTemplate>, CloudError>,
) -> Result<(), Vec<CloudError>> {
    let configurations = launch_configurations(release, groups);
    let templates = templates.map_err(|error| vec![error])?;
    let (configurations, templates) = join!(
        try_each(configurations, async |name: &str| remove_launch_configuration(ports, name).await),
        remove_earlier_templates(ports, release, groups, &templates),
    );
    configurations?;
    templates
}

/// The launch configurations of replaced groups that an original made. AWS keeps one until its group is quite gone: then only
/// the release still tells of it, and it had the name of its group.
fn launch_configurations<'a>(release: &'a OdinRelease, groups: &'a Groups<'_>) -> BTreeSet<&'a str> {
    let of_groups = groups.earlier_or_going().filter_map(|group| group.launch_configuration.as_deref());
    let replaced =
        release.fields.services.values().filter_map(|service| service.resources.as_ref()?.prev_asg_arn.as_deref());
    of_groups.chain(replaced.filter(|name| !groups.has(name))).collect()
}

/// Removes the launch templates of earlier releases, those of attempts that died before they could included.
async fn remove_earlier_templates(
    ports: &OdinPorts,
    release: &OdinRelease,
    groups: &Groups<'_>,
    templates: &[LaunchTemplate],
) -> Result<(), Vec<CloudError>> {
    let earlier = templates.iter().filter(|template| {
        let made_by_a_release = release_id(&template.tags).is_some();
        let before = groups.since().is_some_and(|since| template.create_time < since);
        made_by_a_release && before && !is_own(&template.tags, &release.envelope)
    });
    try_each(earlier, async |template: &LaunchTemplate| remove_template(ports, template).await).await.map(drop)
}

/// Removes all that this execution made. It is found by its tags: what the release says of itself may have been lost with
/// the attempt that made it.
///
/// # Errors
/// [`CleanUpFailure::CleanUp`]; all is tried, and all that fails is told.
pub async fn clean_up_failure(context: &Context, mut release: OdinRelease) -> Result<OdinRelease, CleanUpFailure> {
    release.envelope.success = Some(false);
    let ports = context.target(&release.envelope).await?;
    let envelope = &release.envelope;
    let (groups, templates, placement_groups) = join!(
        Groups::find(&ports, envelope),
        find_templates(&ports, envelope),
        find_placement_groups(&ports, &release),
    );
    // What groups are made of goes after them.
    let groups = remove_own_groups(&ports, groups).await;
    let (templates, placement_groups) = join!(
        remove_own_templates(&ports, envelope, templates),
        remove_placement_groups(&ports, envelope, placement_groups),
    );
    let failed: Vec<_> = [groups, templates, placement_groups].into_iter().filter_map(Result::err).flatten().collect();
    if failed.is_empty() { Ok(release) } else { Err(failed.into()) }
}

async fn remove_own_groups(ports: &OdinPorts, found: Result<Groups<'_>, CloudError>) -> Result<(), Vec<CloudError>> {
    let groups = found.map_err(|error| vec![error])?;
    let removed = try_each(groups.own(), async |group: &AutoScalingGroup| {
        let alarms = alarms_of(ports, group).await?;
        remove_group(ports, &group.name, &alarms).await
    });
    removed.await.map(drop)
}

async fn remove_own_templates(
    ports: &OdinPorts,
    envelope: &Envelope,
    found: Result<Vec<LaunchTemplate>, CloudError>,
) -> Result<(), Vec<CloudError>> {
    let templates = found.map_err(|error| vec![error])?;
    let own = templates.iter().filter(|template| is_own(&template.tags, envelope));
    try_each(own, async |template: &LaunchTemplate| remove_template(ports, template).await).await.map(drop)
}

async fn remove_placement_groups(
    ports: &OdinPorts,
    envelope: &Envelope,
    found: Result<BTreeMap<ResourceName, Option<PlacementGroup>>, CloudError>,
) -> Result<(), Vec<CloudError>> {
    let groups = found.map_err(|error| vec![error])?;
    let own = groups.values().flatten().filter(|group| is_own(&group.tags, envelope));
    let removed =
        try_each(own, async |group: &PlacementGroup| gone(ports.compute.delete_placement_group(&group.name).await));
    removed.await.map(drop)
}

/// Gives back what is left of this release: its lock.
///
/// # Errors
/// [`LockFailure::Lock`].
pub async fn release_lock_failure(context: &Context, mut release: OdinRelease) -> Result<OdinRelease, LockFailure> {
    release.envelope.success = Some(false);
    let flag = owns_halt_flag(context, &release.envelope).await?;
    finish(context, &release.envelope, flag).await?;
    Ok(release)
}

/// The alarms of a group's policies; none if it is gone already.
async fn alarms_of(ports: &OdinPorts, group: &AutoScalingGroup) -> Result<Vec<String>, CloudError> {
    match ports.groups.policy_alarms(&group.name).await {
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        alarms => alarms,
    }
}

/// Removes a group with its instances and policies, and its alarms. It stays, with a status, until its instances have gone.
///
/// Auto Scaling deletes the alarms that only a group's policies used, too: none is left over if that request alone fails.
async fn remove_group(ports: &OdinPorts, name: &str, alarms: &[String]) -> Result<(), CloudError> {
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
async fn remove_template(ports: &OdinPorts, template: &LaunchTemplate) -> Result<(), CloudError> {
    gone(ports.templates.delete_launch_template(&template.name).await)
}

/// Removes a launch configuration.
async fn remove_launch_configuration(ports: &OdinPorts, name: &str) -> Result<(), CloudError> {
    gone(ports.groups.delete_launch_configuration(name).await)
}

/// What is gone already need not be removed.
pub(super) fn gone(outcome: Result<(), CloudError>) -> Result<(), CloudError> {
    outcome.or_else(|error| if error.is_not_found() { Ok(()) } else { Err(error) })
}

impl From<HealthError> for CleanUpFailure {
    fn from(unseen: HealthError) -> Self {
        Self::CleanUp(unseen.to_string())
    }
}
