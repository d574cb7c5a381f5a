//! The engine's lease: one process at a time runs the executions of a world.

use super::store::StoreError;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

/// Held by the process that is the engine of a world. The system gives it up when the process ends, however it ends.
#[derive(Debug)]
pub struct Lease {
    _file: File,
}

impl Lease {
    /// Takes the lease of the world in that file; `None` while another process holds it.
    ///
    /// # Errors
    /// If the lock file beside the world cannot be made.
    pub fn take(world: &Path) -> Result<Option<Self>, StoreError> {
        let path = Self::path(world);
        let failed = |source| StoreError::Io { path: path.clone(), source };
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    fn path(world: &Path) -> PathBuf {
        let mut name = world.as_os_str().to_owned();
        name.push(".engine");
        name.into()
    }
}
