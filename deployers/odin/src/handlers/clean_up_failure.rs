//! The state `CleanUpFailure`.

use super::Context;
use super::make::find_placement_groups;
use super::remove::{alarms_of, gone, remove_group, remove_template};
use crate::cloud::{AutoScalingGroup, LaunchTemplate, OdinPorts, PlacementGroup};
use crate::concurrently::try_each;
use crate::errors::CleanUpFailure;
use crate::groups::{Groups, find_templates, is_own};
use crate::release::{OdinRelease, ResourceName};
use bifrost::cloud::CloudError;
use bifrost::release::Envelope;
use std::collections::BTreeMap;
use tokio::join;

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
    let groups = remove_groups(&ports, groups).await;
    let (templates, placement_groups) = join!(
        remove_templates(&ports, envelope, templates),
        remove_placement_groups(&ports, envelope, placement_groups),
    );
    let failed: Vec<_> = [groups, templates, placement_groups].into_iter().filter_map(Result::err).flatten().collect();
    if failed.is_empty() { Ok(release) } else { Err(failed.into()) }
}

async fn remove_groups(ports: &OdinPorts, found: Result<Groups<'_>, CloudError>) -> Result<(), Vec<CloudError>> {
    let groups = found.map_err(|error| vec![error])?;
    let removed = try_each(groups.own(), async |group: &AutoScalingGroup| {
        let alarms = alarms_of(ports, group).await?;
        remove_group(ports, &group.name, &alarms).await
    });
    removed.await.map(drop)
}

async fn remove_templates(
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
