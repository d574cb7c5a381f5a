//! What the framework's client, commands and engine have to know of Fenrir.

use crate::boundary::BOUNDARY;
use crate::cloud::{FenrirPorts, Stack};
use crate::machine::Fenrir;
use crate::names::stack_name_of;
use crate::permissions::PERMISSIONS;
use crate::release::{FenrirFields, FenrirRelease};
use crate::resolve::{RESOLVED_FILE, facts};
use crate::rules::{self, Answers};
use crate::{plan, template, told};
use async_trait::async_trait;
use bifrost::client::Prepared;
use bifrost::cloud::{CloudError, Objects};
use bifrost::release::{ConfigName, ProjectName, Sha256};
use bifrost::{Boundary, Changes, Deployed, Deployer, Permission, Plan, PlanError, Tone};
use serde_json::Value;
use std::collections::BTreeMap;

#[async_trait]
impl Deployer for Fenrir {
    type Fields = FenrirFields;
    type Machine = Self;

    const NAME: &'static str = "fenrir";
    const ABOUT: &'static str = "Deploys AWS SAM applications by CloudFormation change sets";
    const TIMEOUT_SECONDS: u32 = 300;
    const CHANGES_FROM: &'static str = "Execute";
    const RELEASE_FILE: Option<&'static str> = Some("template.yml");
    const WRITES_LOG: bool = true;
    const REUSES_FILES: bool = true;
    const PERMISSIONS: &'static [Permission] = PERMISSIONS;
    const BOUNDARY: Option<Boundary> = Some(BOUNDARY);
    const WRITTEN_FILES: &'static [&'static str] = &["log", RESOLVED_FILE];

    fn check(release: &FenrirRelease) -> Result<(), String> {
        let Some(sent) = &release.fields.template else { return Ok(()) };
        let template = template::of_release(sent).map_err(|findings| findings.to_string())?;
        let findings = rules::apply(&template, &facts(release), &Answers::new()).findings;
        if findings.refuse() { Err(findings.to_string()) } else { Ok(()) }
    }

    #[cfg(feature = "cli")]
    fn read(template_file: &std::path::Path) -> Result<serde_json::Map<String, Value>, String> {
        crate::prepare::read(template_file)
    }

    #[cfg(feature = "cli")]
    fn attach(
        template_file: &std::path::Path,
        release: &mut serde_json::Map<String, Value>,
        earlier: &bifrost::Uploaded,
    ) -> Result<Vec<bifrost::Attachment>, String> {
        crate::prepare::attach(template_file, release, earlier)
    }

    fn files(release: &Value) -> BTreeMap<String, Sha256> {
        let files = release.get("s3_uris_sha256s").and_then(Value::as_object).into_iter().flatten();
        files.filter_map(|(uri, sha256)| Some((uri.clone(), sha256.as_str()?.parse().ok()?))).collect()
    }

    fn plan(
        ports: &FenrirPorts,
        objects: &dyn Objects,
        prepared: &Prepared<FenrirFields>,
    ) -> impl Future<Output = Result<Option<Plan>, PlanError>> {
        plan::plan(ports, objects, prepared)
    }

    fn tone(line: &str) -> Tone {
        told::tone(line)
    }

    fn too_late(state: &str, release: &FenrirRelease) -> Option<String> {
        told::too_late(state, release)
    }

    fn changes(release: &FenrirRelease) -> Changes {
        told::changes(release)
    }

    async fn deployed(
        ports: &FenrirPorts,
        project: &ProjectName,
        config: &ConfigName,
    ) -> Result<Vec<Deployed>, CloudError> {
        let stack = ports.stacks.stack(&stack_name_of(project, config)).await?;
        Ok(stack.filter(|stack| stack.status != "REVIEW_IN_PROGRESS").map(deployed).into_iter().collect())
    }
}

fn deployed(stack: Stack) -> Deployed {
    let mut parts = vec![stack.status];
    parts.extend(stack.outputs.into_iter().map(|(key, value)| format!("{key} {value}")));
    Deployed {
        service: "stack".into(),
        release_id: stack.tags.get("ReleaseID").cloned().unwrap_or_else(|| "unknown".into()),
        since: stack.creation_time,
        resource: stack.name,
        parts,
    }
}
