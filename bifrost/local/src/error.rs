//! Errors of the local cloud: of its services, of its file, of its engine.

use bifrost_asl::InvalidDefinition;
use bifrost_asl::interpreter::RecorderError;
use bifrost_core::cloud::{CloudError, ErrorKind};
use std::path::PathBuf;

/// What a service of the embedded world answers instead of a result, in AWS's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceError {
    /// What kind of refusal it is.
    pub kind: ErrorKind,
    /// AWS's error code.
    pub code: String,
    /// AWS's error message.
    pub message: String,
}

impl ServiceError {
    /// An error of that kind, with AWS's code and message.
    pub fn new(kind: ErrorKind, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind, code: code.into(), message: message.into() }
    }

    pub(super) fn at(self, operation: &'static str, resource: &str) -> CloudError {
        let Self { kind, code, message } = self;
        CloudError { operation, resource: resource.into(), kind, code, message, request_id: None }
    }
}

/// The world cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused.
    #[error("the world in {path} cannot be used: {source}; start a new one with --fresh, or name another with --cloud")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// Another process has been writing for too long.
    #[error("the world in {path} is busy: another process has been writing to it for 20 s; try again, or end that one")]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// What the file holds is not a world of this deployer.
    #[error(
        "{path} holds something else than a world of this version: {reason}; start a new one with --fresh, or name another with --cloud"
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file is another program's.
    #[error(
        "{path} is not a local cloud: its table `{table}` belongs to another program; name another file with --cloud"
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// A table of that program.
        table: String,
    },
    /// The file or its folder cannot be made.
    #[error("cannot write {path}: {source}; let it be written, or name another world with --cloud")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

impl StoreError {
    pub(super) fn into_service_error(self) -> ServiceError {
        ServiceError::new(ErrorKind::Unavailable, "WorldUnavailable", self.to_string())
    }
}

/// The engine cannot go on. Executions that run stay as they were last saved.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The deployer's own definition is not legal.
    #[error("the definition of the state machine is refused: {0}")]
    Definition(#[from] InvalidDefinition),
    /// The world cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What an execution came to could not be saved.
    #[error(transparent)]
    Recorder(RecorderError),
    /// Executions wait for something that is not time.
    #[error(
        "{0} executions wait for something that never comes; the embedded world cannot run tasks that await a callback"
    )]
    Stuck(usize),
}
