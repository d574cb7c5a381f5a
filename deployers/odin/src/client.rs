//! What Odin's commands have to know of it.

use crate::cloud::{AutoScalingGroup, Instance, OdinPorts};
use crate::deployer::USER_DATA;
use crate::groups::{release_id, service_name};
use crate::handlers::watch;
use crate::machine::Odin;
use crate::names::{CONFIG_NAME, PROJECT_NAME};
use crate::plan::plan;
use crate::release::{HealthyReport, OdinFields, OdinRelease};
use async_trait::async_trait;
use bifrost::client::{
    Attachment, Body, Changes, ClientDeployer, DeployPlan, Deployed, PlanError, Prepared, Progress, ReleaseFile,
    ReusableFiles, read_at_most,
};
use bifrost::cloud::{CloudError, Encryption, Objects};
use bifrost::release::{ConfigName, ProjectName, Sha256};
use serde_json::{Map, Value};
use std::path::Path;

/// How many bytes of user data are read at all. What EC2 takes is far less, and checked once names are put in.
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
    ) -> Result<Vec<Attachment>, String> {
        let mut file = release_file.as_os_str().to_owned();
        file.push(".userdata");
        let body = read_at_most(Path::new(&file), MAX_USER_DATA).map_err(|error| {
            format!(
                "cannot read the user data in {}: {error}; a release's user data stands in the file beside it",
                file.display()
            )
        })?;
        release.insert("user_data_sha256".into(), Sha256::of(&body).to_string().into());
        Ok(vec![Attachment { name: USER_DATA.into(), body: Body::Bytes(body), encryption: encryption() }])
    }

    fn belongings(release: &OdinRelease) -> Vec<ReleaseFile> {
        let sha256 = release.fields.user_data_sha256;
        vec![ReleaseFile { name: USER_DATA.into(), sha256, encryption: encryption() }]
    }

    fn plan(
        ports: &OdinPorts,
        objects: &dyn Objects,
        prepared: &Prepared<OdinFields>,
    ) -> impl Future<Output = Result<Option<DeployPlan>, PlanError>> {
        plan(ports, objects, prepared)
    }

    /// The states after `CheckHealthy` do not look for a halt.
    fn too_late(state: &str, release: &OdinRelease) -> Option<String> {
        match state {
            "Healthy?" if release.fields.healthy != Some(true) => None,
            "Healthy?"
            | "WaitForDetach"
            | "DetachForSuccess"
            | "WaitDetachForSuccess"
            | "CleanUpSuccess"
            | "Success" => Some(format!(
                "it comes too late: the new instances are healthy, and in {state} the old ones go; `odin rollback` puts \
                     back what was deployed before"
            )),
            "DetachForFailure"
            | "WaitDetachForFailure"
            | "CleanUpFailure"
            | "ReleaseLockFailure"
            | "FailureClean"
            | "FailureDirty" => Some(format!("it has failed already, and cleans up in {state}")),
            _ => None,
        }
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

/// User data may hold what nobody else should read.
fn encryption() -> Encryption {
    Encryption::Kms("alias/aws/s3".into())
}

/// A report as dots. Every instance is one of them, whatever the others say.
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
