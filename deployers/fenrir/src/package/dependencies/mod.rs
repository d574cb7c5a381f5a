//! Installs the packages that functions and layers in Python and Node need: for Lambda, whatever this machine is.
//!
//! The packages of a list (`requirements.txt`, `package-lock.json`) are a zip in `.bifrost`, which is used again until the list
//! or the tool changes, by all artifacts with that list. A change of the code alone installs nothing.

mod node;
mod python;
mod requirements;
mod store;

pub(super) use node::{NODE_MODULES, PACKAGE_JSON, lock_file};
pub(super) use python::REQUIREMENTS;
pub(super) use requirements::{names as required_names, unpinned};

use super::archive;
use super::build_method::Method;
use super::builders::copy_input;
use super::cache::Cache;
use super::digests::{Digests, Input, fresh_digest};
use super::error::ArtifactError;
use super::job::Job;
use super::progress::Progress;
use super::scratch::Scratch;
use super::template_dir::TemplateDir;
use super::tool::Environment;
use super::tree::TreeError;
use super::{Architecture, Kind, archive::MAX_BYTES};
use bifrost::client::read_at_most;
use bifrost::release::Sha256;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Part of the key of a zip. Change it whenever the same list gives other files than before.
const FORMAT: &str = "1";

/// A result that several artifacts share.
type Shared<T> = OnceLock<Result<T, Arc<ArtifactError>>>;

/// Installs packages: each list once.
#[derive(Default)]
pub(super) struct Installer {
    python: Shared<String>,
    node: Shared<String>,
    /// The zips of this run.
    zips: Mutex<HashMap<Sha256, Arc<Shared<PathBuf>>>>,
    /// The keys of all artifacts.
    used: Mutex<BTreeSet<Sha256>>,
}

/// What an installation needs to know.
#[derive(Clone, Copy)]
pub(super) struct Workspace<'w> {
    pub(super) dir: &'w TemplateDir,
    pub(super) environment: &'w Environment,
    pub(super) progress: &'w dyn Progress,
    pub(super) cache: &'w Cache,
    pub(super) digests: &'w Digests,
    /// Whether to install what was installed before.
    pub(super) force: bool,
}

/// The packages of an artifact, which are not yet installed.
pub(super) struct PackageList {
    key: Sha256,
    files: ListFiles,
}

/// The files that decide which packages are installed.
enum ListFiles {
    /// The list alone, because it refers to no files.
    Complete(Vec<Input>),
    /// All inputs of the artifact, because the list refers to some of them.
    AllInputs(Vec<Input>),
}

impl ListFiles {
    fn inputs(&self) -> &[Input] {
        match self {
            Self::Complete(inputs) | Self::AllInputs(inputs) => inputs,
        }
    }

    /// How a file is compared. A list alone by its name, so that equal lists in different folders share their packages.
    fn name<'p>(&self, path: &'p Path, dir: &TemplateDir) -> &'p Path {
        match (self, path.file_name()) {
            (Self::Complete(_), Some(name)) => Path::new(name),
            _ => dir.relative(path),
        }
    }

    /// Adds to the error of a tool that files may be missing.
    fn explain(&self, error: ArtifactError, dir: &TemplateDir) -> ArtifactError {
        match (self, error) {
            (Self::AllInputs(inputs), ArtifactError::Tool(source)) => {
                let inputs: Vec<_> = inputs.iter().map(|(path, _)| dir.shown(path)).collect();
                ArtifactError::InCopy { source, inputs: inputs.join(", ") }
            }
            (_, error) => error,
        }
    }
}

impl Installer {
    /// The version of the tool, and its settings in variables. Empty for builds that install nothing.
    pub(super) fn toolchain(&self, method: Method, environment: &Environment) -> Result<String, ArtifactError> {
        let (version, prefixes): (_, &[&str]) = match method {
            Method::Python { .. } => {
                (self.python.get_or_init(|| python::version(environment).map_err(Arc::new)), &["PIP_"])
            }
            Method::Node => (
                self.node.get_or_init(|| node::version(environment).map_err(Arc::new)),
                &["npm_config_", "NPM_CONFIG_"],
            ),
            _ => return Ok(String::new()),
        };
        let version = version.as_ref().map_err(Arc::clone)?;
        Ok(format!("{version} {}", environment.starting_with(prefixes)))
    }

    /// The packages that an artifact with these inputs needs. They are kept for the next run.
    pub(super) fn list(
        &self,
        job: &Job<'_>,
        inputs: &[Input],
        workspace: Workspace<'_>,
    ) -> Result<PackageList, ArtifactError> {
        let alone = match job.method {
            Method::Python { .. } => python::list(&job.source)?,
            _ => node::list(&job.source),
        };
        let files = alone.map_or_else(|| ListFiles::AllInputs(inputs.to_vec()), ListFiles::Complete);
        let toolchain = self.toolchain(job.method, workspace.environment)?;
        let digest = |input: &Input| workspace.digests.get(input, workspace.dir);
        let key = key(job, &files, &toolchain, workspace.dir, digest)?;
        self.used.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
        Ok(PackageList { key, files })
    }

    /// The zip of the packages, which are installed unless they are known.
    pub(super) fn install(
        &self,
        job: &Job<'_>,
        list: &PackageList,
        workspace: Workspace<'_>,
    ) -> Result<Vec<u8>, ArtifactError> {
        let once = Arc::clone(self.zips.lock().unwrap_or_else(PoisonError::into_inner).entry(list.key).or_default());
        let path = once.get_or_init(|| {
            let known = (!workspace.force).then(|| store::known(list.key, workspace)).flatten();
            known.map_or_else(|| self.install_now(job, list, workspace), Ok).map_err(Arc::new)
        });
        let path = path.as_ref().map_err(Arc::clone)?;
        Ok(read_at_most(path, MAX_BYTES).map_err(|source| TreeError::Io { path: path.clone(), source })?)
    }

    fn install_now(
        &self,
        job: &Job<'_>,
        list: &PackageList,
        workspace: Workspace<'_>,
    ) -> Result<PathBuf, ArtifactError> {
        let dir = workspace.dir;
        let scratch = Scratch::new()?;
        let copy = scratch.folder("source")?;
        for input in list.files.inputs() {
            copy_input(input, dir, &copy)?;
        }
        let folder = copy.join(dir.relative(&job.source));
        let packages = match job.method {
            Method::Python { minor } => python::install(minor, job.artifact.architecture, &folder, workspace, &scratch),
            _ => node::install(job, &folder, &copy, workspace),
        };
        let zip = archive::pack(&packages.map_err(|error| list.files.explain(error, dir))?)?;
        let toolchain = self.toolchain(job.method, workspace.environment)?;
        let after = key(job, &list.files, &toolchain, dir, |input| fresh_digest(input, dir))?;
        let path = store::write(list.key, &zip, workspace)?;
        // If the list changed meanwhile, it is not known which packages these are.
        if after == list.key {
            store::remember(list.key, &zip, workspace);
        }
        Ok(path)
    }

    /// Deletes the zips that no artifact of the template uses any more.
    pub(super) fn close(&self, workspace: Workspace<'_>) {
        store::keep_only(&self.used.lock().unwrap_or_else(PoisonError::into_inner), workspace);
    }
}

/// A digest of everything that affects the packages.
fn key(
    job: &Job<'_>,
    files: &ListFiles,
    toolchain: &str,
    dir: &TemplateDir,
    digest: impl Fn(&Input) -> Result<Sha256, Arc<TreeError>>,
) -> Result<Sha256, ArtifactError> {
    let mut digests = Vec::new();
    for input in files.inputs() {
        digests.push((files.name(&input.0, dir), digest(input)?));
    }
    let all = format!("{FORMAT} {:?} {:?} {toolchain:?} {digests:?}", job.method, job.artifact.architecture);
    Ok(Sha256::of(all.as_bytes()))
}

/// The folder of a zip in which Lambda looks for the packages and code of an artifact: the zip itself, for a function.
pub(super) fn prefix(job: &Job<'_>) -> &'static str {
    match (job.artifact.kind, job.method) {
        (Kind::Layer, Method::Python { .. }) => "python/",
        (Kind::Layer, Method::Node) => "nodejs/",
        _ => "",
    }
}

/// The name of an architecture in Linux.
fn machine(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::X86_64 => "x86_64",
        Architecture::Arm64 => "aarch64",
    }
}
