//! The states `CleanUpSuccess` and `CleanUpFailure`.

use super::create::find_placement_groups;
use super::health_snapshot::{HealthSnapshot, ServiceHealth, check_capacity};
use super::{Context, proof_of_own};
use crate::cloud::{AutoScalingGroup, Capacity, LaunchTemplate, OdinPorts, PlacementGroup, Tags};
use crate::concurrently::try_each;
use crate::errors::{CleanUpError, CleanUpFailure};
use crate::groups::{Groups, find_templates, is_own, release_id};
use crate::release::{OdinFields, OdinRelease, ResourceName};
use bifrost::cloud::{CloudError, found};
use bifrost::lifecycle::{Finish, Proof};
use bifrost::release::Envelope;
use std::collections::{BTreeMap, BTreeSet};
use tokio::join;

/// Sets the final sizes of the new groups, and deletes the old groups. Then the framework gives the lock back.
///
/// Safe to repeat, however late: the framework lets nothing change without the lock, and what is deleted is older than this
/// release's own groups.
///
/// # Errors
/// [`CleanUpFailure`]. The old groups are kept while the new ones have too few healthy instances.
pub async fn clean_up_success(context: &Context, release: OdinRelease) -> Result<Finish<OdinFields>, CleanUpFailure> {
    let ports = context.target(&release.envelope).await?;
    let (snapshot, templates) = join!(HealthSnapshot::of(&ports, &release), find_templates(&ports, &release.envelope));
    let mut snapshot = snapshot?;
    let proof = context.lock_proof(&release.envelope).await?;
    let (resized, alarms) =
        join!(reset_capacity(&ports, &proof, &snapshot), alarms_of_earlier(&ports, &snapshot.groups));
    if resized? == CapacityCheck::Unknown {
        snapshot = HealthSnapshot::of(&ports, &release).await?;
    }
    delete_earlier(&ports, &proof, &snapshot, &alarms?).await?;
    delete_launch_settings(&ports, &proof, &release, &snapshot.groups, templates).await?;
    Ok(Finish::Success(release))
}

/// Whether the new groups still have enough healthy instances after they were resized.
#[derive(PartialEq)]
enum CapacityCheck {
    Enough,
    /// It depends on which of the surplus instances Auto Scaling terminates.
    Unknown,
}

/// Sets the final sizes, which may terminate instances that were launched as spares.
async fn reset_capacity(
    ports: &OdinPorts,
    proof: &Proof,
    snapshot: &HealthSnapshot<'_>,
) -> Result<CapacityCheck, CleanUpFailure> {
    let services = snapshot.services()?;
    check_new_groups(&snapshot.groups, &services)?;
    try_each(&services, async |service: &ServiceHealth<'_>| {
        let size = service.target.final_size();
        if size == service.health.seen.size {
            return Ok(());
        }
        let capacity = Capacity { min_size: size.min, desired: size.desired, max_size: service.target.max_size };
        ports.groups.set_capacity(proof, &service.group.name, capacity).await
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
    proof: &Proof,
    snapshot: &HealthSnapshot<'_>,
    alarms: &BTreeMap<String, Vec<String>>,
) -> Result<(), CleanUpFailure> {
    let earlier: Vec<_> = snapshot.groups.earlier().collect();
    if !earlier.is_empty() {
        check_new_groups(&snapshot.groups, &snapshot.services()?)?;
    }
    try_each(earlier, async |group: &AutoScalingGroup| {
        let alarms = alarms.get(&group.name).map_or(&[][..], Vec::as_slice);
        delete_group_and_alarms(ports, proof, &group.name, alarms).await
    })
    .await?;
    Ok(())
}

/// Deletes the launch templates and launch configurations of the replaced groups.
async fn delete_launch_settings(
    ports: &OdinPorts,
    proof: &Proof,
    release: &OdinRelease,
    groups: &Groups<'_>,
    templates: Result<Vec<LaunchTemplate>, CloudError>,
) -> Result<(), Vec<CloudError>> {
    let configurations = launch_configurations(release, groups);
    let templates = templates.map_err(|error| vec![error])?;
    let (configurations, templates) = join!(
        try_each(configurations, async |name: &str| delete_launch_configuration(ports, proof, name).await),
        delete_earlier_templates(ports, proof, release, groups, &templates),
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
    proof: &Proof,
    release: &OdinRelease,
    groups: &Groups<'_>,
    templates: &[LaunchTemplate],
) -> Result<(), Vec<CloudError>> {
    let earlier = templates.iter().filter(|template| {
        let is_of_a_release = release_id(&template.tags).is_some();
        let is_earlier = groups.since().is_some_and(|since| template.create_time < since);
        is_of_a_release && is_earlier && !is_own(&template.tags, &release.envelope)
    });
    try_each(earlier, async |template: &LaunchTemplate| delete_template(ports, proof, template).await).await.map(drop)
}

/// Deletes every resource that this execution created. It finds them by their tags: the attempt of Deploy that created
/// them may have crashed before it recorded them in the release.
///
/// # Errors
/// [`CleanUpFailure::CleanUp`], with everything that was not deleted.
pub async fn clean_up_failure(context: &Context, release: OdinRelease) -> Result<OdinRelease, CleanUpFailure> {
    let ports = context.target(&release.envelope).await?;
    let envelope = &release.envelope;
    let (groups, templates, placement_groups, ownership, lock) = join!(
        Groups::find(&ports, envelope),
        find_templates(&ports, envelope),
        find_placement_groups(&ports, &release),
        context.ownership(envelope),
        context.held_lock_proof(envelope),
    );
    let ownership = ownership?;
    // Groups first: they use the others.
    let own = |tags: &Tags| proof_of_own(&ownership, envelope, tags);
    let groups = delete_own_groups(&ports, own, groups).await;
    let (templates, placement_groups) = join!(
        delete_own_templates(&ports, own, templates),
        delete_own_placement_groups(&ports, lock, envelope, placement_groups),
    );
    let failed: Vec<_> = [groups, templates, placement_groups].into_iter().filter_map(Result::err).flatten().collect();
    if failed.is_empty() { Ok(release) } else { Err(failed.into()) }
}

async fn delete_own_groups(
    ports: &OdinPorts,
    proof: impl Fn(&Tags) -> Option<Proof>,
    found: Result<Groups<'_>, CloudError>,
) -> Result<(), Vec<CloudError>> {
    let groups = found.map_err(|error| vec![error])?;
    let own = groups.own().filter_map(|group| Some((group, proof(&group.tags)?)));
    let deleted = try_each(own, async |(group, proof): (&AutoScalingGroup, Proof)| {
        let alarms = alarms_of(ports, group).await?;
        delete_group_and_alarms(ports, &proof, &group.name, &alarms).await
    });
    deleted.await.map(drop)
}

async fn delete_own_templates(
    ports: &OdinPorts,
    proof: impl Fn(&Tags) -> Option<Proof>,
    found: Result<Vec<LaunchTemplate>, CloudError>,
) -> Result<(), Vec<CloudError>> {
    let templates = found.map_err(|error| vec![error])?;
    let own = templates.iter().filter_map(|template| Some((template, proof(&template.tags)?)));
    let deleted = try_each(own, async |(template, proof): (&LaunchTemplate, Proof)| {
        delete_template(ports, &proof, template).await
    });
    deleted.await.map(drop)
}

/// Deletes them only with the lock: a placement group has the name that the release gives it, so the next release may use it by
/// now, without tags of its own. An empty one that is left costs nothing.
async fn delete_own_placement_groups(
    ports: &OdinPorts,
    lock: Result<Option<Proof>, CloudError>,
    envelope: &Envelope,
    found: Result<BTreeMap<ResourceName, Option<PlacementGroup>>, CloudError>,
) -> Result<(), Vec<CloudError>> {
    let groups = found.map_err(|error| vec![error])?;
    let is_own = |group: &PlacementGroup| is_own(&group.tags, envelope);
    let own: Vec<_> =
        groups.iter().filter(|(_, group)| group.as_ref().is_some_and(is_own)).map(|(name, _)| name).collect();
    if own.is_empty() {
        return Ok(());
    }
    let Some(proof) = lock.map_err(|error| vec![error])? else { return Ok(()) };
    let deleted = try_each(own, async |name: &ResourceName| {
        ignore_not_found(ports.compute.delete_placement_group(&proof, name.as_str()).await)
    });
    deleted.await.map(drop)
}

/// The alarms of a group's policies; none if the group does not exist any more.
async fn alarms_of(ports: &OdinPorts, group: &AutoScalingGroup) -> Result<Vec<String>, CloudError> {
    Ok(found(ports.groups.policy_alarms(&group.name).await)?.unwrap_or_default())
}

/// Deletes a group with its instances, policies and alarms. The group exists, with a status, until its instances are
/// terminated.
///
/// Auto Scaling, too, deletes the alarms that only this group's policies use: none is left over if that request alone
/// fails.
async fn delete_group_and_alarms(
    ports: &OdinPorts,
    proof: &Proof,
    name: &str,
    alarms: &[String],
) -> Result<(), CloudError> {
    let (alarms, group) = join!(ports.alarms.delete_all(proof, alarms), ports.groups.delete_group(proof, name));
    alarms.and(ignore_not_found(group))
}

async fn delete_template(ports: &OdinPorts, proof: &Proof, template: &LaunchTemplate) -> Result<(), CloudError> {
    ignore_not_found(ports.templates.delete_launch_template(proof, &template.name).await)
}

async fn delete_launch_configuration(ports: &OdinPorts, proof: &Proof, name: &str) -> Result<(), CloudError> {
    ignore_not_found(ports.groups.delete_launch_configuration(proof, name).await)
}

/// A resource that does not exist any more needs no deletion.
pub(super) fn ignore_not_found(outcome: Result<(), CloudError>) -> Result<(), CloudError> {
    found(outcome).map(drop)
}
