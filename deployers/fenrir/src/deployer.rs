//! What the framework's client, commands and engine have to know of Fenrir.

use crate::boundary::BOUNDARY;
use crate::cloud::{FenrirPorts, Stack};
use crate::machine::Fenrir;
use crate::names::stack_name_of;
use crate::owner;
use crate::permissions::PERMISSIONS;
use crate::release::{FenrirFields, FenrirRelease};
use crate::resolve::{RESOLVED_FILE, TEMPLATE_FILE, facts};
use crate::rules::{self, Answers};
use crate::{plan, template, told};
use async_trait::async_trait;
use bifrost::client::Prepared;
use bifrost::cloud::{CloudError, Encryption, Objects};
use bifrost::release::{ConfigName, ProjectName, Sha256};
use bifrost::{Belonging, Boundary, Changes, Deployed, Deployer, Permission, Plan, PlanError, Tone};
use serde_json::Value;
use std::collections::BTreeMap;

/// How many bytes a release may have. A state's output may have 200 KiB, and up to 64 KiB of events and outputs are added.
const LARGEST_RELEASE: usize = 128 * 1024;

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
        check_size(release)?;
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

    fn belongings(release: &FenrirRelease) -> Vec<Belonging> {
        let template =
            |sha256: &Sha256| Belonging { name: TEMPLATE_FILE.into(), sha256: *sha256, encryption: Encryption::Bucket };
        release.fields.template_sha256.iter().map(template).collect()
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
        let is_theirs = |stack: &Stack| owner::is_of(&stack.tags, project, config);
        Ok(stack.filter(is_theirs).map(deployed).into_iter().collect())
    }
}

/// Refuses a release that would not travel to the end: the states add events and outputs to it.
///
/// # Errors
/// How large it is, and what to do.
pub(crate) fn check_size(release: &FenrirRelease) -> Result<(), String> {
    let size = serde_json::to_vec(release).map_err(|error| error.to_string())?.len();
    if size <= LARGEST_RELEASE {
        return Ok(());
    }
    Err(format!(
        "the release has {size} bytes without white space, and {LARGEST_RELEASE} are all that can travel: say less in \
         `metadata`, or refer to fewer files"
    ))
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
