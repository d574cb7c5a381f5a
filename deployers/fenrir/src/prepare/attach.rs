//! Packages and hashes the files of a release, and writes their future URIs into its template.

use super::{Opened, TemplateFileError, today};
use crate::cloud::MAX_BODY;
use crate::package::{
    self, Architecture, Artifact, ArtifactError, Kind, Options, Origin, PackageError, Packaged, Progress,
};
use crate::resolve::TEMPLATE_FILE;
use crate::rules::{CodeReference, code_references};
use crate::template::Node;
use bifrost::client::{Attachment, Body, ReusableFiles};
use bifrost::cloud::Encryption;
use bifrost::error_code::Coded;
use bifrost::release::{AccountId, ConfigName, InvalidName, ProjectDir, ProjectName, ReleaseDir, ReleaseId, Sha256};
use chrono::{DateTime, NaiveDate};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::io::{Write, stderr};
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

/// Why the files of a release cannot be attached.
#[derive(Debug, thiserror::Error, Coded)]
pub enum AttachError {
    /// The template file cannot be read, or breaks rules.
    #[error(transparent)]
    #[code(source)]
    Template(#[from] TemplateFileError),
    /// The code cannot be packaged.
    #[error(transparent)]
    #[code(source)]
    Package(#[from] PackageError),
    /// A field of the release that has to be a name is missing.
    #[error("the release has no string in {field}; add it to the header of the template")]
    #[code("package/no-name", "add the field to the header of the template")]
    NoName {
        /// The field.
        field: &'static str,
    },
    /// A field of the release is not a valid name.
    #[error("{field}: {source}")]
    #[code(source)]
    InvalidName {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        source: InvalidName,
    },
}

/// Applies all rules that need no AWS to the template, packages the code that it refers to, and writes URIs and hashes into the
/// release. A file that an earlier release uploaded keeps its URI, so that the template does not change where the code did not.
/// Prints warnings about the template on standard error.
///
/// # Errors
/// [`AttachError`].
pub fn attach(
    file: &Path,
    release: &mut Map<String, Value>,
    earlier: &ReusableFiles,
) -> Result<Vec<Attachment>, AttachError> {
    let opened = Opened::open(file)?;
    opened.check_and_warn(day(release))?;
    release.insert("template".into(), Value::from(&opened.node));
    let artifacts = artifacts(&opened.node);
    let packaged = package::run(file, &artifacts, &Options::default(), &BuildLog)?;
    let mut upload = Upload::begin(release, earlier)?;
    for (artifact, packaged) in artifacts.iter().zip(packaged) {
        let uri = upload.uri(artifact, &packaged);
        set_uri(release, artifact, &uri);
    }
    let Upload { hashes, mut attachments, .. } = upload;
    release.insert("s3_uris_sha256s".into(), hashes.into_iter().collect());
    attachments.extend(take_large_template(release));
    Ok(attachments)
}

/// The day of the release. The client refuses a release without a valid time later.
fn day(release: &Map<String, Value>) -> NaiveDate {
    let time = release.get("created_at").and_then(Value::as_str);
    let time = time.and_then(|time| DateTime::parse_from_rfc3339(time).ok());
    time.map_or_else(today, |time| time.to_utc().date_naive())
}

/// Prints what was built on standard error, because standard output is for the deploy.
struct BuildLog;

impl Progress for BuildLog {
    fn started(&self, _: &str) {}

    fn finished(&self, logical_id: &str, result: Result<&Packaged, &ArtifactError>, took: Duration) {
        if result.is_ok_and(|packaged| packaged.origin == Origin::Built) {
            // The file exists even if standard error is closed.
            let _ = writeln!(stderr(), "packaged {logical_id} in {:.1} s", took.as_secs_f64());
        }
    }

    fn warn(&self, message: &str) {
        let _ = writeln!(stderr(), "warning: {message}");
    }
}

/// The files to upload.
struct Upload<'a> {
    earlier: &'a ReusableFiles,
    bucket: String,
    dir: ReleaseDir,
    /// The URIs by content.
    uris: BTreeMap<Sha256, String>,
    hashes: BTreeMap<String, Value>,
    attachments: Vec<Attachment>,
}

impl<'a> Upload<'a> {
    fn begin(release: &Map<String, Value>, earlier: &'a ReusableFiles) -> Result<Self, AttachError> {
        let account: AccountId = name(release, "aws_account_id")?;
        let (project, config): (ProjectName, ConfigName) =
            (name(release, "project_name")?, name(release, "config_name")?);
        let id: ReleaseId = name(release, "release_id")?;
        Ok(Self {
            earlier,
            bucket: string(release, "bucket")?.to_owned(),
            dir: ProjectDir::new(&account, &project).root_dir(&config).release_dir(&id),
            uris: BTreeMap::new(),
            hashes: BTreeMap::new(),
            attachments: Vec::new(),
        })
    }

    /// The URI of a packaged file: that of the same content, or the one to which it will be uploaded.
    fn uri(&mut self, artifact: &Artifact, packaged: &Packaged) -> String {
        let known = self.uris.get(&packaged.sha256).map(String::as_str).or_else(|| self.earlier.uri(&packaged.sha256));
        let uri = match known {
            Some(uri) => uri.to_owned(),
            None => self.add(artifact, packaged),
        };
        self.uris.insert(packaged.sha256, uri.clone());
        self.hashes.insert(uri.clone(), packaged.sha256.to_string().into());
        uri
    }

    fn add(&mut self, artifact: &Artifact, packaged: &Packaged) -> String {
        let name = format!("release/{}.{}", artifact.logical_id, extension(artifact, &packaged.path));
        let uri = format!("s3://{}/{}/{name}", self.bucket, self.dir);
        let body = Body::File { path: packaged.path.clone(), sha256: packaged.sha256 };
        self.attachments.push(Attachment { name, body, encryption: Encryption::Bucket });
        uri
    }
}

/// CloudFormation recognizes the format of a definition by its extension.
fn extension(artifact: &Artifact, path: &Path) -> String {
    let own = path.extension().filter(|_| artifact.kind == Kind::Definition);
    own.map_or_else(|| "zip".into(), |extension| extension.to_string_lossy().into_owned())
}

fn string<'r>(release: &'r Map<String, Value>, field: &'static str) -> Result<&'r str, AttachError> {
    release.get(field).and_then(Value::as_str).ok_or(AttachError::NoName { field })
}

fn name<T: FromStr<Err = InvalidName>>(release: &Map<String, Value>, field: &'static str) -> Result<T, AttachError> {
    string(release, field)?.parse().map_err(|source| AttachError::InvalidName { field, source })
}

/// Replaces the path of a artifact by its URI, in the resource even if the path is in `Globals`.
fn set_uri(release: &mut Map<String, Value>, artifact: &Artifact, uri: &str) {
    let resource = release.get_mut("template").and_then(|template| template.get_mut("Resources"));
    let properties = resource
        .and_then(|resources| resources.get_mut(&artifact.logical_id)?.as_object_mut())
        .map(|resource| resource.entry("Properties").or_insert_with(|| Map::new().into()));
    if let Some(Value::Object(properties)) = properties {
        properties.insert(artifact.property.clone(), uri.into());
    }
}

/// Moves a template into a file that is larger than CloudFormation accepts in a request (contract §8).
fn take_large_template(release: &mut Map<String, Value>) -> Option<Attachment> {
    let body = release.get("template")?.to_string().into_bytes();
    if body.len() <= MAX_BODY {
        return None;
    }
    release.remove("template");
    release.insert("template_sha256".into(), Sha256::of(&body).to_string().into());
    Some(Attachment { name: TEMPLATE_FILE.into(), body: Body::Bytes(body), encryption: Encryption::Bucket })
}

/// The artifacts of all paths in a template.
#[must_use]
pub fn artifacts(template: &Node) -> Vec<Artifact> {
    code_references(template).into_iter().map(artifact).collect()
}

pub(super) fn artifact(reference: CodeReference) -> Artifact {
    Artifact {
        kind: match reference.property {
            "ContentUri" => Kind::Layer,
            "DefinitionUri" => Kind::Definition,
            _ => Kind::Function,
        },
        architecture: match reference.architecture.as_deref() {
            Some("arm64") => Architecture::Arm64,
            _ => Architecture::X86_64,
        },
        logical_id: reference.logical_id,
        property: reference.property.into(),
        source: Some(reference.path),
        runtime: reference.runtime,
        build_method: reference.build_method,
        binary: reference.binary,
        build_inputs: reference.build_inputs,
    }
}
