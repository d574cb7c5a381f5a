//! What the commands need to know about Fenrir.

use crate::cloud::{FenrirPorts, Stack};
use crate::machine::Fenrir;
use crate::names::stack_name_of;
use crate::release::{FenrirFields, FenrirRelease};
use crate::resolve::TEMPLATE_FILE;
use crate::{names, plan, prepare, summary};
use async_trait::async_trait;
use bifrost::client::{
    Attachment, Changes, ClientDeployer, DeployPlan, Deployed, LogSeverity, Prepared, ReleaseFile, ReusableFiles,
    Serving, StepFailure,
};
use bifrost::cloud::{CloudError, Encryption, Objects};
use bifrost::error_code::CodedError;
use bifrost::release::{ConfigName, ProjectName, Sha256};
use futures_util::TryFutureExt;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

#[async_trait]
impl ClientDeployer for Fenrir {
    const ABOUT: &'static str = "Deploys AWS SAM applications with CloudFormation change sets";
    const RELEASE_FILE: Option<&'static str> = Some("template.yml");
    const WRITES_LOG: bool = true;
    const REUSES_FILES: bool = true;

    fn read(template_file: &Path) -> Result<Map<String, Value>, CodedError> {
        Ok(prepare::read(template_file)?)
    }

    fn attach(
        template_file: &Path,
        release: &mut Map<String, Value>,
        earlier: &ReusableFiles,
    ) -> Result<Vec<Attachment>, CodedError> {
        Ok(prepare::attach(template_file, release, earlier)?)
    }

    fn files(release: &Value) -> BTreeMap<String, Sha256> {
        let files = release.get("s3_uris_sha256s").and_then(Value::as_object).into_iter().flatten();
        files.filter_map(|(uri, sha256)| Some((uri.clone(), sha256.as_str()?.parse().ok()?))).collect()
    }

    fn release_files(release: &FenrirRelease) -> Vec<ReleaseFile> {
        let template = |sha256: &Sha256| ReleaseFile {
            name: TEMPLATE_FILE.into(),
            sha256: *sha256,
            encryption: Encryption::Bucket,
        };
        release.fields.template_sha256.iter().map(template).collect()
    }

    fn plan(
        ports: &FenrirPorts,
        objects: &dyn Objects,
        prepared: &Prepared<FenrirFields>,
    ) -> impl Future<Output = Result<Option<DeployPlan>, CodedError>> {
        plan::plan(ports, objects, prepared).map_err(CodedError::from)
    }

    fn severity(line: &str) -> LogSeverity {
        summary::severity(line)
    }

    fn too_late(state: Self, release: &FenrirRelease) -> Option<String> {
        summary::too_late(state, release)
    }

    fn serving(state: Self, release: &FenrirRelease, failures: &[StepFailure]) -> Serving {
        summary::serving(state, release, failures)
    }

    fn changes(release: &FenrirRelease) -> Changes {
        summary::changes(release)
    }

    async fn deployed(
        ports: &FenrirPorts,
        project: &ProjectName,
        config: &ConfigName,
    ) -> Result<Vec<Deployed>, CloudError> {
        let stack = ports.stacks.stack(&stack_name_of(project, config)).await?;
        let is_owned = |stack: &Stack| names::owned_by(&stack.tags, project, config);
        Ok(stack.filter(is_owned).map(deployed).into_iter().collect())
    }
}

fn deployed(stack: Stack) -> Deployed {
    let mut parts = vec![stack.status.to_string()];
    parts.extend(stack.outputs.into_iter().map(|(key, value)| format!("{key} {value}")));
    Deployed {
        service: "stack".into(),
        release_id: stack.tags.get("ReleaseID").cloned().unwrap_or_else(|| "unknown".into()),
        since: stack.creation_time,
        resource: stack.name,
        parts,
    }
}
