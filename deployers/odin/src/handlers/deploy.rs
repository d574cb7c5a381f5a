//! The state Deploy.

use super::Context;
use super::create::{ExistingResources, ServiceBuilder};
use super::validate::read_user_data;
use crate::capacity::{GroupObservation, Target};
use crate::concurrently::try_each;
use crate::errors::{DeployError, DeployFailure};
use crate::health::Health;
use crate::names::group_name;
use crate::release::OdinRelease;
use bifrost::halt;
use tokio::join;

/// Creates the new groups beside the old ones.
///
/// Resources that an earlier attempt of this execution created are kept, and the missing ones are created. A halt
/// counts only while nothing exists: `HaltError` promises that nothing was created.
///
/// # Errors
/// [`DeployFailure`], with every service that was not created.
pub async fn deploy(context: &Context, mut release: OdinRelease) -> Result<OdinRelease, DeployFailure> {
    let ports = context.target(&release.envelope).await?;
    let (existing, halted, template) = join!(
        ExistingResources::find(&ports, &release),
        halt::check(context, &release.envelope),
        read_user_data(context, &release)
    );
    let existing = existing?;
    if existing.is_empty(&release) {
        halted?;
    }
    let template = template?;
    let builder = ServiceBuilder { ports: &ports, release: &release, existing: &existing, user_data: &template };
    builder.create_placement_groups().await?;
    let created =
        try_each(&release.fields.services, async |(name, service)| builder.create_service(name, service).await);
    created.await.map_err(|failures| DeployError::Services(failures.into()))?;
    record_groups(&mut release);
    Ok(release)
}

/// Records in the release which groups were created, without instances so far.
fn record_groups(release: &mut OdinRelease) {
    for (name, service) in &mut release.fields.services {
        let target = Target::new(&service.autoscaling, service.previous_desired_capacity);
        let size = service.autoscaling.strategy.creation(&target);
        let health = Health { seen: GroupObservation { size, instances: 0, healthy: 0 }, terminating: Vec::new() };
        service.healthy_report = Some(health.report(&target));
        service.created_asg = Some(group_name(&release.envelope, name));
    }
}
