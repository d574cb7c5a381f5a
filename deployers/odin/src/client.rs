//! Odin for the commands.

use crate::cloud::{AutoScalingGroup, Instance};
use crate::concurrently::try_each;
use crate::deployer::USER_DATA;
use crate::errors::{Errors, UserDataFile};
use crate::group_state::group_state;
use crate::groups::{release_id, service_name};
use crate::handlers::watch;
use crate::machine::Odin;
use crate::names::{CONFIG_NAME, PROJECT_NAME};
use crate::plan::plan;
use crate::release::{HealthyReport, OdinFields, OdinRelease};
use bifrost::client::{
    Address, Attachment, Body, Changes, ClientContext, ClientDeployer, DeployPlan, Deployed, DeployedState, Prepared,
    Progress, ReleaseFile, ReusableFiles, Serving, StepFailure, read_at_most,
};
use bifrost::cloud::{CloudError, Encryption, limit_bytes};
use bifrost::error_code::CodedError;
use bifrost::machine::Machine;
use bifrost::release::Sha256;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

impl ClientDeployer for Odin {
    const ABOUT: &'static str = "Deploys each service of a release as an auto-scaling group, blue/green";
    const WRITES_LOG: bool = true;

    /// Reads `<release file>.userdata`.
    fn attach(
        release_file: &Path,
        release: &mut Map<String, Value>,
        _: &ReusableFiles,
    ) -> Result<Vec<Attachment>, CodedError> {
        let mut path = release_file.as_os_str().to_owned();
        path.push(".userdata");
        let path = PathBuf::from(path);
        let body = read_at_most(&path, limit_bytes::FILE).map_err(|source| UserDataFile { path, source })?;
        release.insert("user_data_sha256".into(), Sha256::of(&body).to_string().into());
        Ok(vec![Attachment { name: USER_DATA.into(), body: Body::Bytes(body), encryption: encryption() }])
    }

    fn release_files(release: &OdinRelease) -> Vec<ReleaseFile> {
        let sha256 = release.fields.user_data_sha256;
        vec![ReleaseFile { name: USER_DATA.into(), sha256, encryption: encryption() }]
    }

    async fn plan(
        context: &ClientContext<Self>,
        prepared: &Prepared<OdinFields>,
    ) -> Result<Option<DeployPlan>, CodedError> {
        plan(context, prepared).await.map(Some)
    }

    /// The states after `CheckHealthy` do not look for a halt flag.
    fn too_late(state: Odin, release: &OdinRelease) -> Option<String> {
        match state {
            Odin::Validate
            | Odin::Lock
            | Odin::ValidateResources
            | Odin::Deploy
            | Odin::WaitForDeploy
            | Odin::WaitForHealthy
            | Odin::CheckHealthy => None,
            Odin::IsHealthy if release.fields.healthy != Some(true) => None,
            Odin::IsHealthy
            | Odin::WaitForDetach
            | Odin::DetachForSuccess
            | Odin::WaitDetachForSuccess
            | Odin::CleanUpSuccess
            | Odin::Success => Some(format!(
                "too late to halt: in {} the new groups are healthy and replace the old ones; to go back, use `rollback` \
                 once the deploy has succeeded",
                state.name()
            )),
            Odin::DetachForFailure | Odin::WaitDetachForFailure | Odin::CleanUpFailure | Odin::ReleaseLockFailure => {
                Some(format!("the deploy has failed already and is cleaning up in {}", state.name()))
            }
            Odin::FailureClean | Odin::FailureDirty => Some("the deploy has failed already".to_owned()),
        }
    }

    /// Old groups are detached from `DetachForSuccess` on, and only when the new ones are healthy. If the new ones became
    /// unhealthy or were deleted, the old ones may be all that serves. Without the lock, a newer release may serve.
    fn serving(state: Odin, _: &OdinRelease, failures: &[StepFailure]) -> Serving {
        match state {
            _ if failures.iter().any(lost_the_lock) => Serving::Unknown,
            Odin::DetachForSuccess | Odin::WaitDetachForSuccess | Odin::CleanUpSuccess
                if failures.iter().any(new_groups_cannot_serve) =>
            {
                Serving::Unknown
            }
            Odin::WaitForDetach | Odin::DetachForSuccess | Odin::WaitDetachForSuccess | Odin::CleanUpSuccess => {
                Serving::New
            }
            Odin::Validate
            | Odin::Lock
            | Odin::ValidateResources
            | Odin::Deploy
            | Odin::WaitForDeploy
            | Odin::WaitForHealthy
            | Odin::CheckHealthy
            | Odin::IsHealthy
            | Odin::DetachForFailure
            | Odin::WaitDetachForFailure
            | Odin::CleanUpFailure
            | Odin::ReleaseLockFailure => Serving::Previous,
            Odin::FailureClean | Odin::FailureDirty | Odin::Success => Serving::Unknown,
        }
    }

    fn progress(release: &OdinRelease) -> Vec<Progress> {
        let services = release.fields.services.iter();
        services.filter_map(|(name, service)| Some(dots(name.to_string(), service.healthy_report.as_ref()?))).collect()
    }

    async fn watch(context: &ClientContext<Self>, release: &OdinRelease) -> Result<Vec<Progress>, CodedError> {
        Ok(watch(&context.ports, release).await?)
    }

    fn changes(release: &OdinRelease) -> Changes {
        let services = || release.fields.services.values();
        let group = |name: &String| format!("group {name}");
        Changes {
            created: services().filter_map(|service| service.created_asg.as_ref()).map(group).collect(),
            deleted: services()
                .filter_map(|service| service.resources.as_ref()?.prev_asg_arn.as_ref())
                .map(group)
                .collect(),
            ..Changes::default()
        }
    }

    async fn deployed(context: &ClientContext<Self>) -> Result<Vec<Deployed>, CodedError> {
        let Address { project, config, .. } = &context.address;
        let tags = [(PROJECT_NAME, project.as_str()), (CONFIG_NAME, config.as_str())];
        let groups = context.ports.groups.groups(&tags).await?;
        let deployed = try_each(groups, async |group: AutoScalingGroup| {
            let state = group_state(&context.ports, &group).await?;
            Ok::<_, CloudError>(deployed(group, state))
        });
        Ok(deployed.await.map_err(Errors::from)?)
    }
}

/// Whether the old groups were kept because the new ones cannot serve alone.
fn new_groups_cannot_serve(failure: &StepFailure) -> bool {
    matches!(failure.code.as_deref(), Some("odin/below-capacity" | "odin/group-deleted"))
}

/// Whether the lock was not this execution's any more, so that another release may be deployed by now.
fn lost_the_lock(failure: &StepFailure) -> bool {
    matches!(failure.code.as_deref(), Some("lock/lost" | "lock/given-back"))
}

/// User data may contain secrets.
fn encryption() -> Encryption {
    Encryption::Kms("alias/aws/s3".into())
}

/// A report as dots: each instance is counted once, even if the numbers of the report contradict each other.
pub(crate) fn dots(name: String, report: &HealthyReport) -> Progress {
    Progress {
        name,
        waiting: report.target_launched.saturating_sub(report.launching),
        starting: report.launching.saturating_sub(report.healthy).saturating_sub(report.terminating),
        healthy: report.healthy,
        terminating: report.terminating,
        enough: report.target_healthy,
    }
}

fn deployed(group: AutoScalingGroup, state: DeployedState) -> Deployed {
    let tag = |value: Option<&str>| value.unwrap_or("unknown").to_owned();
    let part = |instance: Instance| format!("{} {} {}", instance.id, instance.lifecycle_state, instance.health_status);
    Deployed {
        service: tag(service_name(&group.tags)),
        release_id: tag(release_id(&group.tags)),
        since: group.created_time,
        state: Some(state),
        parts: group.instances.into_iter().map(part).collect(),
        resource: group.name,
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
