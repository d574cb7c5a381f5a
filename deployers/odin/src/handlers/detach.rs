//! The states `DetachForSuccess` and `DetachForFailure`.

use super::Context;
use super::clean_up::gone;
use super::health_snapshot::{HealthError, HealthSnapshot, below_capacity};
use crate::cloud::{AutoScalingGroup, OdinPorts};
use crate::concurrently::try_each;
use crate::errors::DetachFailure;
use crate::groups::Groups;
use crate::release::{DetachStrategy, OdinRelease};
use bifrost::cloud::CloudError;
use tokio::join;

/// Takes the old groups out of their balancers, and waits until they have drained.
///
/// # Errors
/// [`DetachFailure::Detach`] until that is so; and as long as the new groups have not enough healthy instances, in which
/// case nothing is detached.
pub async fn detach_for_success(context: &Context, release: OdinRelease) -> Result<OdinRelease, DetachFailure> {
    if release.fields.detach_strategy == DetachStrategy::SkipDetach {
        return Ok(release);
    }
    let ports = context.target(&release.envelope).await?;
    let sight = HealthSnapshot::of(&ports, &release).await?;
    let earlier: Vec<_> = sight.groups.earlier().collect();
    if !earlier.is_empty()
        && let Some(weak) = below_capacity(&sight.looks()?)
    {
        return Err(DetachFailure::Detach(weak));
    }
    try_each(&earlier, async |group: &&AutoScalingGroup| detach(&ports, group).await).await?;
    if release.fields.detach_strategy != DetachStrategy::SkipDetachCheck {
        check_drained(&ports, &earlier).await?;
    }
    Ok(release)
}

/// Takes the new groups out of their balancers. The next state waits a minute; that they have drained is not waited for.
///
/// # Errors
/// [`DetachFailure::CleanUp`].
pub async fn detach_for_failure(context: &Context, release: OdinRelease) -> Result<OdinRelease, DetachFailure> {
    if release.fields.detach_strategy == DetachStrategy::SkipDetach {
        return Ok(release);
    }
    let ports = context.target(&release.envelope).await?;
    let groups = Groups::find(&ports, &release.envelope).await?;
    try_each(groups.own(), async |group| detach(&ports, group).await).await?;
    Ok(release)
}

/// What is gone already needs no detaching, and hides no error of the rest.
async fn detach(ports: &OdinPorts, group: &AutoScalingGroup) -> Result<(), CloudError> {
    let classic = async {
        if group.load_balancers.is_empty() {
            return Ok(());
        }
        ports.groups.detach_load_balancers(&group.name, &group.load_balancers).await
    };
    let targets = async {
        if group.target_group_arns.is_empty() {
            return Ok(());
        }
        ports.groups.detach_target_groups(&group.name, &group.target_group_arns).await
    };
    let (classic, targets) = join!(classic, targets);
    gone(classic).and(gone(targets))
}

async fn check_drained(ports: &OdinPorts, groups: &[&AutoScalingGroup]) -> Result<(), DetachFailure> {
    let draining = try_each(groups, async |group: &&AutoScalingGroup| draining(ports, group).await).await?;
    let draining: Vec<_> = draining.into_iter().flatten().collect();
    if draining.is_empty() { Ok(()) } else { Err(DetachFailure::Detach(draining.join("\n"))) }
}

/// What the group still drains from, if anything.
async fn draining(ports: &OdinPorts, group: &AutoScalingGroup) -> Result<Option<String>, CloudError> {
    let attachments = match ports.groups.attachments(&group.name).await {
        Ok(attachments) => attachments,
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) => return Err(error),
    };
    let all = attachments.load_balancers.iter().chain(&attachments.target_groups);
    let left: Vec<_> =
        all.filter(|(_, state)| *state != "Removed").map(|(name, state)| format!("{name} ({state})")).collect();
    Ok((!left.is_empty()).then(|| format!("group {} still drains from {}", group.name, left.join(", "))))
}

impl From<HealthError> for DetachFailure {
    fn from(unseen: HealthError) -> Self {
        match unseen {
            HealthError::Gone { .. } => Self::Detach(unseen.to_string()),
            HealthError::Cloud { .. } => Self::CleanUp(unseen.to_string()),
        }
    }
}
