//! Builds with `make`, which is called as SAM does it, and with compilers, which have incremental builds of their own.

use super::Architecture;
use super::archive::BOOTSTRAP;
use super::build_method::Method;
use super::digests::Input;
use super::error::ArtifactError;
use super::job::Job;
use super::scratch::Scratch;
use super::template_dir::TemplateDir;
use super::tool::{Environment, Tool, ToolError};
use super::tree;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

const MAKE: Tool = Tool {
    program: "make",
    get: "install GNU make with the package manager of the system, or on macOS with `xcode-select --install`",
};

const GO: Tool = Tool { program: "go", get: "install Go from https://go.dev/dl" };

const CARGO: Tool = Tool {
    program: "cargo",
    get: "install Rust from https://rustup.rs, and `cargo lambda` from https://www.cargo-lambda.info",
};

const RUSTC: Tool = Tool { program: "rustc", get: "install Rust from https://rustup.rs" };

/// What affects the result of a compiler apart from the files: its version, which a file in the folder may select, and its
/// environment variables. Empty without a compiler.
pub(super) fn toolchain(job: &Job<'_>, environment: &Environment) -> Result<String, ToolError> {
    let (tool, argument, prefixes): (_, _, &[&str]) = match job.method {
        Method::Go => (&GO, "version", &["GO", "CGO_"]),
        Method::Cargo => (&RUSTC, "--version", &["CARGO_", "RUST"]),
        _ => return Ok(String::new()),
    };
    let version = environment.run(tool, &job.source, &[argument.as_ref()], &[])?;
    Ok(version + &environment.starting_with(prefixes))
}

/// Builds the Go package in the folder for Linux. Returns the path of the executable.
pub(super) fn go(job: &Job<'_>, environment: &Environment, scratch: &Scratch) -> Result<PathBuf, ArtifactError> {
    let bootstrap = scratch.folder("artifacts")?.join(BOOTSTRAP);
    let architecture = match job.artifact.architecture {
        Architecture::X86_64 => "amd64",
        Architecture::Arm64 => "arm64",
    };
    // Without paths and commit in the executable, which would change the hash of the same code. Without `net/rpc`, which only
    // the retired runtime needs (docs.aws.amazon.com/lambda/latest/dg/golang-package.html).
    let flags = ["build", "-trimpath", "-buildvcs=false", "-tags", "lambda.norpc", "-o"].map(OsStr::new);
    let arguments = [&flags[..], &[bootstrap.as_os_str(), ".".as_ref()]].concat();
    let variables = [("GOOS", "linux"), ("GOARCH", architecture), ("CGO_ENABLED", "0")];
    let variables = variables.map(|(name, value)| (name, OsStr::new(value)));
    environment.run(&GO, &job.source, &arguments, &variables)?;
    Ok(bootstrap)
}

/// Builds the Cargo package or workspace in the folder. Returns the path of the executable.
pub(super) fn cargo(job: &Job<'_>, environment: &Environment, scratch: &Scratch) -> Result<PathBuf, ArtifactError> {
    let built = scratch.folder("lambda")?;
    let architecture = match job.artifact.architecture {
        Architecture::X86_64 => "--x86-64",
        Architecture::Arm64 => "--arm64",
    };
    let mut arguments: Vec<&OsStr> =
        ["lambda", "build", "--release", architecture, "--lambda-dir"].map(OsStr::new).into();
    arguments.push(built.as_os_str());
    if let Some(binary) = &job.artifact.binary {
        arguments.extend([OsStr::new("--bin"), OsStr::new(binary)]);
    }
    environment.run(&CARGO, &job.source, &arguments, &[])?;
    binary(&built, job.artifact.binary.as_deref())
}

/// Selects the executable: `cargo lambda` creates a folder for each.
fn binary(built: &Path, wanted: Option<&str>) -> Result<PathBuf, ArtifactError> {
    let entries = fs::read_dir(built).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    found.sort();
    let chosen = match (wanted, found.as_slice()) {
        (None, [only]) => Some(only),
        (wanted, several) => several.iter().find(|name| Some(name.as_str()) == wanted),
    };
    let bootstrap = chosen.map(|name| built.join(name).join(BOOTSTRAP)).filter(|path| path.is_file());
    bootstrap.ok_or(ArtifactError::Binary { found })
}

/// Runs `make build-<logical id>` in a copy of the inputs. Returns the path of the result.
pub(super) fn make(
    job: &Job<'_>,
    inputs: &[Input],
    dir: &TemplateDir,
    environment: &Environment,
    scratch: &Scratch,
) -> Result<PathBuf, ArtifactError> {
    let copy = scratch.folder("source")?;
    for input in inputs {
        copy_input(input, dir, &copy)?;
    }
    let artifacts = scratch.folder("artifacts")?;
    let target = format!("build-{}", job.artifact.logical_id);
    // If `make` runs Fenrir, its flags and its job server must not affect this `make`.
    let without_parent = ["MAKEFLAGS", "MFLAGS", "MAKELEVEL"].map(|name| (name, OsStr::new("")));
    let variables = [&without_parent[..], &[("ARTIFACTS_DIR", artifacts.as_os_str())]].concat();
    let folder = copy.join(dir.relative(&job.source));
    environment.run(&MAKE, &folder, &[target.as_ref()], &variables).map_err(|source| {
        let inputs: Vec<_> = inputs.iter().map(|(path, _)| dir.shown(path)).collect();
        ArtifactError::Make { source, inputs: inputs.join(", ") }
    })?;
    Ok(artifacts)
}

/// Copies a file or folder to its relative path in the copy.
pub(super) fn copy_input((path, scope): &Input, dir: &TemplateDir, copy: &Path) -> Result<(), ArtifactError> {
    let base = if path.is_file() { path.parent().unwrap_or(path) } else { path };
    let to = copy.join(dir.relative(base));
    for entry in tree::read(path, *scope, dir)? {
        let target = to.join(&entry.name);
        // Inputs may overlap, and the first copy may be read-only.
        if target.exists() {
            continue;
        }
        let folder = target.parent().unwrap_or(&to);
        let copied = fs::create_dir_all(folder).and_then(|()| fs::copy(&entry.path, &target));
        copied.map_err(|source| ArtifactError::Write { path: target, source })?;
    }
    Ok(())
}
