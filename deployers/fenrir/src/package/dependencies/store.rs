//! The zips of installed packages, which are kept in `.bifrost` for the next run.

use super::Workspace;
use crate::package::archive::MAX_BYTES;
use crate::package::cache::{self, Record};
use crate::package::error::ArtifactError;
use bifrost::client::read_at_most;
use bifrost::release::Sha256;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

/// The names of the records of zips in the cache begin with it. No logical id has a `/`.
const PREFIX: &str = "packages/";

/// The zip with this key from an earlier run, if it was not modified since.
pub(super) fn known(key: Sha256, workspace: Workspace<'_>) -> Option<PathBuf> {
    let record = workspace.cache.get(&format!("{PREFIX}{key}"))?;
    let path = path(key, workspace);
    let zip = read_at_most(&path, MAX_BYTES).ok()?;
    (Sha256::of(&zip) == record.output).then_some(path)
}

/// Writes the zip with this key. The next run uses it only after [`remember`].
pub(super) fn write(key: Sha256, zip: &[u8], workspace: Workspace<'_>) -> Result<PathBuf, ArtifactError> {
    let path = path(key, workspace);
    match cache::replace(&path, zip) {
        Ok(()) => Ok(path),
        Err(source) => Err(ArtifactError::Write { path, source }),
    }
}

/// Lets the next run use a zip.
pub(super) fn remember(key: Sha256, zip: &[u8], workspace: Workspace<'_>) {
    let record = Record { inputs: key, output: Sha256::of(zip) };
    if let Err(error) = workspace.cache.put(&format!("{PREFIX}{key}"), record) {
        warn(&error, workspace);
    }
}

/// Deletes the zips that no artifact of the template uses any more.
pub(super) fn keep_only(used: &BTreeSet<Sha256>, workspace: Workspace<'_>) {
    let used: BTreeSet<_> = used.iter().map(Sha256::to_string).collect();
    for entry in fs::read_dir(workspace.dir.packages()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let key = name.to_str().and_then(|name| name.strip_suffix(".zip"));
        if key.is_some_and(|key| !used.contains(key)) {
            // What is left only takes space.
            let _ = fs::remove_file(entry.path());
        }
    }
    let is_used = |name: &str| name.strip_prefix(PREFIX).is_none_or(|key| used.contains(key));
    if let Err(error) = workspace.cache.retain(is_used) {
        warn(&error, workspace);
    }
}

fn path(key: Sha256, workspace: Workspace<'_>) -> PathBuf {
    workspace.dir.packages().join(format!("{key}.zip"))
}

fn warn(error: &std::io::Error, workspace: Workspace<'_>) {
    let path = workspace.dir.cache();
    let path = path.display();
    workspace
        .progress
        .warn(&format!("cannot write the cache {path}: {error}; the next build installs the packages again"));
}
