//! The states `CleanUpSuccess`, `CleanUpFailure` and `ReleaseLockFailure`.

use super::Context;
use super::create::find_placement_groups;
use super::health_snapshot::{HealthSnapshot, ServiceHealth, check_capacity};
use crate::cloud::{AutoScalingGroup, Capacity, LaunchTemplate, OdinPorts, PlacementGroup};
use crate::concurrently::try_each;
use crate::errors::{CleanUpError, CleanUpFailure};
use crate::groups::{Groups, find_templates, is_own, release_id};
use crate::release::{OdinRelease, ResourceName};
use bifrost::cloud::CloudError;
use bifrost::lifecycle::{finish, holds_lock, owns_halt_flag};
use bifrost::lock::LockFailure;
use bifrost::release::Envelope;
use std::collections::{BTreeMap, BTreeSet};
use tokio::join;

/// Sets the final sizes of the new groups, deletes the old groups, and gives the lock back.
///
/// Safe to repeat, however late: it deletes only what is older than this release's own groups, and resizes only while
/// the lock is held.
///
/// # Errors
/// [`CleanUpFailure`]. The old groups are kept while the new ones have too few healthy instances.
pub async fn clean_up_success(context: &Context, mut release: OdinRelease) -> Result<OdinRelease, CleanUpFailure> {
    let ports = context.target(&release.envelope).await?;
    let (holds_lock, snapshot, templates) = join!(
        holds_lock(context, &release.envelope),
        HealthSnapshot::of(&ports, &release),
        find_templates(&ports, &release.envelope),
    );
    let (holds_lock, mut snapshot) = (holds_lock?, snapshot?);
    let (resized, alarms) =
        join!(reset_capacity(&ports, &snapshot, holds_lock), alarms_of_earlier(&ports, &snapshot.groups));
    if resized? == CapacityCheck::Unknown {
        snapshot = HealthSnapshot::of(&ports, &release).await?;
    }
    delete_earlier(&ports, &snapshot, &alarms?).await?;
    let templates = delete_launch_settings(&ports, &release, &snapshot.groups, templates);
    let (deleted, flag) = join!(templates, owns_halt_flag(context, &release.envelope));
    deleted?;
    finish(context, &release.envelope, flag?).await?;
    release.envelope.success = Some(true);
    Ok(release)
}

/// Whether the new groups still have enough healthy instances after they were resized.
#[derive(PartialEq)]
enum CapacityCheck {
    Enough,
    /// It depends on which of the surplus instances Auto Scaling terminates.
    Unknown,
}

/// Sets the final sizes, which may terminate instances that were launched as spares. Does nothing without the lock.
async fn reset_capacity(
    ports: &OdinPorts,
    snapshot: &HealthSnapshot<'_>,
    holds_lock: bool,
) -> Result<CapacityCheck, CleanUpFailure> {
    if !holds_lock {
        return Ok(CapacityCheck::Enough);
    }
    let services = snapshot.services()?;
    check_new_groups(&snapshot.groups, &services)?;
    try_each(&services, async |service: &ServiceHealth<'_>| {
        let size = service.target.final_size();
        if size == service.health.seen.size {
            return Ok(());
        }
        let capacity = Capacity { min_size: size.min, desired: size.desired, max_size: service.target.max_size };
        ports.groups.set_capacity(&service.group.name, capacity).await
    })
    .await?;
    Ok(if services.iter().all(|service| service.health.is_enough_at_final_size(&service.target)) {
        CapacityCheck::Enough
    } else {
        CapacityCheck::Unknown
    })
}

/// Refuses to shrink the new groups, or to delete the old ones, while the new ones have too few healthy instances.
fn check_new_groups(groups: &Groups<'_>, services: &[ServiceHealth<'_>]) -> Result<(), CleanUpError> {
    if groups.earlier().next().is_none() {
        return Ok(());
    }
    Ok(check_capacity(services)?)
}

/// The alarms of each replaced group, by the group's name.
async fn alarms_of_earlier(
    ports: &OdinPorts,
    groups: &Groups<'_>,
) -> Result<BTreeMap<String, Vec<String>>, Vec<CloudError>> {
    let alarms = try_each(groups.earlier(), async |group: &AutoScalingGroup| {
        Ok((group.name.clone(), alarms_of(ports, group).await?))
    });
    Ok(alarms.await?.into_iter().collect())
}

/// Deletes the groups that this release replaced.
async fn delete_earlier(
    ports: &OdinPorts,
    snapshot: &HealthSnapshot<'_>,
    alarms: &BTreeMap<String, Vec<String>>,
) -> Result<(), CleanUpFailure> {
    let earlier: Vec<_> = snapshot.groups.earlier().collect();
    if !earlier.is_empty() {
        check_new_groups(&snapshot.groups, &snapshot.services()?)?;
    }
    try_each(earlier, async |group: &AutoScalingGroup| {
        let alarms = alarms.get(&group.name).map_or(&[][..], Vec::as_slice);
        delete_group_and_alarms(ports, &group.name, alarms).await
    })
    .await?;
    Ok(())
}

/// Deletes the launch templates and launch configurations of the replaced groups.
async fn delete_launch_settings(
    ports: &OdinPorts,
    release: &OdinRelease,
    groups: &Groups<'_>,
    templates: Result<Vec<LaunchTemplate>, CloudError>,
) -> Result<(), Vec<CloudError>> {
    let configurations = launch_configurations(release, groups);
    let templates = templates.map_err(|error| vec![error])?;
    let (configurations, templates) = join!(
        try_each(configurations, async |name: &str| delete_launch_configuration(ports, name).await),
        delete_earlier_templates(ports, release, groups, &templates),
    );
    configurations?;
    templates
}

/// The launch configurations of replaced groups that Go Odin created. AWS cannot delete one before its group is
/// deleted; after that only the release names it, as it has the name of its group.
fn launch_configurations<'a>(release: &'a OdinRelease, groups: &'a Groups<'_>) -> BTreeSet<&'a str> {
    let of_groups = groups.earlier_or_deleting().filter_map(|group| group.launch_configuration.as_deref());
    let replaced =
        release.fields.services.values().filter_map(|service| service.resources.as_ref()?.prev_asg_arn.as_deref());
    of_groups.chain(replaced.filter(|name| !groups.has(name))).collect()
}

/// Deletes the launch templates of earlier releases, including those of deploys that crashed.
async fn delete_earlier_templates(
    ports: &OdinPorts,
    release: &OdinRelease,
    groups: &Groups<'_>,
    templates: &[LaunchTemplate],
) -> Result<(), Vec<CloudError>> {
    let earlier = templates.iter().filter(|template| {
        let is_of_a_release = release_id(&template.tags).is_some();
        let is_earlier = groups.since().is_some_and(|since| template.create_time < since);
        is_of_a_release && is_earlier && !is_own(&template.tags, &release.envelope)
    });
    try_each(earlier, async |template: &LaunchTemplate| delete_template(ports, template).await).await.map(drop)
}

/// Deletes every resource that this execution created. It finds them by their tags: the attempt of Deploy that created
/// them may have crashed before it recorded them in the release.
///
/// # Errors
/// [`CleanUpFailure::CleanUp`], with everything that was not deleted.
pub async fn clean_up_failure(context: &Context, mut release: OdinRelease) -> Result<OdinRelease, CleanUpFailure> {
    release.envelope.success = Some(false);
    let ports = context.target(&release.envelope).await?;
    let envelope = &release.envelope;
    let (groups, templates, placement_groups) = join!(
        Groups::find(&ports, envelope),
        find_templates(&ports, envelope),
        find_placement_groups(&ports, &release),
    );
    // Groups first: they use the others.
    let groups = delete_own_groups(&ports, groups).await;
    let (templates, placement_groups) = join!(
        delete_own_templates(&ports, envelope, templates),
        delete_placement_groups(&ports, envelope, placement_groups),
    );
    let failed: Vec<_> = [groups, templates, placement_groups].into_iter().filter_map(Result::err).flatten().collect();
    if failed.is_empty() { Ok(release) } else { Err(failed.into()) }
}

async fn delete_own_groups(ports: &OdinPorts, found: Result<Groups<'_>, CloudError>) -> Result<(), Vec<CloudError>> {
    let groups = found.map_err(|error| vec![error])?;
    let deleted = try_each(groups.own(), async |group: &AutoScalingGroup| {
        let alarms = alarms_of(ports, group).await?;
        delete_group_and_alarms(ports, &group.name, &alarms).await
    });
    deleted.await.map(drop)
}

async fn delete_own_templates(
    ports: &OdinPorts,
    envelope: &Envelope,
    found: Result<Vec<LaunchTemplate>, CloudError>,
) -> Result<(), Vec<CloudError>> {
    let templates = found.map_err(|error| vec![error])?;
    let own = templates.iter().filter(|template| is_own(&template.tags, envelope));
    try_each(own, async |template: &LaunchTemplate| delete_template(ports, template).await).await.map(drop)
}

async fn delete_placement_groups(
    ports: &OdinPorts,
    envelope: &Envelope,
    found: Result<BTreeMap<ResourceName, Option<PlacementGroup>>, CloudError>,
) -> Result<(), Vec<CloudError>> {
    let groups = found.map_err(|error| vec![error])?;
    let own = groups.values().flatten().filter(|group| is_own(&group.tags, envelope));
    let deleted = try_each(own, async |group: &PlacementGroup| {
        ignore_not_found(ports.compute.delete_placement_group(&group.name).await)
    });
    deleted.await.map(drop)
}

/// Removes the halt flag and gives the lock back.
///
/// # Errors
/// [`LockFailure::Lock`].
pub async fn release_lock_failure(context: &Context, mut release: OdinRelease) -> Result<OdinRelease, LockFailure> {
    release.envelope.success = Some(false);
    let flag = owns_halt_flag(context, &release.envelope).await?;
    finish(context, &release.envelope, flag).await?;
    Ok(release)
}

/// The alarms of a group's policies; none if the group does not exist any more.
async fn alarms_of(ports: &OdinPorts, group: &AutoScalingGroup) -> Result<Vec<String>, CloudError> {
    match ports.groups.policy_alarms(&group.name).await {
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        alarms => alarms,
    }
}

/// Deletes a group with its instances, policies and alarms. The group exists, with a status, until its instances are
/// terminated.
///
/// Auto Scaling, too, deletes the alarms that only this group's policies use: none is left over if that request alone
/// fails.
async fn delete_group_and_alarms(ports: &OdinPorts, name: &str, alarms: &[String]) -> Result<(), CloudError> {
    let delete_alarms = async {
        if alarms.is_empty() {
            return Ok(());
        }
        ports.alarms.delete(alarms).await
    };
    let (alarms, group) = join!(delete_alarms, ports.groups.delete_group(name));
    alarms.and(ignore_not_found(group))
}

async fn delete_template(ports: &OdinPorts, template: &LaunchTemplate) -> Result<(), CloudError> {
    ignore_not_found(ports.templates.delete_launch_template(&template.name).await)
}

async fn delete_launch_configuration(ports: &OdinPorts, name: &str) -> Result<(), CloudError> {
    ignore_not_found(ports.groups.delete_launch_configuration(name).await)
}

/// A resource that does not exist any more needs no deletion.
pub(super) fn ignore_not_found(outcome: Result<(), CloudError>) -> Result<(), CloudError> {
    outcome.or_else(|error| if error.is_not_found() { Ok(()) } else { Err(error) })
}
