//! The state `CheckHealthy`.

use super::Context;
use super::health_snapshot::{HealthSnapshot, ServiceHealth};
use crate::cloud::{Capacity, OdinPorts};
use crate::concurrently::try_each;
use crate::errors::{HealthFailure, HealthHalt, ServiceError};
use crate::release::OdinRelease;
use bifrost::cloud::CloudError;
use bifrost::halt;
use tokio::join;

/// Reads the health of every instance, and takes the next step of the rollout.
///
/// # Errors
/// [`HealthFailure::Halt`] if an operator halted the deploy, its timeout passed, or too many instances terminate.
pub async fn check_healthy(context: &Context, mut release: OdinRelease) -> Result<OdinRelease, HealthFailure> {
    let ports = context.target(&release.envelope).await;
    let snapshot = async { HealthSnapshot::of(ports.as_ref().map_err(Clone::clone)?, &release).await };
    let (halted, snapshot) = join!(halt::check(context, &release.envelope), snapshot);
    halted?;
    let (ports, snapshot) = (ports?, snapshot?);
    let services = snapshot.services()?;
    check_terminating(&services)?;
    try_each(&services, async |service| step(&ports, service).await).await?;
    let reports = services.iter().map(|ServiceHealth { name, health, target, .. }| {
        ((*name).clone(), health.report(target), health.is_enough(target))
    });
    let reports: Vec<_> = reports.collect();
    for (name, report, healthy) in reports {
        if let Some(service) = release.fields.services.get_mut(&name) {
            (service.healthy_report, service.healthy) = (Some(report), Some(healthy));
        }
    }
    let healthy = release.fields.services.values().all(|service| service.healthy == Some(true));
    release.fields.healthy = Some(healthy);
    Ok(release)
}

fn check_terminating(services: &[ServiceHealth<'_>]) -> Result<(), HealthFailure> {
    let failed = services.iter().filter_map(|ServiceHealth { name, service, health, .. }| {
        let error = health.check_terminating(&service.autoscaling).err()?;
        Some(ServiceError::new(name, error))
    });
    let failed: Vec<_> = failed.collect();
    if failed.is_empty() { Ok(()) } else { Err(HealthHalt::Terminating(failed.into()).into()) }
}

/// Sets the sizes that the strategy wants for the group now, if they differ.
async fn step(ports: &OdinPorts, service: &ServiceHealth<'_>) -> Result<(), CloudError> {
    let seen = &service.health.seen;
    let next = service.service.autoscaling.strategy.step(&service.target, seen);
    if next == seen.size {
        return Ok(());
    }
    let capacity = Capacity { min_size: next.min, desired: next.desired, max_size: service.group.capacity.max_size };
    ports.groups.set_capacity(&service.group.name, capacity).await
}
