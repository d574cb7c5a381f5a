//! A deployer of Amazon ECS services, as a user of the framework would write it: it registers a task definition for each service of
//! a release, updates the service to it, and waits until ECS has replaced its tasks.

mod cloud;
mod tests;

use bifrost::client::{ClientContext, ClientDeployer, DeployPlan, PlannedChange, Prepared};
use bifrost::cloud::ErrorKind;
use bifrost::error_code::{Coded, CodedError};
use bifrost::lifecycle::{Context, LockFailure, TaskFailure, fail, lock, succeed, validate};
use bifrost::release::{Release, ReleaseId};
use bifrost::{Deployer, Permission, TaskError};
use cloud::{Ecs, Rollout, ServiceState, TaskDefinition};
use std::{collections::BTreeMap, sync::Arc};

/// The fields of a release, beside those of the envelope.
#[bifrost::fields(check = check, max_timeout_seconds = 14_400)]
struct EcsFields {
    /// The services by name. They exist already.
    services: BTreeMap<String, Service>,
    /// What each service ran before the release.
    #[set_by_deployer(cleared_at_end)]
    before: BTreeMap<String, ServiceState>,
    #[set_by_deployer(cleared_at_end)]
    is_completed: bool,
}

/// A service of a release. CPU units and MiB are those of a task.
#[bifrost::field_type]
struct Service {
    cluster: String,
    image: String,
    desired_count: u32,
    cpu: u32,
    memory: u32,
    /// The ARN of the task definition that the deploy registered.
    #[set_by_deployer]
    task_definition: Option<String>,
}

impl Service {
    fn definition(&self, name: &str, release_id: &ReleaseId) -> TaskDefinition {
        let (family, release_id) = (format!("{}_{name}", self.cluster), Some(release_id.to_string()));
        TaskDefinition { family, image: self.image.clone(), cpu: self.cpu, memory: self.memory, release_id }
    }
}

/// The limits of ECS, and of the size of a task on Fargate.
fn check(release: &Release<EcsFields>) -> Result<(), CodedError> {
    for (name, Service { desired_count, cpu, memory, .. }) in &release.fields.services {
        let fields = [
            ("desired_count", desired_count, 0..=5_000),
            ("cpu", cpu, 256..=16_384),
            ("memory", memory, 512..=122_880),
        ];
        for (field, value, limits) in fields {
            if !limits.contains(value) {
                let message = format!("services.{name}.{field} is {value}: use {} to {}", limits.start(), limits.end());
                return Err(CodedError::from_parts("ecs/limit", message));
            }
        }
    }
    Ok(())
}

#[derive(Debug, thiserror::Error, TaskError, Coded)]
enum EcsFailure {
    /// ECS did not complete the deployment of a service.
    #[error("services.{0}: the deployment has failed: {1}")]
    #[code("ecs/deployment-failed", "find out why the new tasks stop, then deploy a new release")]
    Deployment(String, String),
    #[error(transparent)]
    #[task_error(transparent)]
    #[code(source)]
    Standard(#[from] TaskFailure),
}

bifrost::state_machine! {
    /// Deploys ECS services.
    machine EcsDeployer(Release<EcsFields>, Arc<dyn Ecs>) starts at Validate, changes from Update;
    task Validate = validate { validates; next Lock; catch _ => FailureClean; }
    task Lock = lock { locks; next Remember; catch LockFailure::LockExists => FailureClean; catch _ => UnlockFailure; }
    /// Remembers what the services run.
    task Remember = remember { looks for halt; next Update; retry TaskFailure::Transient {} catch _ => UnlockFailure; }
    /// Updates each service to a new task definition.
    task Update = update { looks for halt; next Rest; retry TaskFailure::Transient {} catch _ => RollBack; }
    wait Rest for 15 seconds { next Look; }
    /// Looks whether ECS has replaced the tasks.
    task Look = look { looks for halt; next IsCompleted; retry TaskFailure::Transient {} catch _ => RollBack; }
    choice IsCompleted as "Completed?" { $.is_completed == true => UnlockSuccess; _ => Rest; }
    task UnlockSuccess = succeed { unlocks; next Success; retry _ {} catch _ => FailureDirty; }
    /// Updates each service to what it ran before, and deregisters the new task definitions.
    task RollBack = roll_back { cleans up; next UnlockFailure; retry _ {} catch _ => FailureDirty; }
    task UnlockFailure = fail { unlocks; next FailureClean; retry _ {} catch _ => FailureDirty; }
}

type Handled<E> = Result<Release<EcsFields>, E>;

async fn running(ecs: &dyn Ecs, name: &str, Service { cluster, .. }: &Service) -> Result<ServiceState, CodedError> {
    let message = || format!("services.{name}: cluster {cluster} has no such service; create it first");
    let found = ecs.service(cluster, name).await?;
    found.map(|found| found.state).ok_or_else(|| CodedError::from_parts("ecs/no-service", message()))
}

async fn remember(context: &Context<Arc<dyn Ecs>>, mut release: Release<EcsFields>) -> Handled<TaskFailure> {
    let ecs = context.target(&release.envelope).await?;
    for (name, service) in &release.fields.services {
        release.fields.before.insert(name.clone(), running(&*ecs, name, service).await?);
    }
    Ok(release)
}

async fn update(context: &Context<Arc<dyn Ecs>>, mut release: Release<EcsFields>) -> Handled<TaskFailure> {
    let ecs = context.target(&release.envelope).await?;
    let proof = context.lock_proof(&release.envelope).await?;
    for (name, service) in &mut release.fields.services {
        let definition = service.definition(name, &release.envelope.release_id);
        // An earlier attempt may have registered it.
        let task_definition = match ecs.task_definition(&definition.family).await? {
            Some(latest) if latest.definition == definition => latest.arn,
            _ => ecs.register(&proof, &definition).await?,
        };
        service.task_definition = Some(task_definition.clone());
        let state = ServiceState { task_definition, desired_count: service.desired_count };
        ecs.update(&proof, &service.cluster, name, &state).await?;
    }
    Ok(release)
}

async fn look(context: &Context<Arc<dyn Ecs>>, mut release: Release<EcsFields>) -> Handled<EcsFailure> {
    let ecs = context.target(&release.envelope).await?;
    release.fields.is_completed = true;
    for (name, Service { cluster, task_definition, .. }) in &release.fields.services {
        let (rollout, reason) = match ecs.service(cluster, name).await? {
            Some(it) if Some(&it.state.task_definition) == task_definition.as_ref() => (it.rollout, it.reason),
            _ => (Rollout::Failed, "somebody else has updated or deleted the service".into()),
        };
        if rollout == Rollout::Failed {
            return Err(EcsFailure::Deployment(name.clone(), reason));
        }
        release.fields.is_completed &= rollout == Rollout::Completed;
    }
    Ok(release)
}

async fn roll_back(context: &Context<Arc<dyn Ecs>>, release: Release<EcsFields>) -> Handled<TaskFailure> {
    let ecs = context.target(&release.envelope).await?;
    let ownership = context.ownership(&release.envelope).await?;
    for (name, service) in &release.fields.services {
        if let Some(found) = ecs.service(&service.cluster, name).await?
            && let Some(before) = release.fields.before.get(name)
            && let Some(running) = ecs.task_definition(&found.state.task_definition).await?
            && let Some(proof) = ownership.proof(running.definition.release_id.as_deref())
        {
            ecs.update(&proof, &service.cluster, name, before).await?;
        }
        let family = service.definition(name, &release.envelope.release_id).family;
        while let Some(latest) = ecs.task_definition(&family).await?
            && let Some(proof) = ownership.proof(latest.definition.release_id.as_deref())
        {
            ecs.deregister(&proof, &latest.arn).await?;
        }
    }
    Ok(release)
}

const DEFINITIONS: &str = "arn:${AWS::Partition}:ecs:*:${AWS::AccountId}:task-definition/*";
impl Deployer for EcsDeployer {
    type Fields = EcsFields;
    type Machine = Self;
    const NAME: &'static str = "ecs";
    const TIMEOUT_SECONDS: u32 = 1_800;
    const PERMISSIONS: &[Permission] = &[
        Permission::new("Ecs", "Registers task definitions and updates services", <dyn Ecs>::OPERATIONS, &["*"]),
        Permission::new("Tags", "Tags task definitions with the release", &["ecs:TagResource"], &[DEFINITIONS]),
    ];
    // A service that was deleted can still be described for a while. It must be created again.
    const ERROR_KINDS: &[(&str, ErrorKind)] = &[("ServiceNotActiveException", ErrorKind::NotFound)];
}

impl ClientDeployer for EcsDeployer {
    const ABOUT: &'static str = "Deploys ECS services";

    async fn plan(ecs: &ClientContext<Self>, prepared: &Prepared<EcsFields>) -> Result<Option<DeployPlan>, CodedError> {
        let mut changes = Vec::new();
        let Release { envelope, fields } = &prepared.release;
        for (name, service) in &fields.services {
            let now = running(&*ecs.ports, name, service).await?;
            let definition = ecs.ports.task_definition(&now.task_definition).await?;
            let now = definition.map(|it| it.definition.summary(now.desired_count));
            let new = service.definition(name, &envelope.release_id).summary(service.desired_count);
            changes.extend(PlannedChange::between("AWS::ECS::Service", name, now.as_deref(), &new));
        }
        Ok(Some(DeployPlan::of(changes)))
    }
}
