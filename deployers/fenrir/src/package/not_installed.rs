//! Lists of packages that a zip of a folder contains, but that nothing has installed.

use super::dependencies::{NODE_MODULES, PACKAGE_JSON, REQUIREMENTS, required_names};
use super::tree::Entry;
use super::{Artifact, Kind};
use bifrost::json;
use serde_json::{Map, Value};

/// The packages that the runtimes of Lambda have.
const IN_PYTHON: [&str; 2] = ["boto3", "botocore"];
const IN_NODE: [&str; 2] = ["@aws-sdk/", "@smithy/"];

/// Packages that are missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotInstalled {
    /// The list that names them.
    pub(super) list: &'static str,
    /// The first of them.
    pub(super) package: String,
    /// The `BuildMethod` that installs them.
    pub(super) build_method: String,
}

/// The packages that the files of a zip need, according to their list, and that are not among them.
pub(super) fn find(artifact: &Artifact, entries: &[Entry]) -> Option<NotInstalled> {
    let runtime = artifact.runtime.as_deref();
    let is_for = |language: &str| match (artifact.kind, runtime) {
        (Kind::Layer, _) => true,
        (_, runtime) => runtime.is_some_and(|runtime| runtime.starts_with(language)),
    };
    let found = |list: &'static str, package, example: &str| {
        let build_method = runtime.unwrap_or(example).to_owned();
        NotInstalled { list, package, build_method }
    };
    let python = || missing_in_python(entries).map(|package| found(REQUIREMENTS, package, "python3.13"));
    let node = || missing_in_node(entries).map(|package| found(PACKAGE_JSON, package, "nodejs"));
    is_for("python").then(python).flatten().or_else(|| is_for("nodejs").then(node).flatten())
}

fn read(entries: &[Entry], name: &str) -> Option<String> {
    let entry = entries.iter().find(|entry| entry.name == name)?;
    String::from_utf8(entry.read().ok()?).ok()
}

/// Installed packages have a folder with their metadata. Copied ones have at least a module of their name.
fn missing_in_python(entries: &[Entry]) -> Option<String> {
    let text = read(entries, REQUIREMENTS)?;
    let has_metadata = |entry: &Entry| entry.name.contains(".dist-info/") || entry.name.contains(".egg-info/");
    if entries.iter().any(has_metadata) {
        return None;
    }
    let has_module = |package: &str| {
        let module = package.replace(['-', '.'], "_").to_lowercase();
        let is_module = |part: &str| part.strip_suffix(".py").unwrap_or(part).to_lowercase() == module;
        entries.iter().any(|entry| entry.name.split('/').any(is_module))
    };
    let is_missing = |package: &String| !IN_PYTHON.contains(&package.to_lowercase().as_str()) && !has_module(package);
    required_names(&text).into_iter().find(is_missing)
}

fn missing_in_node(entries: &[Entry]) -> Option<String> {
    let text = read(entries, PACKAGE_JSON)?;
    if entries.iter().any(|entry| entry.name.split('/').any(|part| part == NODE_MODULES)) {
        return None;
    }
    let package: Map<String, Value> = json::from_slice(text.as_bytes()).ok()?;
    let mut names = package.get("dependencies")?.as_object()?.keys();
    names.find(|name| !IN_NODE.iter().any(|scope| name.starts_with(scope))).cloned()
}
