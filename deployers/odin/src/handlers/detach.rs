//! The states `DetachForSuccess` and `DetachForFailure`.

use super::clean_up::ignore_not_found;
use super::health_snapshot::{HealthSnapshot, check_capacity};
use super::{Context, proof_of_own};
use crate::cloud::{AutoScalingGroup, OdinPorts};
use crate::concurrently::try_each;
use crate::errors::{DetachFailure, NotDetached};
use crate::groups::Groups;
use crate::release::{DetachStrategy, OdinRelease};
use bifrost::cloud::{CloudError, found};
use bifrost::lifecycle::Proof;
use tokio::join;

/// Detaches the old groups from their balancers, and waits until the balancers have drained them.
///
/// # Errors
/// [`DetachFailure::Detach`] until they are drained. Also while the new groups have too few healthy instances: then
/// nothing is detached.
pub async fn detach_for_success(context: &Context, release: OdinRelease) -> Result<OdinRelease, DetachFailure> {
    if release.fields.detach_strategy == DetachStrategy::SkipDetach {
        return Ok(release);
    }
    let ports = context.target(&release.envelope).await?;
    let snapshot = HealthSnapshot::of(&ports, &release).await?;
    let earlier: Vec<_> = snapshot.groups.earlier().collect();
    if !earlier.is_empty() {
        check_capacity(&snapshot.services()?).map_err(NotDetached::from)?;
    }
    let proof = context.lock_proof(&release.envelope).await?;
    try_each(&earlier, async |group: &&AutoScalingGroup| detach(&ports, &proof, group).await).await?;
    if release.fields.detach_strategy != DetachStrategy::SkipDetachCheck {
        check_drained(&ports, &earlier).await?;
    }
    Ok(release)
}

/// Detaches the groups of this execution from their balancers, without waiting until they are drained: the next state waits
/// a minute.
///
/// # Errors
/// [`DetachFailure::CleanUp`].
pub async fn detach_for_failure(context: &Context, release: OdinRelease) -> Result<OdinRelease, DetachFailure> {
    if release.fields.detach_strategy == DetachStrategy::SkipDetach {
        return Ok(release);
    }
    let ports = context.target(&release.envelope).await?;
    let envelope = &release.envelope;
    let (groups, ownership) = join!(Groups::find(&ports, envelope), context.ownership(envelope));
    let (groups, ownership) = (groups?, ownership?);
    let own = groups.own().filter_map(|group| Some((group, proof_of_own(&ownership, envelope, &group.tags)?)));
    try_each(own, async |(group, proof): (&AutoScalingGroup, Proof)| detach(&ports, &proof, group).await).await?;
    Ok(release)
}

/// Detaches a group from its balancers. A group that was deleted meanwhile counts as detached.
async fn detach(ports: &OdinPorts, proof: &Proof, group: &AutoScalingGroup) -> Result<(), CloudError> {
    let (classic, targets) = join!(
        ports.groups.detach_all_load_balancers(proof, group),
        ports.groups.detach_all_target_groups(proof, group)
    );
    ignore_not_found(classic).and(ignore_not_found(targets))
}

async fn check_drained(ports: &OdinPorts, groups: &[&AutoScalingGroup]) -> Result<(), DetachFailure> {
    let draining = try_each(groups, async |group: &&AutoScalingGroup| draining(ports, group).await).await?;
    let draining: Vec<_> = draining.into_iter().flatten().collect();
    if draining.is_empty() { Ok(()) } else { Err(NotDetached::Draining(draining).into()) }
}

/// The balancers that still drain the group, if any.
async fn draining(ports: &OdinPorts, group: &AutoScalingGroup) -> Result<Option<String>, CloudError> {
    let Some(attachments) = found(ports.groups.attachments(&group.name).await)? else { return Ok(None) };
    let all = attachments.load_balancers.iter().chain(&attachments.target_groups);
    let attached: Vec<_> =
        all.filter(|(_, state)| *state != "Removed").map(|(name, state)| format!("{name} ({state})")).collect();
    Ok((!attached.is_empty()).then(|| format!("group {} is still draining from {}", group.name, attached.join(", "))))
}
