//! The state `CleanUpSuccess`.

use super::Context;
use super::look::{Look, Unseen, look_at_all, too_weak};
use super::release_lock::{finish, holds_lock};
use super::remove::{remove_group, remove_launch_configuration, remove_template};
use crate::cloud::{Capacity, LaunchTemplate, OdinPorts};
use crate::concurrently::try_each;
use crate::errors::CleanUpFailure;
use crate::groups::{Groups, find_templates, is_own, release_id};
use crate::release::OdinRelease;
use bifrost::cloud::CloudError;
use std::collections::BTreeSet;

/// Gives the new groups their final sizes, removes the old ones, and frees the lock.
///
/// A second run does no harm, however late: it touches nothing that came after this release's own groups, and sizes only
/// while the lock is held.
///
/// # Errors
/// [`CleanUpFailure`]. The old groups are kept while the new ones have not enough healthy instances.
pub async fn clean_up_success(context: &Context, mut release: OdinRelease) -> Result<OdinRelease, CleanUpFailure> {
    let ports = context.target(&release.envelope).await?;
    if holds_lock(context, &release.envelope).await? {
        reset_capacity(&ports, &release).await?;
    }
    remove_earlier(&ports, &release).await?;
    finish(context, &release.envelope).await?;
    release.envelope.success = Some(true);
    Ok(release)
}

/// Takes back what was launched beyond the desired capacity.
async fn reset_capacity(ports: &OdinPorts, release: &OdinRelease) -> Result<(), CleanUpFailure> {
    let groups = Groups::find(ports, &release.envelope).await?;
    let looks = look_at_all(ports, release, &groups).await?;
    check_strong(&groups, &looks)?;
    try_each(&looks, async |look: &Look<'_>| {
        let size = look.target.final_size();
        if size == look.health.seen.size {
            return Ok(());
        }
        let capacity = Capacity { min_size: size.min, desired: size.desired, max_size: look.target.max_size };
        ports.groups.set_capacity(&look.group.name, capacity).await
    })
    .await?;
    Ok(())
}

/// Refuses to shrink the new groups, or to remove the old ones, while the new have not enough healthy instances.
fn check_strong(groups: &Groups<'_>, looks: &[Look<'_>]) -> Result<(), CleanUpFailure> {
    match too_weak(looks) {
        Some(weak) if groups.earlier().next().is_some() => {
            Err(CleanUpFailure::CleanUp(format!("the old groups are kept until the new ones are healthy: {weak}")))
        }
        _ => Ok(()),
    }
}

/// Removes the groups that this release replaced, and what belonged to them.
async fn remove_earlier(ports: &OdinPorts, release: &OdinRelease) -> Result<(), CleanUpFailure> {
    // Found anew: fewer instances may be healthy now that surplus ones go.
    let groups = Groups::find(ports, &release.envelope).await?;
    let earlier: Vec<_> = groups.earlier().collect();
    if !earlier.is_empty() {
        check_strong(&groups, &look_at_all(ports, release, &groups).await?)?;
    }
    try_each(earlier, async |group| remove_group(ports, group).await).await?;
    let configurations = launch_configurations(release, &groups);
    try_each(configurations, async |name| remove_launch_configuration(ports, name).await).await?;
    remove_templates(ports, release, &groups).await?;
    Ok(())
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
async fn remove_templates(
    ports: &OdinPorts,
    release: &OdinRelease,
    groups: &Groups<'_>,
) -> Result<(), Vec<CloudError>> {
    let templates = find_templates(ports, &release.envelope).await.map_err(|error| vec![error])?;
    let earlier = templates.iter().filter(|template| {
        let made_by_a_release = release_id(&template.tags).is_some();
        let before = groups.since().is_some_and(|since| template.create_time < since);
        made_by_a_release && before && !is_own(&template.tags, &release.envelope)
    });
    try_each(earlier, async |template: &LaunchTemplate| remove_template(ports, template).await).await.map(drop)
}

impl From<Unseen> for CleanUpFailure {
    fn from(unseen: Unseen) -> Self {
        Self::CleanUp(unseen.to_string())
    }
}
