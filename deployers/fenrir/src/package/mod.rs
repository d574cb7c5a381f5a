//! Makes the files that a template refers to: a zip for each function and layer, built only where its inputs changed.
//!
//! # How a file is made
//!
//! - A `Dockerfile` beside the template: its image is built once, and `/<function>.zip` copied out of it for each function.
//! - `Metadata.BuildMethod: rust-cargolambda`: `cargo lambda build --release`, in the folder itself.
//! - `Metadata.BuildMethod: go` (SAM says `go1.x`): `go build`, in the folder itself.
//! - `Metadata.BuildMethod: makefile`: `make build-<logical id>`, as SAM does it: in a copy of its inputs, with `ARTIFACTS_DIR`
//!   saying where the result goes.
//! - No `BuildMethod`: the folder or file is zipped as it is. A `.zip` or `.jar`, and the local file of a `DefinitionUri`, are
//!   taken as they are.
//!
//! # What its inputs are
//!
//! Inputs are compared by content, never by time, and what might be an input is one:
//!
//! - What is zipped: its folder. A link is followed, and may not lead out of it.
//! - `makefile`: the folder of its `CodeUri`; or, if `Metadata.BuildInputs` lists paths (from the template's folder), these
//!   and the `Makefile`. The build sees nothing else, as it runs in a copy: what is not declared fails the build at once,
//!   and no build can be stale for it.
//! - `go`, `rust-cargolambda`: the whole repository (the nearest folder with `.git`; without one the outermost with a
//!   `Cargo.toml`, `go.mod` or `go.work`; else the template's folder), the compiler's version, and the environment's variables
//!   that speak to it. That is more than needed and cheap: these tools know by themselves what to compile anew.
//! - `Dockerfile`: the template's folder, without what a plain line of its `.dockerignore` names.
//!
//! Never inputs are what was packaged before for a template of the folder, `.bifrost`, and (but for Docker) `.git`, `.aws-sam`,
//! `__pycache__` and any folder with a `CACHEDIR.TAG`, such as Cargo's `target`. Not seen are the tools that a Makefile calls and
//! the environment that it reads, what compilers are told in the home folder, and what a Dockerfile fetches, be it the image
//! that it begins with: after a change of these, build by force (and Docker uses what it has pulled).

mod archive;
mod build_context;
mod builders;
mod cache;
mod docker;
mod error;
mod job;
mod parallel;
mod progress;
mod scratch;
mod template_dir;
mod tool;
mod tree;

pub use error::{ArtifactError, PackageError, PackagingFailure};
pub use progress::{Progress, Terminal};
pub use tool::{Environment, ToolError};
pub use tree::TreeError;

use bifrost::release::Sha256;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

/// Something in a template that refers to a local file or folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// The resource's logical id.
    pub logical_id: String,
    /// What it is.
    pub kind: Kind,
    /// The property that refers to it, for messages: `CodeUri`, `ContentUri`, `DefinitionUri`.
    pub property: String,
    /// The path that stands there, from the template's folder. A function that a Dockerfile builds needs none.
    pub source: Option<String>,
    /// `Runtime`, for a function.
    pub runtime: Option<String>,
    /// What it is built for.
    pub architecture: Architecture,
    /// `Metadata.BuildMethod`.
    pub build_method: Option<String>,
    /// `Metadata.BuildProperties.Binary`: which executable of a Cargo workspace it is.
    pub binary: Option<String>,
    /// `Metadata.BuildInputs`: all that the Makefile reads, from the template's folder. Empty: the folder of its source.
    pub build_inputs: Vec<String>,
}

/// What a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The code of a function.
    Function,
    /// The content of a layer.
    Layer,
    /// The definition of an API.
    Definition,
}

/// The processor that a function runs on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Architecture {
    /// `x86_64`, which is Lambda's default.
    #[default]
    X86_64,
    /// `arm64`.
    Arm64,
}

/// How units are packaged.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many units are built at once.
    pub jobs: NonZeroUsize,
    /// Whether also those are built whose inputs did not change.
    pub force: bool,
    /// Where the tools are found, and what they get as their environment.
    pub environment: Environment,
}

impl Default for Options {
    /// As many at once as there are processors, only what changed, and the environment of this process.
    fn default() -> Self {
        let jobs = available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self { jobs, force: false, environment: Environment::of_this_process() }
    }
}

/// A file that is ready to be uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packaged {
    /// The logical id of its unit.
    pub logical_id: String,
    /// Where it is: beside the template, or what the unit refers to, if that is taken as it is.
    pub path: PathBuf,
    /// The SHA-256 of its content.
    pub sha256: Sha256,
    /// How it came to be.
    pub origin: Origin,
}

/// How a file came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It was built now.
    Built,
    /// It was built before, of the same inputs.
    Cached,
    /// It was there, and is no result of a build.
    AsIs,
}

/// Packages the units of a template, several at once. The files are in the order of the units.
///
/// A unit that fails stops no other: what could be built is there, and is not built again the next time.
///
/// # Errors
/// [`PackageError`], with all the units that failed.
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
    if failures.is_empty() { Ok(packaged) } else { Err(PackageError::Units { failures, of: artifacts.len() }) }
}
