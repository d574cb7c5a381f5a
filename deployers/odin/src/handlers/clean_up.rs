//! The states `CleanUpSuccess` and `CleanUpFailure`.

use super::create::{find_placement_groups, scaling_policy};
use super::health_snapshot::{HealthSnapshot, Moment, ServiceHealth, keep, prepare_switch, resize_one};
use super::{Context, proof_of_own};
use crate::cloud::{AutoScalingGroup, LaunchTemplate, OdinPorts, PlacementGroup, Tags};
use crate::concurrently::{each, try_each};
use crate::errors::{CleanUpError, CleanUpFailure};
use crate::groups::{Groups, find_templates, is_own, release_id};
use crate::names::{LAUNCH_CONFIGURATION, PLACEMENT_GROUP, group_name};
use crate::release::{OdinFields, OdinRelease, Policy, ResourceName};
use crate::release_log;
use crate::resources::placement_prefix;
use bifrost::cloud::{CloudError, ErrorKind, found};
use bifrost::lifecycle::{Finish, Proof};
use bifrost::release::Envelope;
use std::collections::{BTreeMap, BTreeSet};
use tokio::join;

/// Settles the new groups, and deletes the old ones. Then the framework gives the lock back.
///
/// Safe to repeat, however late: the framework lets nothing change without the lock, and what is deleted is older than this
/// release's own groups.
///
/// # Errors
/// [`CleanUpFailure`]. The old groups are kept while the new ones have too few healthy instances.
pub async fn clean_up_success(context: &Context, release: OdinRelease) -> Result<Finish<OdinFields>, CleanUpFailure> {
    let ports = context.target(&release.envelope).await?;
    let (snapshot, templates) = join!(HealthSnapshot::of(&ports, &release), find_templates(&ports, &release.envelope));
    let snapshot = snapshot?;
    let services = snapshot.services()?;
    let proof = context.lock_proof(&release.envelope).await?;
    prepare_switch(&ports, &proof, &snapshot.groups, &services).await?.map_err(CleanUpError::from)?;
    let end = Moment::End(&context.attempt);
    let settle = settle(context, &ports, &proof, &release, &services);
    let left = if services
        .iter()
        .all(|service| service.health.is_enough_at(service.capacity(end).desired, &service.target))
    {
        let deleted = async {
            delete_earlier(&ports, &proof, &snapshot.groups).await?;
            delete_launch_settings(&ports, &proof, &release, &snapshot.groups, templates).await
        };
        let (settled, deleted) = join!(settle, deleted);
        settled?;
        deleted?
    } else {
        // It depends on which of the surplus instances Auto Scaling terminates.
        settle.await?;
        let snapshot = HealthSnapshot::of(&ports, &release).await?;
        prepare_switch(&ports, &proof, &snapshot.groups, &snapshot.services()?).await?.map_err(CleanUpError::from)?;
        delete_earlier(&ports, &proof, &snapshot.groups).await?;
        delete_launch_settings(&ports, &proof, &release, &snapshot.groups, templates).await?
    };
    if may_retry(context, &left) {
        return Err(CleanUpError::StillUsed(left).into());
    }
    leave(context, &ports, &proof, &snapshot.groups, &release, left).await?;
    Ok(Finish::Success(release))
}

/// Sets the final sizes, which may terminate instances that were launched as spares, and lets the groups shrink and rebalance
/// from now on. A group that an earlier attempt settled is left to its policies.
async fn settle(
    context: &Context,
    ports: &OdinPorts,
    proof: &Proof,
    release: &OdinRelease,
    services: &[ServiceHealth<'_>],
) -> Result<(), Vec<CloudError>> {
    let unsettled = services.iter().filter(|service| !service.is_settled(&context.attempt));
    let settled = try_each(unsettled, async |service: &ServiceHealth<'_>| {
        let (resized, enabled) = join!(
            resize_one(ports, proof, service, Moment::End(&context.attempt)),
            enable_scale_in(ports, proof, release, service)
        );
        resized.and(enabled)?;
        ports.groups.resume_az_rebalance(proof, &service.group.name).await
    });
    settled.await.map(drop)
}

/// Enables the policies that remove instances, which Deploy created disabled.
async fn enable_scale_in(
    ports: &OdinPorts,
    proof: &Proof,
    release: &OdinRelease,
    service: &ServiceHealth<'_>,
) -> Result<(), CloudError> {
    let group = group_name(&release.envelope, service.name);
    let disabled = service.service.autoscaling.policies.iter().filter(|policy| policy.scales_in());
    let enabled = each(disabled, async |policy: &Policy| {
        ports.groups.put_scaling_policy(proof, &scaling_policy(&group, policy, true)).await.map(drop)
    });
    enabled.await.into_iter().collect()
}

/// Deletes the groups that this release replaced.
async fn delete_earlier(ports: &OdinPorts, proof: &Proof, groups: &Groups<'_>) -> Result<(), Vec<CloudError>> {
    let deleted =
        try_each(groups.earlier(), async |group: &AutoScalingGroup| delete_group(ports, proof, &group.name).await);
    deleted.await.map(drop)
}

/// How often the machine retries a state that cleans up.
pub(crate) const RETRIES: u32 = 3;

/// Whether to wait for what groups that are being deleted still use: not in the last attempt. Go's definition does not tell
/// which one that is.
fn may_retry(context: &Context, left: &[String]) -> bool {
    let attempt = &context.attempt;
    !left.is_empty() && attempt.execution.is_some() && attempt.retry_count < RETRIES
}

/// Deletes the launch templates, launch configurations and placement groups of the replaced groups, and those that failed
/// deploys left over. Returns the launch configurations that groups which are being deleted still use.
async fn delete_launch_settings(
    ports: &OdinPorts,
    proof: &Proof,
    release: &OdinRelease,
    groups: &Groups<'_>,
    templates: Result<Vec<LaunchTemplate>, CloudError>,
) -> Result<Vec<String>, Vec<CloudError>> {
    let templates = templates.map_err(|error| vec![error])?;
    let configurations = try_each(launch_configurations(release, groups), async |name: &str| {
        let deleted = ignore_not_found(ports.groups.delete_launch_configuration(proof, name).await);
        Ok(is_left(deleted)?.then(|| name.to_owned()))
    });
    let (configurations, templates) =
        join!(configurations, delete_earlier_templates(ports, proof, release, groups, &templates));
    templates?;
    Ok(configurations?.into_iter().flatten().collect())
}

/// Leaves launch configurations to the release that replaces this one: a new group gets their names as tags. Those that it does
/// not take are named in the log of the release.
async fn leave(
    context: &Context,
    ports: &OdinPorts,
    proof: &Proof,
    groups: &Groups<'_>,
    release: &OdinRelease,
    configurations: Vec<String>,
) -> Result<(), Vec<CloudError>> {
    let Some(group) = groups.own().next() else { return Ok(()) };
    let tagged = try_each(configurations.into_iter().enumerate(), async |(index, name): (usize, String)| {
        let kept = keep(ports, proof, group, &format!("{LAUNCH_CONFIGURATION}{index}"), &name).await?;
        Ok((!kept).then(|| format!("launch configuration {name} is left over: delete it when its group is gone")))
    });
    let lines: Vec<_> = tagged.await?.into_iter().flatten().collect();
    release_log::append(context, &release.envelope, &lines).await;
    Ok(())
}

/// The launch configurations to delete: those of replaced groups, those that the replaced groups' releases left over, and
/// those whose groups are gone: only the release names these, as they have the names of their groups.
fn launch_configurations<'a>(release: &'a OdinRelease, groups: &'a Groups<'_>) -> BTreeSet<&'a str> {
    let earlier = || groups.earlier_or_deleting();
    let used = earlier().filter_map(|group| group.launch_configuration.as_deref());
    let tags = earlier().flat_map(|group| &group.tags);
    let left = tags.filter(|(key, _)| key.starts_with(LAUNCH_CONFIGURATION)).map(|(_, name)| name.as_str());
    let replaced =
        release.fields.services.values().filter_map(|service| service.resources.as_ref()?.prev_asg_arn.as_deref());
    used.chain(left).chain(replaced.filter(|name| !groups.has(name))).collect()
}

/// Deletes the launch templates of earlier releases, including those of deploys that crashed, with their placement groups.
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
    let deleted = try_each(earlier, async |template: &LaunchTemplate| {
        if let Some(name) = placement_group_of(template, release)
            && delete_placement_group(ports, proof, name).await?
        {
            return Ok(());
        }
        delete_template(ports, proof, template).await
    });
    deleted.await.map(drop)
}

/// The placement group that an earlier release created for a template, unless this release uses it, too.
fn placement_group_of<'a>(template: &'a LaunchTemplate, release: &OdinRelease) -> Option<&'a str> {
    let name = template.tags.get(PLACEMENT_GROUP).map(String::as_str)?;
    let mut used = release.fields.services.values().filter_map(|service| service.placement_group_name.as_ref());
    let may_delete = name.starts_with(&placement_prefix(&release.envelope));
    (may_delete && !used.any(|used| used.as_str() == name)).then_some(name)
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
    let placement_groups = delete_own_placement_groups(&ports, lock, envelope, placement_groups).await;
    let left = placement_groups.as_deref().unwrap_or_default();
    let templates = delete_own_templates(&ports, own, left, templates).await;
    let left: Vec<_> = left.iter().map(ToString::to_string).collect();
    let results = [groups, placement_groups.map(drop), templates];
    let failed: Vec<_> = results.into_iter().filter_map(Result::err).flatten().collect();
    if !failed.is_empty() {
        return Err(failed.into());
    }
    if may_retry(context, &left) { Err(CleanUpError::StillUsed(left).into()) } else { Ok(release) }
}

async fn delete_own_groups(
    ports: &OdinPorts,
    proof: impl Fn(&Tags) -> Option<Proof>,
    found: Result<Groups<'_>, CloudError>,
) -> Result<(), Vec<CloudError>> {
    let groups = found.map_err(|error| vec![error])?;
    let own = groups.own().filter_map(|group| Some((group, proof(&group.tags)?)));
    let deleted = try_each(own, async |(group, proof): (&AutoScalingGroup, Proof)| {
        delete_group(ports, &proof, &group.name).await
    });
    deleted.await.map(drop)
}

/// Deletes the templates, except those of placement groups that are left over: the next release finds these by them.
async fn delete_own_templates(
    ports: &OdinPorts,
    proof: impl Fn(&Tags) -> Option<Proof>,
    left: &[ResourceName],
    found: Result<Vec<LaunchTemplate>, CloudError>,
) -> Result<(), Vec<CloudError>> {
    let templates = found.map_err(|error| vec![error])?;
    let is_needed = |template: &LaunchTemplate| {
        let name = template.tags.get(PLACEMENT_GROUP);
        name.is_some_and(|name| left.iter().any(|left| left.as_str() == name))
    };
    let own = templates.iter().filter(|template| !is_needed(template));
    let own = own.filter_map(|template| Some((template, proof(&template.tags)?)));
    let deleted = try_each(own, async |(template, proof): (&LaunchTemplate, Proof)| {
        delete_template(ports, &proof, template).await
    });
    deleted.await.map(drop)
}

/// Deletes them only with the lock: a placement group has the name that the release gives it, so the next release may use it by
/// now, without tags of its own. Returns those that dying instances still use.
async fn delete_own_placement_groups(
    ports: &OdinPorts,
    lock: Result<Option<Proof>, CloudError>,
    envelope: &Envelope,
    found: Result<BTreeMap<ResourceName, Option<PlacementGroup>>, CloudError>,
) -> Result<Vec<ResourceName>, Vec<CloudError>> {
    let groups = found.map_err(|error| vec![error])?;
    let is_own = |group: &PlacementGroup| is_own(&group.tags, envelope);
    let own: Vec<_> =
        groups.iter().filter(|(_, group)| group.as_ref().is_some_and(is_own)).map(|(name, _)| name).collect();
    if own.is_empty() {
        return Ok(Vec::new());
    }
    let Some(proof) = lock.map_err(|error| vec![error])? else { return Ok(Vec::new()) };
    let left = try_each(own, async |name: &ResourceName| {
        Ok(delete_placement_group(ports, &proof, name.as_str()).await?.then(|| name.clone()))
    });
    Ok(left.await?.into_iter().flatten().collect())
}

/// Deletes a placement group. Returns whether it is left, because it still has instances.
async fn delete_placement_group(ports: &OdinPorts, proof: &Proof, name: &str) -> Result<bool, CloudError> {
    is_left(ignore_not_found(ports.compute.delete_placement_group(proof, name).await))
}

/// Deletes a group with its instances, policies and alarms. The group exists, with a status, until its instances are
/// terminated.
async fn delete_group(ports: &OdinPorts, proof: &Proof, name: &str) -> Result<(), CloudError> {
    ignore_not_found(ports.groups.delete_group(proof, name).await)
}

async fn delete_template(ports: &OdinPorts, proof: &Proof, template: &LaunchTemplate) -> Result<(), CloudError> {
    ignore_not_found(ports.templates.delete_launch_template(proof, &template.name).await)
}

/// Whether a resource is left over because something still uses it, such as a group that is being deleted.
fn is_left(deleted: Result<(), CloudError>) -> Result<bool, CloudError> {
    match deleted {
        Err(error) if error.kind == ErrorKind::Conflict => Ok(true),
        deleted => deleted.map(|()| false),
    }
}

/// A resource that does not exist any more needs no deletion.
pub(super) fn ignore_not_found(outcome: Result<(), CloudError>) -> Result<(), CloudError> {
    found(outcome).map(drop)
}
