//! The states `DetachForSuccess` and `DetachForFailure`.

use super::clean_up::ignore_not_found;
use super::health_snapshot::{HealthSnapshot, ServiceHealth, prepare_switch};
use super::{Context, proof_of_own};
use crate::cloud::{AutoScalingGroup, Capacity, OdinPorts};
use crate::concurrently::try_each;
use crate::errors::{DetachFailure, NotDetached};
use crate::groups::Groups;
use crate::release::{DetachStrategy, OdinRelease};
use bifrost::cloud::{CloudError, found};
use bifrost::lifecycle::Proof;
use tokio::join;

/// Detaches the old groups from their balancers, waits until the balancers have drained them, and then until their lifecycle
/// hooks have run.
///
/// # Errors
/// [`DetachFailure::Detach`] until then. Also while the new groups have too few healthy instances: then nothing is detached.
pub async fn detach_for_success(context: &Context, mut release: OdinRelease) -> Result<OdinRelease, DetachFailure> {
    let strategy = release.fields.detach_strategy;
    if strategy == DetachStrategy::SkipDetach {
        return Ok(release);
    }
    let ports = context.target(&release.envelope).await?;
    let snapshot = if context.attempt.retry_count == 0 {
        HealthSnapshot::of(&ports, &release).await?
    } else {
        // An earlier attempt may have brought all old groups to their end: then balancers need not be asked again.
        let groups = Groups::find(&ports, &release.envelope).await?;
        if groups.earlier().all(is_ended) {
            check_stages(groups.earlier().map(hooks_running))?;
            return Ok(release);
        }
        HealthSnapshot::of_groups(&ports, &release, groups).await
    };
    let earlier: Vec<_> = snapshot.groups.earlier().collect();
    if earlier.is_empty() {
        return Ok(release);
    }
    let services = snapshot.services()?;
    let proof = context.lock_proof(&release.envelope).await?;
    prepare_switch(&ports, &proof, &snapshot.groups, &services).await?.map_err(NotDetached::from)?;
    let stages = try_each(&earlier, async |group: &&AutoScalingGroup| end(&ports, &proof, group, strategy).await);
    check_stages(stages.await?.into_iter())?;
    let replaced: Vec<_> = services.iter().map(ServiceHealth::replaced).collect();
    for (name, replaced_desired) in replaced {
        if let Some(service) = release.fields.services.get_mut(&name) {
            service.previous_desired_capacity = replaced_desired;
        }
    }
    Ok(release)
}

/// How far the end of an old group is.
enum Stage {
    /// Its balancers, and the hooks of its instances, are done with it.
    Done,
    /// Balancers still drain it.
    Draining(String),
    /// Its instances wait for lifecycle hooks.
    HooksRunning(String),
}

/// Brings an old group one stage nearer to its end: detaches it, and once it is drained, terminates its instances if hooks must
/// run first. Deleting the group, which comes next, would not wait for them.
async fn end(
    ports: &OdinPorts,
    proof: &Proof,
    group: &AutoScalingGroup,
    strategy: DetachStrategy,
) -> Result<Stage, CloudError> {
    if is_ended(group) {
        return Ok(hooks_running(group));
    }
    let (detached, hooks) = join!(detach(ports, proof, group), ports.groups.termination_hooks(&group.name));
    detached?;
    if strategy == DetachStrategy::SkipDetachCheck {
        return Ok(Stage::Done);
    }
    if let Some(draining) = draining(ports, group).await? {
        return Ok(Stage::Draining(draining));
    }
    if found(hooks)?.unwrap_or_default().is_empty() {
        return Ok(Stage::Done);
    }
    // A maximum of 0: no policy of the group may launch instances again.
    ignore_not_found(ports.groups.set_capacity(proof, &group.name, Capacity::default()).await)?;
    Ok(hooks_running(group))
}

/// Whether the group may have no instances any more.
fn is_ended(group: &AutoScalingGroup) -> bool {
    group.capacity.max_size == 0
}

fn hooks_running(group: &AutoScalingGroup) -> Stage {
    match group.instances.len() {
        0 => Stage::Done,
        count => Stage::HooksRunning(format!("group {} still has {count} terminating instances", group.name)),
    }
}

fn check_stages(stages: impl Iterator<Item = Stage>) -> Result<(), NotDetached> {
    let (mut draining, mut hooks_running) = (Vec::new(), Vec::new());
    for stage in stages {
        match stage {
            Stage::Done => {}
            Stage::Draining(text) => draining.push(text),
            Stage::HooksRunning(text) => hooks_running.push(text),
        }
    }
    match (draining.is_empty(), hooks_running.is_empty()) {
        (true, true) => Ok(()),
        (true, false) => Err(NotDetached::HooksRunning(hooks_running)),
        (false, _) => Err(NotDetached::Draining(draining)),
    }
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

/// The balancers that still drain the group, if any.
async fn draining(ports: &OdinPorts, group: &AutoScalingGroup) -> Result<Option<String>, CloudError> {
    let Some(attachments) = found(ports.groups.attachments(&group.name).await)? else { return Ok(None) };
    let all = attachments.load_balancers.iter().chain(&attachments.target_groups);
    let attached: Vec<_> =
        all.filter(|(_, state)| *state != "Removed").map(|(name, state)| format!("{name} ({state})")).collect();
    Ok((!attached.is_empty()).then(|| format!("group {} is still draining from {}", group.name, attached.join(", "))))
}
