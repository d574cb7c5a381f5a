//! The state `CheckHealthy`.

use super::Context;
use super::health_snapshot::{HealthError, HealthSnapshot, ServiceHealth};
use crate::cloud::{Capacity, OdinPorts};
use crate::concurrently::try_each;
use crate::errors::HealthFailure;
use crate::release::OdinRelease;
use bifrost::cloud::CloudError;
use bifrost::halt;
use tokio::join;

/// Reads the health of every instance, and takes the next step of the roll-out.
///
/// # Errors
/// [`HealthFailure::Halt`] if somebody asked for it, time is over, or too many instances terminate.
pub async fn check_healthy(context: &Context, mut release: OdinRelease) -> Result<OdinRelease, HealthFailure> {
    let ports = context.target(&release.envelope).await;
    let sight = async { HealthSnapshot::of(ports.as_ref().map_err(Clone::clone)?, &release).await };
    let (go_on, sight) = join!(halt::check(context, &release.envelope), sight);
    go_on?;
    let (ports, sight) = (ports?, sight?);
    let looks = sight.looks()?;
    check_terminating(&looks)?;
    try_each(&looks, async |look| step(&ports, look).await).await?;
    let seen = looks
        .iter()
        .map(|look| (look.name.clone(), look.health.report(&look.target), look.health.is_enough(&look.target)));
    let seen: Vec<_> = seen.collect();
    for (name, report, healthy) in seen {
        if let Some(service) = release.fields.services.get_mut(&name) {
            (service.healthy_report, service.healthy) = (Some(report), Some(healthy));
        }
    }
    let healthy = release.fields.services.values().all(|service| service.healthy == Some(true));
    release.fields.healthy = Some(healthy);
    Ok(release)
}

fn check_terminating(looks: &[ServiceHealth<'_>]) -> Result<(), HealthFailure> {
    let failed: Vec<_> = looks
        .iter()
        .filter_map(|look| Some((look.name, look.health.check_terminating(&look.service.autoscaling).err()?)))
        .map(|(name, error)| format!("service {name}: {error}"))
        .collect();
    if failed.is_empty() { Ok(()) } else { Err(HealthFailure::Halt(failed.join("\n"))) }
}

/// Gives the group the sizes that its strategy has for it now, if it has others.
async fn step(ports: &OdinPorts, look: &ServiceHealth<'_>) -> Result<(), CloudError> {
    let next = look.service.autoscaling.strategy.step(&look.target, &look.health.seen);
    if next == look.health.seen.size {
        return Ok(());
    }
    let capacity = Capacity { min_size: next.min, desired: next.desired, max_size: look.group.capacity.max_size };
    ports.groups.set_capacity(&look.group.name, capacity).await
}

impl From<HealthError> for HealthFailure {
    fn from(unseen: HealthError) -> Self {
        Self::Health(unseen.to_string())
    }
}
