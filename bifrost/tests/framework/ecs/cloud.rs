//! The port to ECS, and what ECS does in the local cloud. The AWS half is not written: these tests need no AWS SDK.

use super::EcsDeployer;
use bifrost::cloud::CloudError;
use bifrost::lifecycle::Proof;
use bifrost::local::{ByRegion, LocalDeployer, LocalSession, RegionState, Resources, ServiceError, later};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// Services and task definitions of a region.
#[bifrost::port]
pub(super) trait Ecs {
    /// A task definition by its ARN, or the latest active one of a family. `None` for ECS's `ClientException`.
    #[call("ecs:DescribeTaskDefinition", id)]
    async fn task_definition(&self, id: &str) -> Result<Option<Registered>, CloudError>;
    /// Returns its ARN.
    #[change("ecs:RegisterTaskDefinition", definition.family)]
    async fn register(&self, proof: &Proof, definition: &TaskDefinition) -> Result<String, CloudError>;
    #[change("ecs:DeregisterTaskDefinition", arn)]
    async fn deregister(&self, proof: &Proof, arn: &str) -> Result<(), CloudError>;
    /// An active service with its primary deployment.
    #[call("ecs:DescribeServices", name)]
    async fn service(&self, cluster: &str, name: &str) -> Result<Option<Found>, CloudError>;
    #[change("ecs:UpdateService", name)]
    async fn update(&self, proof: &Proof, cluster: &str, name: &str, state: &ServiceState) -> Result<(), CloudError>;
}

/// A task definition with one container. The release id is its tag `ReleaseID`.
#[bifrost::field_type]
pub(super) struct TaskDefinition {
    pub(super) family: String,
    pub(super) image: String,
    pub(super) cpu: u32,
    pub(super) memory: u32,
    pub(super) release_id: Option<String>,
}

impl TaskDefinition {
    pub(super) fn summary(&self, desired_count: u32) -> String {
        let Self { image, cpu, memory, .. } = self;
        format!("{desired_count} tasks of {image} with {cpu} CPU units and {memory} MiB")
    }
}

#[bifrost::field_type]
pub(super) struct Registered {
    pub(super) arn: String,
    pub(super) definition: TaskDefinition,
    pub(super) is_active: bool,
}

/// What an update of a service sets.
#[bifrost::field_type]
pub(super) struct ServiceState {
    pub(super) task_definition: String,
    pub(super) desired_count: u32,
}

#[bifrost::field_type]
pub(super) struct Found {
    pub(super) state: ServiceState,
    /// Of the primary deployment.
    pub(super) rollout: Rollout,
    pub(super) reason: String,
}

#[bifrost::field_type]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Rollout {
    InProgress,
    Completed,
    Failed,
}

/// ECS in one region of the local cloud.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Region {
    /// By revision, the oldest first.
    pub(super) definitions: Vec<Registered>,
    /// By `<cluster>/<service>`.
    pub(super) services: BTreeMap<String, LocalService>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct LocalService {
    pub(super) found: Found,
    /// When the deployment ends.
    pub(super) ends_at: Option<DateTime<Utc>>,
}

/// How long a deployment takes, in seconds.
const DEPLOYMENT_SECONDS: u32 = 60;

impl Resources for Region {
    fn advance(&mut self, now: DateTime<Utc>) {
        for LocalService { found, ends_at } in self.services.values_mut() {
            if ends_at.take_if(|end| *end <= now).is_some() {
                let running = self.definitions.iter().find(|registered| registered.arn == found.state.task_definition);
                let is_broken = running.is_some_and(|running| running.definition.image.ends_with(":broken"));
                (found.rollout, found.reason) = if is_broken {
                    (Rollout::Failed, "ECS deployment circuit breaker: tasks failed to start.".into())
                } else {
                    (Rollout::Completed, "ECS deployment completed.".into())
                };
            }
        }
    }
}

impl LocalEcs for ByRegion<Region> {
    fn task_definition(region: &RegionState<'_, Self>, id: &str) -> Result<Option<Registered>, ServiceError> {
        let is_wanted = |it: &&Registered| it.arn == id || it.is_active && it.definition.family == id;
        Ok(region.here().definitions.iter().rfind(is_wanted).cloned())
    }

    fn register(region: &mut RegionState<'_, Self>, definition: &TaskDefinition) -> Result<String, ServiceError> {
        let (family, account, name) = (&definition.family, region.account, region.region);
        let definitions = &mut region.here_mut().definitions;
        let revision = definitions.iter().filter(|it| it.definition.family == *family).count() + 1;
        let arn = format!("arn:aws:ecs:{name}:{account}:task-definition/{family}:{revision}");
        definitions.push(Registered { arn: arn.clone(), definition: definition.clone(), is_active: true });
        Ok(arn)
    }

    fn deregister(region: &mut RegionState<'_, Self>, arn: &str) -> Result<(), ServiceError> {
        let found = region.here_mut().definitions.iter_mut().find(|it| it.is_active && it.arn == arn);
        found.ok_or_else(|| ServiceError::new("ClientException", "Unable to describe task definition."))?.is_active =
            false;
        Ok(())
    }

    fn service(region: &RegionState<'_, Self>, cluster: &str, name: &str) -> Result<Option<Found>, ServiceError> {
        let services = &region.here().services;
        if !services.keys().any(|key| key.starts_with(&format!("{cluster}/"))) {
            return Err(ServiceError::new("ClusterNotFoundException", "Cluster not found."));
        }
        Ok(services.get(&format!("{cluster}/{name}")).map(|service| service.found.clone()))
    }

    fn update(
        region: &mut RegionState<'_, Self>,
        cluster: &str,
        name: &str,
        state: &ServiceState,
    ) -> Result<(), ServiceError> {
        let (ends_at, here) = (later(region.now, DEPLOYMENT_SECONDS), region.here_mut());
        if !here.definitions.iter().any(|it| it.is_active && it.arn == state.task_definition) {
            return Err(ServiceError::new("ClientException", "TaskDefinition is inactive"));
        }
        let service = here.services.get_mut(&format!("{cluster}/{name}"));
        let service = service.ok_or_else(|| ServiceError::new("ServiceNotFoundException", "Service not found."))?;
        // The same task definition starts no deployment.
        if service.found.state.task_definition != state.task_definition {
            (service.ends_at, service.found.rollout) = (Some(ends_at), Rollout::InProgress);
            service.found.reason = "ECS deployment in progress.".into();
        }
        service.found.state = state.clone();
        Ok(())
    }
}

impl LocalDeployer for EcsDeployer {
    type Resources = ByRegion<Region>;
    const SEED: &'static str = include_str!("seed.json");

    fn local_ports(session: LocalSession<Self::Resources>) -> Arc<dyn Ecs> {
        Arc::new(session)
    }
}
