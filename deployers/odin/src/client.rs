//! Odin for the commands.

use crate::cloud::{AutoScalingGroup, Instance, OdinPorts};
use crate::deployer::USER_DATA;
use crate::errors::UserDataFile;
use crate::groups::{release_id, service_name};
use crate::handlers::watch;
use crate::machine::Odin;
use crate::names::{CONFIG_NAME, PROJECT_NAME};
use crate::plan::plan;
use crate::release::{HealthyReport, OdinFields, OdinRelease};
use async_trait::async_trait;
use bifrost::client::{
    Attachment, Body, Changes, ClientDeployer, DeployPlan, Deployed, Prepared, Progress, ReleaseFile, ReusableFiles,
    Serving, StepFailure, read_at_most,
};
use bifrost::cloud::{CloudError, Encryption, Objects};
use bifrost::error_code::CodedError;
use bifrost::release::{ConfigName, ProjectName, Sha256};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// The most user data to read, in bytes. EC2 accepts far less, which is checked after rendering.
const MAX_USER_DATA: u64 = 1024 * 1024;

#[async_trait]
impl ClientDeployer for Odin {
    const ABOUT: &'static str = "Deploys each service of a release as an auto-scaling group, blue/green";
    const CHANGES_FROM: &'static str = "Deploy";

    /// Reads `<release file>.userdata`.
    fn attach(
        release_file: &Path,
        release: &mut Map<String, Value>,
        _: &ReusableFiles,
    ) -> Result<Vec<Attachment>, CodedError> {
        let mut path = release_file.as_os_str().to_owned();
        path.push(".userdata");
        let path = PathBuf::from(path);
        let body = read_at_most(&path, MAX_USER_DATA).map_err(|source| UserDataFile { path, source })?;
        release.insert("user_data_sha256".into(), Sha256::of(&body).to_string().into());
        Ok(vec![Attachment { name: USER_DATA.into(), body: Body::Bytes(body), encryption: encryption() }])
    }

    fn release_files(release: &OdinRelease) -> Vec<ReleaseFile> {
        let sha256 = release.fields.user_data_sha256;
        vec![ReleaseFile { name: USER_DATA.into(), sha256, encryption: encryption() }]
    }

    fn plan(
        ports: &OdinPorts,
        objects: &dyn Objects,
        prepared: &Prepared<OdinFields>,
    ) -> impl Future<Output = Result<Option<DeployPlan>, CodedError>> {
        plan(ports, objects, prepared)
    }

    /// The states after `CheckHealthy` do not look for a halt flag.
    fn too_late(state: &str, release: &OdinRelease) -> Option<String> {
        match state {
            "Healthy?" if release.fields.healthy != Some(true) => None,
            "Healthy?"
            | "WaitForDetach"
            | "DetachForSuccess"
            | "WaitDetachForSuccess"
            | "CleanUpSuccess"
            | "Success" => Some(format!(
                "too late to halt: in {state} the new groups are healthy and replace the old ones; to go back, use \
                     `rollback` once the deploy has succeeded"
            )),
            "DetachForFailure" | "WaitDetachForFailure" | "CleanUpFailure" | "ReleaseLockFailure" => {
                Some(format!("the deploy has failed already and is cleaning up in {state}"))
            }
            "FailureClean" | "FailureDirty" => Some("the deploy has failed already".to_owned()),
            _ => None,
        }
    }

    /// Old groups are detached from `DetachForSuccess` on, and only when the new ones are healthy. If the new ones became
    /// unhealthy or were deleted, the old ones may be all that serves.
    fn serving(state: &str, _: &OdinRelease, failures: &[StepFailure]) -> Serving {
        match state {
            "DetachForSuccess" | "WaitDetachForSuccess" | "CleanUpSuccess"
                if failures.iter().any(new_groups_cannot_serve) =>
            {
                Serving::Unknown
            }
            "WaitForDetach" | "DetachForSuccess" | "WaitDetachForSuccess" | "CleanUpSuccess" => Serving::New,
            "Validate"
            | "Lock"
            | "ValidateResources"
            | "Deploy"
            | "WaitForDeploy"
            | "WaitForHealthy"
            | "CheckHealthy"
            | "Healthy?"
            | "DetachForFailure"
            | "WaitDetachForFailure"
            | "CleanUpFailure"
            | "ReleaseLockFailure" => Serving::Previous,
            _ => Serving::Unknown,
        }
    }

    /// `DetachForSuccess` waits for balancers to drain. It is retried for the same time while the new groups are unhealthy,
    /// but that needs attention.
    fn is_waiting(failure: &StepFailure) -> bool {
        failure.code.as_deref() == Some("odin/draining")
    }

    fn progress(release: &OdinRelease) -> Vec<Progress> {
        let services = release.fields.services.iter();
        services.filter_map(|(name, service)| Some(dots(name.to_string(), service.healthy_report.as_ref()?))).collect()
    }

    fn watch(ports: &OdinPorts, release: &OdinRelease) -> impl Future<Output = Result<Vec<Progress>, CloudError>> {
        watch(ports, release)
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

    async fn deployed(
        ports: &OdinPorts,
        project: &ProjectName,
        config: &ConfigName,
    ) -> Result<Vec<Deployed>, CloudError> {
        let groups = ports.groups.groups(&[(PROJECT_NAME, project.as_str()), (CONFIG_NAME, config.as_str())]).await?;
        Ok(groups.into_iter().filter(|group| group.status.is_none()).map(deployed).collect())
    }
}

/// Whether the old groups were kept because the new ones cannot serve alone.
fn new_groups_cannot_serve(failure: &StepFailure) -> bool {
    matches!(failure.code.as_deref(), Some("odin/below-capacity" | "odin/group-deleted"))
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

fn deployed(group: AutoScalingGroup) -> Deployed {
    let tag = |value: Option<&str>| value.unwrap_or("unknown").to_owned();
    let part = |instance: Instance| format!("{} {} {}", instance.id, instance.lifecycle_state, instance.health_status);
    Deployed {
        service: tag(service_name(&group.tags)),
        release_id: tag(release_id(&group.tags)),
        since: group.created_time,
        parts: group.instances.into_iter().map(part).collect(),
        resource: group.name,
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
