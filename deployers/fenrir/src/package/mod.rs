//! Packages the code that a template refers to: a zip for each function and layer, rebuilt only if its inputs changed.
//!
//! # Build methods
//!
//! - A `Dockerfile` beside the template: Fenrir builds its image once, and copies `/<function>.zip` of each function out of it.
//! - `Metadata.BuildMethod: rust-cargolambda`: `cargo lambda build --release`, in the folder of the code.
//! - `Metadata.BuildMethod: go` (in SAM `go1.x`): `go build`, in the folder of the code.
//! - `Metadata.BuildMethod: python3.13` (or `python`, for the function's runtime): the folder, with the packages of its
//!   `requirements.txt`. pip installs wheels for the function's Python and architecture on Amazon Linux, with any Python of this
//!   machine. A package without a wheel is an error, except one in a folder of the project that needs no compiler.
//! - `Metadata.BuildMethod: nodejs22.x` (or `nodejs`): the folder, with `node_modules` as `npm ci --omit=dev` installs it from
//!   `package-lock.json`, for Linux and the function's architecture. npm runs no scripts of packages: they would build for this
//!   machine, and could do anything on it.
//! - `Metadata.BuildMethod: makefile`: `make build-<logical id>`, as in SAM: in a copy of the inputs, with the folder for the
//!   result in `ARTIFACTS_DIR`.
//! - No `BuildMethod`: Fenrir zips the folder or file. It uses a `.zip` or `.jar`, and the file of a `DefinitionUri`, unchanged.
//!
//! Packages are in the root of the zip; in a layer, code and packages are in `python` or `nodejs`, as in SAM. A file of the code
//! replaces one of a package. `node_modules` and virtual environments in the folder are left out. The same lists give the same zip
//! on any machine: scripts, which have paths of this machine, are left out, too. A list without versions gives what the index has
//! when it is installed: write versions, best with hashes (`uv pip compile --generate-hashes`, `pip-compile`), which pip checks.
//! Settings of pip and npm, such as the index, are those of the user. The build methods of layers name the version of Python;
//! `Metadata.BuildArchitecture` or the only one of `CompatibleArchitectures` is their architecture.
//!
//! # Inputs
//!
//! Fenrir compares inputs by content, never by time. Everything that may affect a build is an input:
//!
//! - Zipped code: the folder. Links are followed, and may not lead out of it.
//! - `makefile`: the folder of `CodeUri`. If `Metadata.BuildInputs` lists paths (from the template's folder): these and the
//!   `Makefile`. The build runs in a copy that contains nothing else, so that a missing input fails the build instead of
//!   leaving it stale.
//! - `python…`, `nodejs…`: the folder of `CodeUri`, the version of the tool, and its environment variables. Installed packages are
//!   kept in `.bifrost` by the content of their list, and shared by all functions with that list: a change of the code alone installs
//!   nothing. A list that refers to files (`-r`, `./shared`, `file:`) is installed with all inputs; name those outside of the folder
//!   in `Metadata.BuildInputs`.
//! - `go`, `rust-cargolambda`: the whole repository (the nearest folder with `.git`; otherwise the outermost folder with a
//!   `Cargo.toml`, `go.mod` or `go.work`; otherwise the template's folder), the compiler's version, and the compiler's
//!   environment variables. That is more than necessary, but cheap, because these tools build incrementally.
//! - `Dockerfile`: the template's folder, without the paths in plain lines of `.dockerignore`.
//!
//! Never inputs are packaged zips, `.bifrost`, and (except for Docker) `.git`, `.aws-sam`, `__pycache__` and any folder with a
//! `CACHEDIR.TAG`, such as Cargo's `target`. Fenrir does not detect changes of the tools and variables that a Makefile uses, of
//! settings of compilers, pip and npm in the home folder, and of images and files that a Dockerfile downloads. After such a change run
//! `fenrir package --force`; Docker may still use images from its cache.

mod archive;
mod build_context;
mod build_method;
mod builders;
mod cache;
mod dependencies;
mod digests;
mod docker;
mod error;
mod failures;
mod inspect;
mod job;
mod not_installed;
mod parallel;
mod progress;
mod scratch;
mod secrets;
mod template_dir;
mod tool;
mod tree;

pub use archive::ArchiveError;
pub use error::ArtifactError;
pub use failures::{PackageError, PackagingFailure, PackagingFailures};
pub use inspect::{ArtifactWarning, ArtifactWarningKind, inspect};
pub use progress::{Progress, Terminal};
pub use tool::{Environment, ToolError};
pub use tree::TreeError;

use bifrost::release::Sha256;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

/// A resource of a template that refers to a local file or folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// The logical id of the resource.
    pub logical_id: String,
    /// The kind of file.
    pub kind: Kind,
    /// The property with the path, for messages: `CodeUri`, `ContentUri`, `DefinitionUri`.
    pub property: String,
    /// The path, from the template's folder. A function that a Dockerfile builds needs none.
    pub source: Option<String>,
    /// `Runtime`, for a function.
    pub runtime: Option<String>,
    /// The target architecture.
    pub architecture: Architecture,
    /// `Metadata.BuildMethod`.
    pub build_method: Option<String>,
    /// `Metadata.BuildProperties.Binary`: the executable of a Cargo workspace.
    pub binary: Option<String>,
    /// `Metadata.BuildInputs`: the paths, from the template's folder, that the Makefile reads; if empty, the folder of the source.
    /// With `python…` and `nodejs…`, what the list of packages refers to, beside that folder.
    pub build_inputs: Vec<String>,
}

/// The kind of an artifact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The code of a function.
    Function,
    /// The content of a layer.
    Layer,
    /// The definition of an API.
    Definition,
}

/// The processor architecture of a function.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Architecture {
    /// `x86_64`, the default of Lambda.
    #[default]
    X86_64,
    /// `arm64`.
    Arm64,
}

/// Options of packaging.
#[derive(Debug, Clone)]
pub struct Options {
    /// The maximum number of concurrent builds.
    pub jobs: NonZeroUsize,
    /// Whether to rebuild artifacts whose inputs did not change.
    pub force: bool,
    /// The environment of the tools, whose `PATH` they are found in.
    pub environment: Environment,
}

impl Default for Options {
    /// One job for each processor, without force, in the environment of this process.
    fn default() -> Self {
        let jobs = available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self { jobs, force: false, environment: Environment::of_this_process() }
    }
}

/// A file to upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packaged {
    /// The logical id of the artifact.
    pub logical_id: String,
    /// A zip beside the template, or the file that the template refers to, if it is used unchanged.
    pub path: PathBuf,
    /// The SHA-256 of its content.
    pub sha256: Sha256,
    /// Whether it was built.
    pub origin: Origin,
}

/// The origin of a packaged file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Built in this run.
    Built,
    /// Built in an earlier run, from the same inputs.
    Cached,
    /// Used unchanged, without a build.
    AsIs,
}

/// Packages the artifacts of a template, several at once. The files are in the order of the artifacts.
///
/// A failure does not stop the other builds, whose results are in the cache for the next run.
///
/// # Errors
/// [`PackageError`], with all failures.
pub fn run(
    template: &Path,
    artifacts: &[Artifact],
    options: &Options,
    progress: &dyn Progress,
) -> Result<Vec<Packaged>, PackageError> {
    let dir = template_dir::TemplateDir::of(template)?;
    let context = build_context::BuildContext::open(&dir, options, progress);
    let results = parallel::map(options.jobs, artifacts, |artifact| context.package(artifact, artifacts));
    context.close();
    let mut packaged = Vec::new();
    let mut failures = Vec::new();
    for (artifact, result) in artifacts.iter().zip(results) {
        match result {
            Ok(file) => packaged.push(file),
            Err(error) => failures.push(PackagingFailure { logical_id: artifact.logical_id.clone(), error }),
        }
    }
    if failures.is_empty() {
        return Ok(packaged);
    }
    Err(PackagingFailures { failures, total: artifacts.len() }.into())
}
