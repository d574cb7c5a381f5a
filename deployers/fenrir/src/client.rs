//! What the commands need to know about Fenrir.

use crate::boundary::BOUNDARY;
use crate::cloud::Stack;
use crate::machine::Fenrir;
use crate::names::stack_name_of;
use crate::release::{FenrirFields, FenrirRelease};
use crate::resolve::{RESOLVED_FILE, TEMPLATE_FILE};
use crate::{names, plan, prepare, summary};
use bifrost::Boundary;
use bifrost::client::{
    Address, Attachment, Changes, ClientContext, ClientDeployer, DeployPlan, Deployed, LogSeverity, Prepared,
    ReleaseFile, ReusableFiles, Serving, StepFailure,
};
use bifrost::cloud::Encryption;
use bifrost::error_code::CodedError;
use bifrost::release::Sha256;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

impl ClientDeployer for Fenrir {
    const ABOUT: &'static str = "Deploys AWS SAM applications with CloudFormation change sets";
    const RELEASE_FILE: Option<&'static str> = Some("template.yml");
    const WRITES_LOG: bool = true;
    const WRITTEN_FILES: &'static [&'static str] = &[RESOLVED_FILE];
    const BOUNDARY: Option<Boundary> = Some(BOUNDARY);
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

    async fn plan(
        context: &ClientContext<Self>,
        prepared: &Prepared<FenrirFields>,
    ) -> Result<Option<DeployPlan>, CodedError> {
        Ok(Some(plan::plan(context, prepared).await?))
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

    async fn deployed(context: &ClientContext<Self>) -> Result<Vec<Deployed>, CodedError> {
        let Address { project, config, .. } = &context.address;
        let stack = context.ports.stacks.stack(&stack_name_of(project, config)).await?;
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
        state: None,
        parts,
    }
}
