//! Why a check of recorded states failed.

use crate::testing::HarnessError;
use bifrost_core::json::ReadError;
use std::path::PathBuf;

/// A deploy that was recorded does not end as it did, or the recording is not usable.
#[derive(Debug, thiserror::Error)]
pub enum StatesError {
    /// Deploys that do not end as they did.
    #[error("{} recorded deploys do not end as they did:\n{}", .0.len(), .0.join("\n"))]
    EndsDiffer(Vec<String>),
    /// The recording of the current version is not what the code does.
    #[error(
        "{} is out of date: if this version is not released yet, record it with UPDATE_STATES=1; otherwise raise the version \
         first:\n{}",
        folder.display(),
        differences.join("\n")
    )]
    OutOfDate {
        /// The folder of the current version.
        folder: PathBuf,
        /// What differs.
        differences: Vec<String>,
    },
    /// A state was recorded without its deploy.
    #[error("{}: the file of its deploy is missing", .0.display())]
    NoDeploy(PathBuf),
    /// The local cloud is another one after it was written and read.
    #[error(
        "the local cloud is another one after it was written and read: write what `Resources` holds without `null`, and read it back"
    )]
    NotTheSame,
    /// A recording cannot be written as JSON.
    #[error("cannot write the recording as JSON: {0}")]
    NotJson(#[source] serde_json::Error),
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A file is not a recording.
    #[error("{}: {source}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        source: serde_json::Error,
    },
    /// A recorded local cloud or state cannot be read.
    #[error("a recorded local cloud or state cannot be read: {0}")]
    Recording(#[from] ReadError),
    /// An execution cannot be started or run.
    #[error(transparent)]
    Harness(Box<HarnessError>),
}
