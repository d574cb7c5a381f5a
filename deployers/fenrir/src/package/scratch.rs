//! A folder for one build, gone with it.

use super::error::ArtifactError;
use std::fs::{self, DirBuilder};
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::{env, process};

/// A folder of this process's own, below the system's folder for such.
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

    /// A folder in it, made if it is not there.
    pub(super) fn folder(&self, name: &str) -> Result<PathBuf, ArtifactError> {
        let path = self.0.join(name);
        fs::create_dir_all(&path).map_err(|source| ArtifactError::Write { path: path.clone(), source })?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // The system's folder for such is emptied by the system.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A name that nobody else has: as a folder, and as a Docker image and container (lower case only).
pub(super) fn unique_name() -> String {
    // The standard library seeds every `RandomState` anew.
    format!("fenrir-{}-{:016x}", process::id(), RandomState::new().hash_one(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_there_and_then_gone_with_all_that_is_in_it() {
        let scratch = Scratch::new().unwrap();
        let inner = scratch.folder("inner").unwrap();
        fs::write(inner.join("file"), "content").unwrap();
        drop(scratch);
        assert!(!inner.parent().unwrap().exists());
    }

    #[test]
    fn no_name_comes_twice() {
        assert_ne!(unique_name(), unique_name());
    }
}
