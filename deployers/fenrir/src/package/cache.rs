//! The cache: the inputs and outputs of previous builds.

use bifrost::json;
use bifrost::release::Sha256;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{fs, io, process};

/// The last build of each artifact, and of the packages that artifacts share. It is a file beside the template that may be deleted at
/// any time.
#[derive(Debug)]
pub(super) struct Cache {
    path: PathBuf,
    records: Mutex<BTreeMap<String, Record>>,
}

/// A build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// The digest of the inputs.
    pub(super) inputs: Sha256,
    /// The hash of the zip.
    pub(super) output: Sha256,
}

impl Cache {
    /// Loads the cache. It is empty if the file is missing or invalid.
    pub(super) fn load(path: PathBuf) -> Self {
        let records = fs::read(&path).ok().and_then(|text| json::from_slice(&text).ok()).unwrap_or_default();
        Self { path, records: Mutex::new(records) }
    }

    /// The build of an artifact, or of its packages.
    pub(super) fn get(&self, name: &str) -> Option<Record> {
        self.lock().get(name).cloned()
    }

    /// Records a build, and writes the cache.
    pub(super) fn put(&self, name: &str, record: Record) -> io::Result<()> {
        let mut records = self.lock();
        records.insert(name.into(), record);
        replace(&self.path, &serde_json::to_vec_pretty(&*records)?)
    }

    /// Forgets builds, and writes the cache if there were any.
    pub(super) fn retain(&self, keep: impl Fn(&str) -> bool) -> io::Result<()> {
        let mut records = self.lock();
        let before = records.len();
        records.retain(|name, _| keep(name));
        if records.len() == before { Ok(()) } else { replace(&self.path, &serde_json::to_vec_pretty(&*records)?) }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Record>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Replaces a file atomically, and creates its folder.
pub(super) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut partial = path.as_os_str().to_owned();
    partial.push(format!(".{}.zip", process::id()));
    let partial = PathBuf::from(partial);
    let written = fs::write(&partial, content).and_then(|()| fs::rename(&partial, path));
    written.inspect_err(|_| drop(fs::remove_file(&partial)))
}
