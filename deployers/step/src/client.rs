//! Step for the commands.

use crate::archive;
use crate::machine::Step;
use crate::plan::plan;
use crate::release::{CODE_FILE, PLACEHOLDERS, StepFields, StepRelease, is_definition_of};
use crate::resources::{Found, look_up};
use bifrost::client::{
    Attachment, Body, Changes, ClientContext, ClientDeployer, DeployPlan, Deployed, Prepared, ReleaseFile,
    ReusableFiles, Serving, StepFailure, read_at_most,
};
use bifrost::cloud::Encryption;
use bifrost::error_code::{Coded, CodedError};
use bifrost::machine::Machine;
use bifrost::release::Sha256;
use serde_json::{Map, Value};
use std::io;
use std::path::{Path, PathBuf};

/// The file with the definition, beside the release file, unless the release names another one or has a definition.
const DEFINITION_FILE: &str = "state_machine.json";

/// The largest file with a definition, in bytes. The definition is part of a release, which may have 200 KiB.
const MAX_DEFINITION_BYTES: u64 = 1024 * 1024;

/// A file that belongs to a release cannot be used.
#[derive(Debug, thiserror::Error, Coded)]
pub(crate) enum AttachError {
    /// The file with the definition cannot be read.
    #[error("state_machine: cannot read {path}: {source}; the path is relative to the release file")]
    #[code("step/unreadable-definition", "correct the path in the release file, and check the permissions of the file")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The release has a definition, and names a file with one.
    #[error("state_machine: the release has a definition already, in state_machine_json; remove one of the two")]
    #[code("step/two-definitions", "remove `state_machine` or `state_machine_json` from the release file")]
    TwoDefinitions,
    /// The path of a file is not text.
    #[error("{field}: expected the path of a file, found {found}")]
    #[code("step/wrong-path", "write the path as a text, relative to the release file")]
    WrongPath {
        /// The field of the release file.
        field: &'static str,
        /// Its value.
        found: Value,
    },
    /// The file with the definition is not UTF-8.
    #[error("{0} is not UTF-8 text")]
    #[code("step/not-text", "save the definition as UTF-8")]
    NotText(PathBuf),
}

impl ClientDeployer for Step {
    const ABOUT: &'static str = "Deploys a Step Functions state machine and its Lambda function";
    const WRITTEN_FILES: &'static [&'static str] = &[crate::handlers::PREVIOUS_FILE];

    /// Reads the code and the definition. The release file names them in `lambda_zip` and `state_machine`, which are not sent. Then
    /// fills in the placeholders of the definition.
    fn attach(
        release_file: &Path,
        release: &mut Map<String, Value>,
        _: &ReusableFiles,
    ) -> Result<Vec<Attachment>, CodedError> {
        let zip = archive::read(&path_beside(release_file, release, "lambda_zip", CODE_FILE)?)?;
        release.insert("lambda_sha256".into(), Sha256::of(&zip).to_string().into());
        let definition = definition(release_file, release)?;
        release.insert("state_machine_json".into(), fill(definition, release).into());
        Ok(vec![Attachment { name: CODE_FILE.into(), body: Body::Bytes(zip), encryption: Encryption::Bucket }])
    }

    fn release_files(release: &StepRelease) -> Vec<ReleaseFile> {
        let sha256 = release.fields.lambda_sha256;
        vec![ReleaseFile { name: CODE_FILE.into(), sha256, encryption: Encryption::Bucket }]
    }

    async fn plan(
        context: &ClientContext<Self>,
        prepared: &Prepared<StepFields>,
    ) -> Result<Option<DeployPlan>, CodedError> {
        plan(context, prepared).await.map(Some)
    }

    fn too_late(state: Step, _: &StepRelease) -> Option<String> {
        match state {
            Step::Validate | Step::Lock | Step::ValidateResources => None,
            Step::Deploy | Step::Success => Some(format!(
                "too late to halt: {} updates state machine and function; to go back, use `rollback` once the deploy has succeeded",
                state.name()
            )),
            Step::ReleaseLockFailure | Step::FailureClean | Step::FailureDirty => {
                Some("the deploy has failed already".to_owned())
            }
        }
    }

    fn serving(state: Step, _: &StepRelease, _: &[StepFailure]) -> Serving {
        match state {
            Step::Validate | Step::Lock | Step::ValidateResources | Step::ReleaseLockFailure | Step::FailureClean => {
                Serving::Previous
            }
            Step::Deploy | Step::FailureDirty | Step::Success => Serving::Unknown,
        }
    }

    /// Both, and whether they are still what the last release deployed.
    async fn deployed(context: &ClientContext<Self>) -> Result<Vec<Deployed>, CodedError> {
        let Some(last) = context.last_deployed().await? else { return Ok(Vec::new()) };
        Ok(match look_up(&context.ports, &last).await? {
            Ok(found) => deployed(&last, &found),
            Err(missing) => {
                let parts = missing.iter().map(ToString::to_string).collect();
                vec![Deployed { parts, ..Deployed::of(&last.envelope) }]
            }
        })
    }

    fn changes(release: &StepRelease) -> Changes {
        let name = &release.fields.lambda_name;
        let version = release.fields.lambda_version.as_ref();
        Changes {
            created: version.map(|version| format!("version {version} of function {name}")).into_iter().collect(),
            ..Changes::default()
        }
    }
}

fn deployed(last: &StepRelease, found: &Found) -> Vec<Deployed> {
    let fields = &last.fields;
    let of_last = |is_same: bool| if is_same { last.envelope.release_id.to_string() } else { "unknown".to_owned() };
    let entry = |service: &str, resource: String, is_same: bool, part: String| Deployed {
        service: service.to_owned(),
        resource,
        release_id: of_last(is_same),
        parts: vec![part],
        ..Deployed::of(&last.envelope)
    };
    let has_definition = is_definition_of(last, &found.state_machine.definition);
    let definition = if has_definition { "its definition" } else { "another definition than the last release" };
    let code = found.function.code_sha256.map_or_else(|| "unknown".to_owned(), |sha256| sha256.to_string());
    vec![
        entry("state machine", fields.step_fn_name.to_string(), has_definition, definition.to_owned()),
        entry(
            "function",
            fields.lambda_name.to_string(),
            found.function.code_sha256 == Some(fields.lambda_sha256),
            format!("code {code}, {} bytes", found.function.code_size_bytes),
        ),
    ]
}

/// The definition: in the release as text or JSON, or in a file.
fn definition(release_file: &Path, release: &mut Map<String, Value>) -> Result<String, CodedError> {
    match release.remove("state_machine_json") {
        Some(_) if release.contains_key("state_machine") => Err(AttachError::TwoDefinitions.into()),
        Some(Value::String(text)) => Ok(text),
        Some(json) => Ok(json.to_string()),
        None => {
            let path = path_beside(release_file, release, "state_machine", DEFINITION_FILE)?;
            let text = read_at_most(&path, MAX_DEFINITION_BYTES)
                .map_err(|source| AttachError::Unreadable { path: path.clone(), source })?;
            String::from_utf8(text).map_err(|_| AttachError::NotText(path).into())
        }
    }
}

/// The path that a field of the release file has, relative to that file. Removes the field.
fn path_beside(
    release_file: &Path,
    release: &mut Map<String, Value>,
    field: &'static str,
    default: &str,
) -> Result<PathBuf, AttachError> {
    let name = match release.remove(field) {
        None => default.to_owned(),
        Some(Value::String(name)) => name,
        Some(found) => return Err(AttachError::WrongPath { field, found }),
    };
    Ok(release_file.parent().unwrap_or(Path::new("")).join(name))
}

/// Fills in the placeholders with what the release says. Wrong values are refused later, with their JSON path.
fn fill(definition: String, release: &Map<String, Value>) -> String {
    let fields = ["aws_account_id", "aws_region", "lambda_name"];
    let values = PLACEHOLDERS.into_iter().zip(fields.map(|field| release.get(field).and_then(Value::as_str)));
    values.fold(definition, |text, (placeholder, value)| match value {
        Some(value) => text.replace(placeholder, value),
        None => text,
    })
}
