//! The state Deploy.

use super::Context;
use super::create::{ExistingResources, ServiceBuilder};
use super::validate::read_user_data;
use crate::capacity::{GroupObservation, Target};
use crate::concurrently::try_each;
use crate::errors::{DeployFailure, all};
use crate::health::Health;
use crate::names::group_name;
use crate::release::OdinRelease;
use bifrost::halt;
use tokio::join;

/// Makes the new groups, beside the old ones.
///
/// What an earlier attempt of this execution made is kept, and the rest is made. Only while there is nothing does a halt
/// count: `HaltError` promises that nothing was made.
///
/// # Errors
/// [`DeployFailure`]; all services are tried, and all that fail are told.
pub async fn deploy(context: &Context, mut release: OdinRelease) -> Result<OdinRelease, DeployFailure> {
    let ports = context.target(&release.envelope).await?;
    let (own, go_on, template) = join!(
        ExistingResources::find(&ports, &release),
        halt::check(context, &release.envelope),
        read_user_data(context, &release)
    );
    let own = own?;
    if own.is_nothing(&release) {
        go_on?;
    }
    let template = template?;
    let maker = ServiceBuilder { ports: &ports, release: &release, own: &own, user_data: &template };
    maker.make_placement_groups().await?;
    let made = try_each(&release.fields.services, async |(name, service)| maker.make_service(name, service).await);
    made.await.map_err(|failures| DeployFailure::Deploy(all(&failures)))?;
    note_groups(&mut release);
    Ok(release)
}

/// Notes in the release which groups were made, and that no instance is there yet.
fn note_groups(release: &mut OdinRelease) {
    for (name, service) in &mut release.fields.services {
        let target = Target::new(&service.autoscaling, service.previous_desired_capacity);
        let size = service.autoscaling.strategy.creation(&target);
        let health = Health { seen: GroupObservation { size, instances: 0, healthy: 0 }, terminating: Vec::new() };
        service.healthy_report = Some(health.report(&target));
        service.created_asg = Some(group_name(&release.envelope, name));
    }
}
