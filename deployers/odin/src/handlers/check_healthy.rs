//! The state `CheckHealthy`.

use super::Context;
use super::health_snapshot::{HealthSnapshot, ServiceHealth};
use crate::cloud::{Capacity, OdinPorts};
use crate::concurrently::try_each;
use crate::errors::{HealthFailure, ServiceError};
use crate::release::OdinRelease;
use bifrost::cloud::CloudError;
use bifrost::lifecycle::Proof;

/// Reads the health of every instance, and takes the next step of the rollout. The framework looks for halt and timeout.
///
/// # Errors
/// [`HealthFailure::Halt`] if too many instances terminate.
pub async fn check_healthy(context: &Context, mut release: OdinRelease) -> Result<OdinRelease, HealthFailure> {
    let ports = context.target(&release.envelope).await?;
    let snapshot = HealthSnapshot::of(&ports, &release).await?;
    let services = snapshot.services()?;
    check_terminating(&services)?;
    let proof = context.lock_proof(&release.envelope).await?;
    try_each(&services, async |service| step(&ports, &proof, service).await).await?;
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
    if failed.is_empty() { Ok(()) } else { Err(HealthFailure::Halt(failed.into())) }
}

/// Sets the sizes that the strategy wants for the group now, if they differ.
async fn step(ports: &OdinPorts, proof: &Proof, service: &ServiceHealth<'_>) -> Result<(), CloudError> {
    let seen = &service.health.seen;
    let next = service.service.autoscaling.strategy.step(&service.target, seen);
    if next == seen.size {
        return Ok(());
    }
    let capacity = Capacity { min_size: next.min, desired: next.desired, max_size: service.group.capacity.max_size };
    ports.groups.set_capacity(proof, &service.group.name, capacity).await
}
