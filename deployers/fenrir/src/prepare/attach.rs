//! The files of a release: packaged, hashed, and entered into its template by the URIs that they will have.

use super::Opened;
use crate::cloud::MAX_BODY;
use crate::package::{self, Architecture, Artifact, ArtifactError, Kind, Options, Origin, Packaged, Progress};
use crate::resolve::TEMPLATE_FILE;
use crate::rules::{CodeReference, code_references};
use crate::template::{Node, ReportStyle};
use bifrost::client::{Attachment, Body, ReusableFiles};
use bifrost::cloud::Encryption;
use bifrost::release::{AccountId, ConfigName, ProjectDir, ProjectName, ReleaseDir, ReleaseId, Sha256};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::{Write, stderr};
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

/// Holds the template against all rules that need no AWS, packages what it refers to, and enters URIs and hashes into the
/// release. What was uploaded with an earlier release stays where it is: so the template says the same as before where
/// nothing changed. What its author should know, and is no reason to refuse it, is told on standard error.
///
/// # Errors
/// All that is wrong with the template, with its lines; or which files could not be made.
pub fn attach(
    file: &Path,
    release: &mut Map<String, Value>,
    earlier: &ReusableFiles,
) -> Result<Vec<Attachment>, String> {
    let opened = checked(file)?;
    release.insert("template".into(), Value::from(&opened.node));
    let units = units(&opened.node);
    let packaged = package::run(file, &units, &Options::default(), &BuildLog);
    let packaged = packaged.map_err(|error| error.to_string())?;
    let mut upload = Upload::begin(release, earlier)?;
    for (unit, packaged) in units.iter().zip(packaged) {
        let uri = upload.uri(unit, &packaged);
        enter(release, unit, &uri);
    }
    let Upload { hashes, mut attachments, .. } = upload;
    release.insert("s3_uris_sha256s".into(), hashes.into_iter().collect());
    attachments.extend(take_large_template(release));
    Ok(attachments)
}

fn checked(file: &Path) -> Result<Opened, String> {
    let opened = Opened::open(file).map_err(|unread| unread.to_string())?;
    let findings = opened.check();
    if findings.refuse() {
        return Err(opened.refusal(&findings));
    }
    // If nobody listens, nothing is lost that would stop the deploy.
    let _ = stderr().write_all(opened.text().report(&findings, ReportStyle::of_stderr()).as_bytes());
    Ok(opened)
}

/// Tells on standard error what had to be built, so that standard output is the deploy's.
struct BuildLog;

impl Progress for BuildLog {
    fn started(&self, _: &str) {}

    fn finished(&self, logical_id: &str, result: Result<&Packaged, &ArtifactError>, took: Duration) {
        if result.is_ok_and(|packaged| packaged.origin == Origin::Built) {
            // If nobody listens, the file is there still.
            let _ = writeln!(stderr(), "packaged {logical_id} in {:.1} s", took.as_secs_f64());
        }
    }

    fn warn(&self, message: &str) {
        let _ = writeln!(stderr(), "warning: {message}");
    }
}

/// What is going to be uploaded.
struct Upload<'a> {
    earlier: &'a ReusableFiles,
    bucket: String,
    dir: ReleaseDir,
    /// Where each content will be.
    uris: BTreeMap<Sha256, String>,
    hashes: BTreeMap<String, Value>,
    attachments: Vec<Attachment>,
}

impl<'a> Upload<'a> {
    fn begin(release: &Map<String, Value>, earlier: &'a ReusableFiles) -> Result<Self, String> {
        let account: AccountId = name(release, "aws_account_id")?;
        let (project, config): (ProjectName, ConfigName) =
            (name(release, "project_name")?, name(release, "config_name")?);
        let id: ReleaseId = name(release, "release_id")?;
        Ok(Self {
            earlier,
            bucket: name(release, "bucket")?,
            dir: ProjectDir::new(&account, &project).root_dir(&config).release_dir(&id),
            uris: BTreeMap::new(),
            hashes: BTreeMap::new(),
            attachments: Vec::new(),
        })
    }

    /// Where the file of a unit will be: where the same content is already, or where it is going to be uploaded.
    fn uri(&mut self, unit: &Artifact, packaged: &Packaged) -> String {
        let known = self.uris.get(&packaged.sha256).map(String::as_str).or_else(|| self.earlier.uri(&packaged.sha256));
        let uri = match known {
            Some(uri) => uri.to_owned(),
            None => self.add(unit, packaged),
        };
        self.uris.insert(packaged.sha256, uri.clone());
        self.hashes.insert(uri.clone(), packaged.sha256.to_string().into());
        uri
    }

    fn add(&mut self, unit: &Artifact, packaged: &Packaged) -> String {
        let name = format!("release/{}.{}", unit.logical_id, extension(unit, &packaged.path));
        let uri = format!("s3://{}/{}/{name}", self.bucket, self.dir);
        let body = Body::File { path: packaged.path.clone(), sha256: packaged.sha256 };
        self.attachments.push(Attachment { name, body, encryption: Encryption::Bucket });
        uri
    }
}

/// CloudFormation tells the format of a definition by its extension.
fn extension(unit: &Artifact, path: &Path) -> String {
    let own = path.extension().filter(|_| unit.kind == Kind::Definition);
    own.map_or_else(|| "zip".into(), |extension| extension.to_string_lossy().into_owned())
}

/// A field of the release that is a name.
fn name<T: FromStr<Err: Display>>(release: &Map<String, Value>, field: &str) -> Result<T, String> {
    let text = release.get(field).and_then(Value::as_str).ok_or_else(|| format!("{field}: it should be a text"))?;
    text.parse().map_err(|error| format!("{field}: {error}"))
}

/// Puts the URI where the path stood, or where `Globals` had put it.
fn enter(release: &mut Map<String, Value>, unit: &Artifact, uri: &str) {
    let resource = release.get_mut("template").and_then(|template| template.get_mut("Resources"));
    let properties = resource
        .and_then(|resources| resources.get_mut(&unit.logical_id)?.as_object_mut())
        .map(|resource| resource.entry("Properties").or_insert_with(|| Map::new().into()));
    if let Some(Value::Object(properties)) = properties {
        properties.insert(unit.property.clone(), uri.into());
    }
}

/// Makes a file of a template that is too large to travel (contract §8): as large as CloudFormation takes in a request.
fn take_large_template(release: &mut Map<String, Value>) -> Option<Attachment> {
    let body = release.get("template")?.to_string().into_bytes();
    if body.len() <= MAX_BODY {
        return None;
    }
    release.remove("template");
    release.insert("template_sha256".into(), Sha256::of(&body).to_string().into());
    Some(Attachment { name: TEMPLATE_FILE.into(), body: Body::Bytes(body), encryption: Encryption::Bucket })
}

/// Everything that a template refers to by a path.
#[must_use]
pub fn units(template: &Node) -> Vec<Artifact> {
    code_references(template).into_iter().map(unit).collect()
}

fn unit(reference: CodeReference) -> Artifact {
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
