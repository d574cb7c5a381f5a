//! Installs the packages of `requirements.txt` with pip: wheels for the function's Python and architecture.

use super::{Workspace, machine, requirements};
use crate::package::Architecture;
use crate::package::digests::Input;
use crate::package::error::ArtifactError;
use crate::package::scratch::Scratch;
use crate::package::tool::{Environment, Tool, ToolError};
use crate::package::tree::{self, Entry, Scope, TreeError};
use bifrost::json;
use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// The list of packages.
pub(in crate::package) const REQUIREMENTS: &str = "requirements.txt";

const PYTHON: Tool =
    Tool { program: "python3", get: "install Python 3 with pip from https://www.python.org/downloads" };

/// The script that calls pip.
const SCRIPT: &str = include_str!("pip_for_lambda.py");

/// Settings for people, which would stop pip. They overrule those of the user's files.
const VARIABLES: [(&str, &str); 6] = [
    ("PIP_DISABLE_PIP_VERSION_CHECK", "1"),
    ("PIP_NO_INPUT", "1"),
    ("PIP_PROGRESS_BAR", "off"),
    ("PIP_REQUIRE_VIRTUALENV", "0"),
    ("PIP_ROOT_USER_ACTION", "ignore"),
    ("PIP_USER", "0"),
];

/// The versions of Python and pip.
pub(super) fn version(environment: &Environment) -> Result<String, ArtifactError> {
    let scratch = Scratch::new()?;
    let script = script(&scratch)?;
    Ok(run(&[script.as_os_str()], &scratch.folder("empty")?, environment)?)
}

/// The inputs of pip, if they are fewer than those of the artifact: the list alone, if it refers to no files.
pub(super) fn list(folder: &Path) -> Result<Option<Vec<Input>>, ArtifactError> {
    let path = folder.join(REQUIREMENTS);
    let text = fs::read_to_string(&path).map_err(|source| TreeError::Io { path: path.clone(), source })?;
    Ok(requirements::is_complete(&text).then(|| vec![(path, Scope::Shipped)]))
}

/// Installs the packages of the list in a folder. Returns their files.
pub(super) fn install(
    minor: u8,
    architecture: Architecture,
    folder: &Path,
    Workspace { dir, environment, .. }: Workspace<'_>,
    scratch: &Scratch,
) -> Result<Vec<Entry>, ArtifactError> {
    let target = scratch.folder("packages")?;
    let machine = machine(architecture);
    let (script, minor_version, glibc) = (script(scratch)?, minor.to_string(), glibc(minor).to_string());
    let words: [&OsStr; 3] = [minor_version.as_ref(), machine.as_ref(), glibc.as_ref()];
    let arguments = [&[script.as_os_str()], &words[..], &[target.as_os_str()]].concat();
    run(&arguments, folder, environment).map_err(|source| match &source {
        ToolError::Failed { tail, .. } if tail.contains(NO_WHEEL) => ArtifactError::NoWheel { source, minor, machine },
        _ => source.into(),
    })?;
    for package in distributions(&target) {
        check_origin(&package)?;
        check_platform(&package, minor, machine)?;
        clean(&package, &target)?;
    }
    Ok(tree::read(&target, Scope::Shipped, dir)?)
}

/// What pip prints if the index has no wheel of a package for the platform.
const NO_WHEEL: &str = "No matching distribution found";

/// The minor version of GNU libc in the runtime: Amazon Linux 2 up to Python 3.11, then Amazon Linux 2023.
fn glibc(minor: u8) -> u8 {
    if minor <= 11 { 26 } else { 34 }
}

/// Writes the script. In a folder of its own, because Python also imports modules from there.
fn script(scratch: &Scratch) -> Result<PathBuf, ArtifactError> {
    let path = scratch.folder("pip")?.join("pip_for_lambda.py");
    fs::write(&path, SCRIPT).map_err(|source| ArtifactError::Write { path: path.clone(), source })?;
    Ok(path)
}

fn run(arguments: &[&OsStr], folder: &Path, environment: &Environment) -> Result<String, ToolError> {
    environment.run(&PYTHON, folder, arguments, &VARIABLES.map(|(name, value)| (name, OsStr::new(value))))
}

/// The folders with the metadata of the installed packages.
fn distributions(target: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(target).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|path| path.extension().is_some_and(|ending| ending == "dist-info")).collect()
}

/// Refuses a package that is only a path of this machine (PEP 610, PEP 660).
fn check_origin(package: &Path) -> Result<(), ArtifactError> {
    let origin: Value =
        json::from_slice(&fs::read(package.join("direct_url.json")).unwrap_or_default()).unwrap_or_default();
    if origin.pointer("/dir_info/editable") == Some(&Value::Bool(true)) {
        return Err(ArtifactError::Editable { package: name(package) });
    }
    Ok(())
}

/// Name and version of an installed package.
fn name(package: &Path) -> String {
    package.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// pip does not check the wheels that it builds itself, from a folder or a repository: those may contain machine code for this
/// machine.
fn check_platform(package: &Path, minor: u8, machine: &'static str) -> Result<(), ArtifactError> {
    let wheel = fs::read_to_string(package.join("WHEEL")).unwrap_or_default();
    let mut tags = wheel.lines().filter_map(|line| line.strip_prefix("Tag: ")).map(str::trim).peekable();
    let Some(first) = tags.peek().map(|tag| (*tag).to_owned()) else { return Ok(()) };
    if tags.any(|tag| fits(tag, minor, machine)) {
        return Ok(());
    }
    Err(ArtifactError::ForThisMachine { package: name(package), tag: first, minor, machine })
}

/// Whether Lambda can load what has this tag, such as `cp313-cp313-manylinux_2_17_x86_64`.
fn fits(tag: &str, minor: u8, machine: &str) -> bool {
    let mut parts = tag.splitn(3, '-');
    let (python, abi, platform) = (parts.next(), parts.next(), parts.next().unwrap_or_default());
    let is_for_linux = platform.contains("linux") && platform.ends_with(machine);
    let is_for_python = python == Some(&format!("cp3{minor}")) || abi.is_some_and(|abi| abi == "abi3" || abi == "none");
    platform == "any" || is_for_linux && is_for_python
}

/// Removes what pip writes for this machine: scripts, which begin with the path of its Python, headers, and the path of a local
/// package. Also from the list of the package's files.
fn clean(package: &Path, target: &Path) -> Result<(), ArtifactError> {
    let record = package.join("RECORD");
    let Ok(text) = fs::read_to_string(&record) else { return Ok(()) };
    let origin = package.strip_prefix(target).unwrap_or(package).join("direct_url.json");
    let mut kept = String::new();
    for line in text.lines() {
        let path = line.split(',').next().unwrap_or_default().trim_matches('"');
        match outside(path).or_else(|| (Path::new(path) == origin).then_some(path)) {
            Some(path) if is_plain(path) => drop(fs::remove_file(target.join(path))),
            Some(_) => {}
            None => kept.extend([line, "\n"]),
        }
    }
    fs::write(&record, kept).map_err(|source| ArtifactError::Write { path: record, source })
}

/// The path, from the target folder, of a file that is not below the packages.
fn outside(path: &str) -> Option<&str> {
    path.strip_prefix("../../").filter(|path| path.starts_with("bin/") || path.starts_with("include/"))
}

fn is_plain(path: &str) -> bool {
    Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wheel_for_another_platform_does_not_fit() {
        for tag in [
            "py3-none-any",
            "cp313-cp313-manylinux_2_17_x86_64",
            "cp37-abi3-manylinux2014_x86_64",
            "py3-none-manylinux2014_x86_64",
            "cp313-cp313-linux_x86_64",
        ] {
            assert!(fits(tag, 13, "x86_64"), "{tag}");
        }
        for tag in ["cp311-cp311-linux_x86_64", "cp313-cp313-linux_aarch64", "cp313-cp313-macosx_14_0_x86_64", "cp313"]
        {
            assert!(!fits(tag, 13, "x86_64"), "{tag}");
        }
    }

    #[test]
    fn only_files_for_this_machine_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("packages");
        let package = target.join("six-1.0.dist-info");
        for path in ["packages/six-1.0.dist-info/direct_url.json", "packages/bin/six", "packages/share/six", "secret"] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let rows = [
            "../../bin/../../secret,,",
            "../../bin/six,sha256=x,1",
            "../../share/six,,",
            "six-1.0.dist-info/direct_url.json,,",
            "six.py,,",
        ];
        fs::write(package.join("RECORD"), rows.join("\n")).unwrap();
        clean(&package, &target).unwrap();
        assert_eq!(fs::read_to_string(package.join("RECORD")).unwrap(), "../../share/six,,\nsix.py,,\n");
        assert!(!package.join("direct_url.json").exists() && !target.join("bin/six").exists());
        assert!(folder.path().join("secret").exists() && target.join("share/six").exists());
    }
}
