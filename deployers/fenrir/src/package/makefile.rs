//! Builds by `make`, as SAM calls it.

use super::digests::Input;
use super::error::UnitError;
use super::job::Job;
use super::scratch::Scratch;
use super::site::Site;
use super::tool::{Environment, Tool};
use super::tree;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

const MAKE: Tool = Tool {
    program: "make",
    get: "install GNU make, by the system's package manager or, on a Mac, `xcode-select --install`",
};

/// Runs `make build-<logical id>` in a copy of the inputs. It answers where the result is.
pub(super) fn build(
    job: &Job<'_>,
    inputs: &[Input],
    site: &Site,
    environment: &Environment,
    scratch: &Scratch,
) -> Result<PathBuf, UnitError> {
    let copy = scratch.folder("source")?;
    for input in inputs {
        copy_input(input, site, &copy)?;
    }
    let artifacts = scratch.folder("artifacts")?;
    let target = format!("build-{}", job.unit.logical_id);
    // A `make` that calls us is not to share its flags, nor its pipe of job tokens, with one that knows nothing of it.
    let alone = ["MAKEFLAGS", "MFLAGS", "MAKELEVEL"].map(|name| (name, OsStr::new("")));
    let variables = [&alone[..], &[("ARTIFACTS_DIR", artifacts.as_os_str())]].concat();
    let folder = copy.join(site.relative(&job.source));
    environment.run(&MAKE, &folder, &[target.as_ref()], &variables).map_err(|source| {
        let inputs: Vec<_> = inputs.iter().map(|(path, _)| site.shown(path)).collect();
        UnitError::Make { source, inputs: inputs.join(", ") }
    })?;
    Ok(artifacts)
}

/// Copies a file or folder to where it is in the template's folder.
fn copy_input((path, scope): &Input, site: &Site, copy: &Path) -> Result<(), UnitError> {
    let base = if path.is_file() { path.parent().unwrap_or(path) } else { path };
    let to = copy.join(site.relative(base));
    for entry in tree::read(path, *scope, site)? {
        let target = to.join(&entry.name);
        // Inputs may overlap, and what was copied may be write-protected like its original.
        if target.exists() {
            continue;
        }
        let folder = target.parent().unwrap_or(&to);
        let copied = fs::create_dir_all(folder).and_then(|()| fs::copy(&entry.path, &target));
        copied.map_err(|source| UnitError::Write { path: target, source })?;
    }
    Ok(())
}
