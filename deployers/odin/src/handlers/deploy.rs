//! The state Deploy.

use super::Context;
use super::create::{ExistingResources, ServiceBuilder};
use super::eventually::Eventually;
use super::validate::read_user_data;
use crate::capacity::{GroupObservation, Target};
use crate::concurrently::try_each;
use crate::errors::{DeployError, DeployFailure};
use crate::health::Health;
use crate::names::group_name;
use crate::release::OdinRelease;
use bifrost::cloud::CloudError;
use bifrost::lifecycle::HaltCheckError;
use bifrost::release::Sha256;
use serde_json::json;
use std::collections::BTreeMap;
use tokio::join;

/// Creates the new groups beside the old ones.
///
/// Resources that an earlier attempt of this execution created are kept, and the missing ones are created. A halt
/// counts only while nothing exists: `HaltError` promises that nothing was created.
///
/// # Errors
/// [`DeployFailure`], with every service that was not created.
pub async fn deploy(context: &Context, mut release: OdinRelease) -> Result<OdinRelease, DeployFailure> {
    let existing = async {
        let ports = context.target(&release.envelope).await?;
        let existing = ExistingResources::find(&ports, &release, &context.attempt).await?;
        Ok::<_, CloudError>((ports, existing))
    };
    // The halt is asked for even if the rest fails: the framework would raise it, whatever an earlier attempt created.
    let (existing, halted, template) =
        join!(existing, context.halt(&release.envelope), read_user_data(context, &release));
    let (ports, existing) = existing?;
    if let Err(halt) = halted
        && !ExistingResources::any(&ports, &release).await?
    {
        return Err(after_a_lost_attempt(context, halt));
    }
    let template = template?;
    context.record_plan(plan_sha256(&release, &template));
    let proof = context.lock_proof(&release.envelope).await?;
    let builder = ServiceBuilder {
        ports: &ports,
        proof: &proof,
        release: &release,
        existing: &existing,
        user_data: &template,
        eventually: Eventually::new(context.account.env.as_ref()),
    };
    builder.create_placement_groups().await?;
    let created =
        try_each(&release.fields.services, async |(name, service)| builder.create_service(name, service).await);
    created.await.map_err(|failures| DeployError::Services(failures.into()))?;
    record_groups(&mut release);
    Ok(release)
}

/// The SHA-256 of everything that the groups of a release are created from: its services, with the ids of the resources that they use,
/// and its user data.
fn plan_sha256(release: &OdinRelease, user_data: &[u8]) -> Sha256 {
    let plan = json!({ "services": release.fields.services, "user_data_sha256": Sha256::of(user_data) });
    Sha256::of(plan.to_string().as_bytes())
}

/// `HaltError` promises that nothing was created. A lost attempt may have created what AWS does not show yet, so a later one
/// raises an error that leads to the clean-up.
fn after_a_lost_attempt(context: &Context, halt: HaltCheckError) -> DeployFailure {
    if context.attempt.retry_count == 0 { halt.into() } else { DeployError::HaltCheck(halt).into() }
}

/// Records in the release which groups were created, without instances so far.
fn record_groups(release: &mut OdinRelease) {
    for (name, service) in &mut release.fields.services {
        let target = Target::new(&service.autoscaling, service.previous_desired_capacity);
        let size = service.autoscaling.strategy.creation(&target);
        let seen = GroupObservation { size, instances: 0, healthy: 0 };
        let health = Health { seen, terminating: Vec::new(), unhealthy: BTreeMap::new() };
        service.healthy_report = Some(health.report(&target, size));
        service.created_asg = Some(group_name(&release.envelope, name));
    }
}
