//! Installs the packages of `package-lock.json` with npm: for Linux and the function's architecture, without scripts.

use super::Workspace;
use crate::package::Architecture;
use crate::package::digests::Input;
use crate::package::error::ArtifactError;
use crate::package::job::Job;
use crate::package::scratch::Scratch;
use crate::package::tool::{Environment, Tool};
use crate::package::tree::{self, Entry, Scope, TreeError};
use bifrost::json;
use serde_json::{Map, Value};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// The list of the packages that the code asks for.
pub(in crate::package) const PACKAGE_JSON: &str = "package.json";

/// The folder of the installed packages.
pub(in crate::package) const NODE_MODULES: &str = "node_modules";

/// The lists of all packages with their versions. npm reads the first one that exists.
const LOCK_FILES: [&str; 2] = ["npm-shrinkwrap.json", "package-lock.json"];

/// The settings of npm for a project, such as the registry.
const SETTINGS: &str = ".npmrc";

/// npm's own record of what it installed, which depends on its version.
const HIDDEN_LOCK: &str = ".package-lock.json";

const NPM: Tool = Tool { program: "npm", get: "install Node with npm from https://nodejs.org" };

/// The first version that can select packages for another system (`--os`, `--cpu`, `--libc`).
const MIN_VERSION: (u32, u32) = (10, 3);

/// The version of npm.
pub(super) fn version(environment: &Environment) -> Result<String, ArtifactError> {
    let scratch = Scratch::new()?;
    let quiet = [("npm_config_update_notifier", OsStr::new("false"))];
    let version = environment.run(&NPM, &scratch.folder("empty")?, &["--version".as_ref()], &quiet)?;
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if found < MIN_VERSION { Err(ArtifactError::OldNpm { version }) } else { Ok(version) }
}

/// The lock file of a folder.
pub(in crate::package) fn lock_file(folder: &Path) -> Option<PathBuf> {
    LOCK_FILES.map(|name| folder.join(name)).into_iter().find(|path| path.is_file())
}

/// The inputs of npm, if they are fewer than those of the artifact: the lists alone, if they refer to no files.
pub(super) fn list(folder: &Path) -> Option<Vec<Input>> {
    let lists: Vec<_> = [folder.join(PACKAGE_JSON)].into_iter().chain(lock_file(folder)).collect();
    // A linked folder, also one of a workspace, has `"link": true`.
    let is_complete = lists.iter().all(|path| {
        let text = fs::read_to_string(path).unwrap_or_default();
        !text.contains("\"file:") && !text.contains("\"link\": true") && !text.contains("\"link\":true")
    });
    let settings = Some(folder.join(SETTINGS)).filter(|path| path.is_file());
    is_complete.then(|| lists.into_iter().chain(settings).map(|path| (path, Scope::Shipped)).collect())
}

/// Installs the packages of the list in a folder of a copy. Returns their files.
pub(super) fn install(
    job: &Job<'_>,
    folder: &Path,
    copy: &Path,
    Workspace { dir, environment, progress, .. }: Workspace<'_>,
) -> Result<Vec<Entry>, ArtifactError> {
    let cpu = match job.artifact.architecture {
        Architecture::X86_64 => "--cpu=x64",
        Architecture::Arm64 => "--cpu=arm64",
    };
    // Scripts of packages would build for this machine, and could do anything on it. Links to programs are of no use in a zip.
    let arguments = ["ci", "--omit=dev", "--ignore-scripts", "--os=linux", cpu, "--libc=glibc", "--bin-links=false"];
    let quiet = ["--audit=false", "--fund=false", "--update-notifier=false"];
    let arguments: Vec<_> = arguments.into_iter().chain(quiet).map(OsStr::new).collect();
    environment.run(&NPM, folder, &arguments, &[])?;
    let scripts = with_scripts(folder);
    if !scripts.is_empty() {
        let (id, names) = (&job.artifact.logical_id, scripts.join(", "));
        progress.warn(&format!(
            "{id}: Fenrir does not run the install scripts of packages; these have one: {names}. If the function needs it, build \
             with BuildMethod makefile"
        ));
    }
    let installed = folder.join(NODE_MODULES);
    if !installed.is_dir() {
        return Ok(Vec::new());
    }
    let mut entries = tree::read_linked(&installed, copy, dir).map_err(|error| match error {
        TreeError::BrokenLink { link, .. } | TreeError::LinkOut(link) => {
            let package = link.strip_prefix(&installed).unwrap_or(&link).display().to_string();
            ArtifactError::Linked { package }
        }
        error => error.into(),
    })?;
    entries.retain(|entry| entry.name != HIDDEN_LOCK);
    for entry in &mut entries {
        entry.name = format!("{NODE_MODULES}/{}", entry.name);
    }
    Ok(entries)
}

/// The installed packages with a script that npm would run after their installation.
fn with_scripts(folder: &Path) -> Vec<String> {
    let text = lock_file(folder).and_then(|path| fs::read(path).ok()).unwrap_or_default();
    let lock: Map<String, Value> = json::from_slice(&text).unwrap_or_default();
    let packages = lock.get("packages").and_then(Value::as_object).into_iter().flatten();
    let has_script = |package: &Value| package.get("hasInstallScript").and_then(Value::as_bool) == Some(true);
    let found =
        packages.filter(|(path, package)| has_script(package) && !path.is_empty() && folder.join(path).is_dir());
    found
        .map(|(path, _)| path.rsplit_once("node_modules/").map_or(path.as_str(), |(_, name)| name).to_owned())
        .collect()
}
