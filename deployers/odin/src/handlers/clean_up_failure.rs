//! The state `CleanUpFailure`.

use super::Context;
use super::make::find_placement_groups;
use super::remove::{gone, remove_group, remove_template};
use crate::cloud::{LaunchTemplate, OdinPorts, PlacementGroup};
use crate::concurrently::try_each;
use crate::errors::CleanUpFailure;
use crate::groups::{Groups, find_templates, is_own};
use crate::release::OdinRelease;
use bifrost::cloud::CloudError;

/// Removes all that this execution made. It is found by its tags: what the release says of itself may have been lost with
/// the attempt that made it.
///
/// # Errors
/// [`CleanUpFailure::CleanUp`]; all is tried, and all that fails is told.
pub async fn clean_up_failure(context: &Context, mut release: OdinRelease) -> Result<OdinRelease, CleanUpFailure> {
    release.envelope.success = Some(false);
    let ports = context.target(&release.envelope).await?;
    let mut failed = Vec::new();
    failed.extend(remove_groups(&ports, &release).await.err().unwrap_or_default());
    failed.extend(remove_templates(&ports, &release).await.err().unwrap_or_default());
    failed.extend(remove_placement_groups(&ports, &release).await.err().unwrap_or_default());
    if failed.is_empty() { Ok(release) } else { Err(failed.into()) }
}

async fn remove_groups(ports: &OdinPorts, release: &OdinRelease) -> Result<(), Vec<CloudError>> {
    let groups = Groups::find(ports, &release.envelope).await.map_err(|error| vec![error])?;
    try_each(groups.own(), async |group| remove_group(ports, group).await).await.map(drop)
}

async fn remove_templates(ports: &OdinPorts, release: &OdinRelease) -> Result<(), Vec<CloudError>> {
    let templates = find_templates(ports, &release.envelope).await.map_err(|error| vec![error])?;
    let own = templates.iter().filter(|template| is_own(&template.tags, &release.envelope));
    try_each(own, async |template: &LaunchTemplate| remove_template(ports, template).await).await.map(drop)
}

async fn remove_placement_groups(ports: &OdinPorts, release: &OdinRelease) -> Result<(), Vec<CloudError>> {
    let groups = find_placement_groups(ports, release).await.map_err(|error| vec![error])?;
    let own = groups.values().flatten().filter(|group| is_own(&group.tags, &release.envelope));
    let removed =
        try_each(own, async |group: &PlacementGroup| gone(ports.compute.delete_placement_group(&group.name).await));
    removed.await.map(drop)
}
