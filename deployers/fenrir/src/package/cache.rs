//! What was built before, and of what.

use bifrost::release::Sha256;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{fs, io, process};

/// What was built for each unit: a file beside the template, which may be deleted at any time.
#[derive(Debug)]
pub(super) struct Cache {
    path: PathBuf,
    records: Mutex<BTreeMap<String, Record>>,
}

/// The last build of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// What its inputs were.
    pub(super) inputs: Sha256,
    /// What came of them.
    pub(super) output: Sha256,
}

impl Cache {
    /// What is remembered. A file that is missing, torn or another version's remembers nothing.
    pub(super) fn load(path: PathBuf) -> Self {
        let records = fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        Self { path, records: Mutex::new(records) }
    }

    pub(super) fn get(&self, logical_id: &str) -> Option<Record> {
        self.lock().get(logical_id).cloned()
    }

    /// Remembers a build, and writes down all that is remembered.
    pub(super) fn put(&self, logical_id: &str, record: Record) -> io::Result<()> {
        let mut records = self.lock();
        records.insert(logical_id.into(), record);
        replace(&self.path, &serde_json::to_vec_pretty(&*records)?)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Record>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts a file in place of another, at once or not at all, and makes its folder.
pub(super) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut partial = path.as_os_str().to_owned();
    partial.push(format!(".{}.zip", process::id()));
    let partial = PathBuf::from(partial);
    let written = fs::write(&partial, content).and_then(|()| fs::rename(&partial, path));
    written.inspect_err(|_| drop(fs::remove_file(&partial)))
}
