//! The folder with the recordings of each version: `<version>/<deploy>.json` and `<version>/<deploy>.<state>.json`.

use super::StatesError;
use super::recording::{RecordedDeploy, RecordedState, Recording};
use bifrost_core::json;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The recordings of a version, by the name of the deploy. The order of the states is lost.
pub(super) type Version = BTreeMap<String, (RecordedDeploy, BTreeMap<String, RecordedState>)>;

/// All versions that were recorded, with their recordings.
pub(super) fn versions(folder: &Path) -> Result<BTreeMap<String, Version>, StatesError> {
    let mut versions = BTreeMap::new();
    for path in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
        versions.insert(file_name(&path), version(&path)?);
    }
    Ok(versions)
}

fn version(folder: &Path) -> Result<Version, StatesError> {
    let (mut deploys, mut states) = (Version::new(), Vec::new());
    for path in
        entries(folder)?.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "json"))
    {
        let name = file_name(&path);
        let name = name.strip_suffix(".json").unwrap_or(&name);
        match name.split_once('.') {
            None => drop(deploys.insert(name.to_owned(), (read(&path)?, BTreeMap::new()))),
            Some((deploy, state)) => states.push((deploy.to_owned(), state.to_owned(), path)),
        }
    }
    for (deploy, state, path) in states {
        let (_, states) = deploys.get_mut(&deploy).ok_or_else(|| StatesError::NoDeploy(path.clone()))?;
        states.insert(state, read(&path)?);
    }
    Ok(deploys)
}

/// Replaces the recordings of one version.
pub(super) fn write(folder: &Path, recordings: &BTreeMap<String, Recording>) -> Result<(), StatesError> {
    let failed = |source| StatesError::Io { path: folder.to_owned(), source };
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(failed)?;
    }
    fs::create_dir_all(folder).map_err(failed)?;
    for (name, recording) in recordings {
        write_file(&folder.join(format!("{name}.json")), &recording.deploy)?;
        for (state, recorded) in &recording.states {
            write_file(&folder.join(format!("{name}.{state}.json")), recorded)?;
        }
    }
    Ok(())
}

fn write_file(path: &Path, value: &impl Serialize) -> Result<(), StatesError> {
    let text = serde_json::to_string_pretty(value).map_err(StatesError::NotJson)?;
    fs::write(path, text + "\n").map_err(|source| StatesError::Io { path: path.to_owned(), source })
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, StatesError> {
    let text = fs::read(path).map_err(|source| StatesError::Io { path: path.to_owned(), source })?;
    // A merge patch has `null`.
    json::from_slice(&text).map_err(|source| StatesError::Content { path: path.to_owned(), source })
}

/// The files and folders in a folder. A folder that does not exist is empty.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, StatesError> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let failed = |source| StatesError::Io { path: folder.to_owned(), source };
    fs::read_dir(folder).map_err(failed)?.map(|entry| entry.map(|entry| entry.path()).map_err(failed)).collect()
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
