//! A temporary folder for a build.

use super::error::ArtifactError;
use std::fs::{self, DirBuilder};
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::{env, process};

/// A temporary folder that is private to this process, and deleted on drop.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn new() -> Result<Self, ArtifactError> {
        let path = env::temp_dir().join(unique_name());
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path).map_err(|source| ArtifactError::Write { path: path.clone(), source })?;
        Ok(Self(path))
    }

    /// A folder inside, which is created if it does not exist.
    pub(super) fn folder(&self, name: &str) -> Result<PathBuf, ArtifactError> {
        let path = self.0.join(name);
        fs::create_dir_all(&path).map_err(|source| ArtifactError::Write { path: path.clone(), source })?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // The system cleans its temporary folder.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A unique name for a folder, a Docker image or a container (lower case only).
pub(super) fn unique_name() -> String {
    // The standard library gives every `RandomState` another seed.
    format!("fenrir-{}-{:016x}", process::id(), RandomState::new().hash_one(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_is_deleted_on_drop() {
        let scratch = Scratch::new().unwrap();
        let inner = scratch.folder("inner").unwrap();
        fs::write(inner.join("file"), "content").unwrap();
        drop(scratch);
        assert!(!inner.parent().unwrap().exists());
    }

    #[test]
    fn names_are_unique() {
        assert_ne!(unique_name(), unique_name());
    }
}
