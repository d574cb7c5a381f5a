//! What is known about the artifacts of a template without a build: faults, and warnings about the files of their zips.

use super::build_method::Method;
use super::dependencies::{REQUIREMENTS, unpinned};
use super::error::ArtifactError;
use super::failures::PackageError;
use super::job::Job;
use super::not_installed::{self, NotInstalled};
use super::secrets::{self, Secret};
use super::template_dir::TemplateDir;
use super::tree::{self, Entry, Scope, TreeError};
use super::{Artifact, build_context};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A warning about the zip of an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactWarning {
    /// The kind.
    pub kind: ArtifactWarningKind,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// The kind of a warning about a zip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArtifactWarningKind {
    /// It contains files with secrets.
    Secret,
    /// It contains a list of packages, but not the packages.
    NotInstalled,
    /// It contains packages whose versions are not known.
    NotPinned,
}

/// Files by folder: many artifacts share one.
type Folders = HashMap<(PathBuf, Scope), Result<Arc<Vec<Entry>>, Arc<TreeError>>>;

/// Checks the files of artifacts, as far as possible without a build: nothing is known about an empty folder. The results are in the
/// order of the artifacts.
///
/// # Errors
/// The template's folder cannot be read.
pub fn inspect(
    template: &Path,
    artifacts: &[Artifact],
) -> Result<Vec<Result<Vec<ArtifactWarning>, ArtifactError>>, PackageError> {
    let dir = TemplateDir::of(template)?;
    let mut folders = Folders::new();
    let mut inspect = |artifact| {
        let job = Job::of(artifact, artifacts, &dir)?;
        // Another build fills it before the deploy.
        if is_empty_folder(&job.source) { Ok(Vec::new()) } else { warnings(&job, &dir, &mut folders) }
    };
    Ok(artifacts.iter().map(&mut inspect).collect())
}

fn is_empty_folder(path: &Path) -> bool {
    fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}

fn warnings(job: &Job<'_>, dir: &TemplateDir, folders: &mut Folders) -> Result<Vec<ArtifactWarning>, ArtifactError> {
    let inputs = job.inputs(dir)?;
    let scope = match job.method {
        Method::Zip => Scope::Shipped,
        Method::Python { .. } | Method::Node => Scope::Code,
        Method::AsIs => return Ok(of_secrets(&secrets::in_zip(&job.source), job).into_iter().collect()),
        Method::Make => {
            // A broken link would fail the copy of the inputs.
            inputs.into_iter().try_for_each(|(path, scope)| files(path, scope, dir, folders).map(drop))?;
            return Ok(Vec::new());
        }
        Method::Go | Method::Cargo | Method::Docker => return Ok(Vec::new()),
    };
    let entries = files(job.source.clone(), scope, dir, folders)?;
    build_context::check_entries(job, &job.source, &entries, dir)?;
    let packages = match job.method {
        Method::Zip => not_installed::find(job.artifact, &entries).map(|missing| of_missing(&missing, job)),
        Method::Python { .. } => {
            fs::read_to_string(job.source.join(REQUIREMENTS)).ok().and_then(|list| of_unpinned(&list))
        }
        _ => None,
    };
    Ok(packages.into_iter().chain(of_secrets(&secrets::in_entries(&entries), job)).collect())
}

fn files(
    path: PathBuf,
    scope: Scope,
    dir: &TemplateDir,
    folders: &mut Folders,
) -> Result<Arc<Vec<Entry>>, Arc<TreeError>> {
    let key = (path, scope);
    if let Some(known) = folders.get(&key) {
        return known.clone();
    }
    let files = tree::read(&key.0, scope, dir).map(Arc::new).map_err(Arc::new);
    folders.entry(key).or_insert(files).clone()
}

fn of_missing(NotInstalled { list, package, build_method }: &NotInstalled, job: &Job<'_>) -> ArtifactWarning {
    let id = &job.artifact.logical_id;
    ArtifactWarning {
        kind: ArtifactWarningKind::NotInstalled,
        message: format!("nothing installs `{package}`, which {list} in the folder lists"),
        help: format!("add `Metadata: {{BuildMethod: {build_method}}}` to `{id}`, beside its `Properties`"),
    }
}

fn of_unpinned(list: &str) -> Option<ArtifactWarning> {
    let package = unpinned(list)?;
    Some(ArtifactWarning {
        kind: ArtifactWarningKind::NotPinned,
        message: format!("{REQUIREMENTS} has no version of `{package}`: another build may install another one"),
        help: "write the versions of all packages, best with their hashes; `uv pip compile --generate-hashes` and `pip-compile \
               --generate-hashes` make such a list"
            .to_owned(),
    })
}

/// The most files that a warning names.
const MAX_NAMED: usize = 3;

/// The warning about secrets in a zip.
pub(super) fn of_secrets(secrets: &[Secret], job: &Job<'_>) -> Option<ArtifactWarning> {
    let named: Vec<_> =
        secrets.iter().take(MAX_NAMED).map(|Secret { path, kind }| format!("`{path}` ({kind})")).collect();
    let more = match secrets.len().saturating_sub(MAX_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let help = match job.method {
        Method::AsIs => "create the zip without them",
        Method::Make | Method::Docker => "do not copy them in the build",
        _ => "move them out of the folder",
    };
    (!named.is_empty()).then(|| ArtifactWarning {
        kind: ArtifactWarningKind::Secret,
        message: format!("the zip contains {}{more}: everyone who may read the code can read them", named.join(", ")),
        help: format!("{help}; let the function read secrets from Secrets Manager or the Parameter Store"),
    })
}
