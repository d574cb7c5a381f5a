//! Errors of the local cloud: of its services, its file and its engine.

use bifrost_asl::InvalidDefinition;
use bifrost_asl::interpreter::RecorderError;
use bifrost_core::cloud::{CloudError, ErrorKinds};
use bifrost_core::error_code::Coded;
use std::borrow::Cow;
use std::path::PathBuf;

/// An error that a service of the local cloud returns, in AWS's words. Its kind follows from them, as on AWS: see [`ErrorKinds`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceError {
    /// AWS's error code.
    pub code: String,
    /// AWS's error message.
    pub message: String,
}

impl ServiceError {
    /// An error with AWS's code and message.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }

    /// The error of a call to a service of the framework.
    pub(super) fn at(self, operation: &'static str, resource: &str) -> CloudError {
        self.classified(ErrorKinds::default(), operation, resource)
    }

    pub(super) fn classified(self, kinds: ErrorKinds, operation: &'static str, resource: &str) -> CloudError {
        let Self { code, message } = self;
        let kind = kinds.of(&code, &message);
        CloudError { operation, resource: resource.into(), kind, code, message, request_id: None }
    }
}

/// The file of the local cloud cannot be read or written.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub enum StoreError {
    /// The file of the local cloud, or its folder, cannot be read or written.
    #[error("cannot write {path}: {source}; check permissions and free space, or pass --cloud FILE")]
    #[code(
        "local/io",
        "check the permissions and the free space of the folder, or use another file with `--cloud FILE`"
    )]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// SQLite cannot read or write the file of the local cloud.
    #[error("SQLite cannot use {path}: {source}; check permissions and free space, or pass --cloud FILE")]
    #[code(
        "local/sqlite",
        "check the permissions and the free space of the folder, or use another file with `--cloud FILE`"
    )]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// SQLite's error.
        source: rusqlite::Error,
    },
    /// Another process has been writing to the file of the local cloud for more than 20 seconds.
    #[error("{path} is busy: another process has been writing to it for 20 s; try again, or end that process")]
    #[code("local/busy", "try again, or end the other process")]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The file is damaged, or is not an SQLite database.
    #[error("{path} is damaged or not a local cloud: {source}; pass another file with --cloud FILE")]
    #[code("local/not-a-database", "use another file with `--cloud FILE`")]
    NotADatabase {
        /// The file.
        path: PathBuf,
        /// SQLite's error.
        source: rusqlite::Error,
    },
    /// The file is an SQLite database of another program.
    #[error(
        "{path} is not a local cloud: its table `{table}` belongs to another program; pass another file with --cloud FILE"
    )]
    #[code("local/foreign-file", "use another file with `--cloud FILE`")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// A table of that program.
        table: String,
    },
    /// Another version of this program wrote the file of the local cloud.
    #[error("{path} has layout {found}, but this version reads layout {expected}")]
    #[code(
        "local/other-layout",
        "run `deploy` with `--fresh` to delete its content and start again, or use another file with `--cloud FILE`"
    )]
    Layout {
        /// The file.
        path: PathBuf,
        /// The layout of the file.
        found: i64,
        /// The layout that this version reads.
        expected: i64,
    },
    /// The content of the file is not a local cloud of this deployer, or not of this version of it.
    #[error("{path} is not a local cloud of this version: {source}")]
    #[code(
        "local/content",
        "run `deploy` with `--fresh` to delete its content and start again, or use another file with `--cloud FILE`"
    )]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with the content.
        source: serde_json::Error,
    },
}

impl StoreError {
    /// Whether the file is a local cloud of another version, which a new one can replace.
    #[must_use]
    pub fn is_of_another_version(&self) -> bool {
        matches!(self, Self::Layout { .. } | Self::Content { .. })
    }

    /// The answer of a service whose state cannot be read or written. Whether the call took effect is unknown.
    pub(super) fn into_service_error(self) -> ServiceError {
        ServiceError::new("LocalCloudUnavailable", self.to_string())
    }
}

/// The engine cannot continue. Running executions keep the progress that was last saved.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub enum EngineError {
    /// The deployer's state machine is not valid in the Amazon States Language.
    #[error("the deployer's state machine is not valid: {0}")]
    #[code("definition/invalid", "correct the `state_machine!` of the deployer")]
    Definition(#[from] InvalidDefinition),
    /// The file of the local cloud cannot be read or written.
    #[error(transparent)]
    #[code(source)]
    Store(#[from] StoreError),
    /// The progress of an execution cannot be saved.
    #[error(transparent)]
    #[code(
        "local/progress-not-saved",
        "correct what the message names; the next `deploy` in this local cloud continues the execution"
    )]
    Recorder(RecorderError),
    /// Executions wait for something other than time.
    #[error(
        "{0} executions wait for something that never happens: the local cloud cannot run tasks that wait for a callback"
    )]
    #[code("local/waits-forever", "remove `.waitForTaskToken` and activities from the state machine")]
    Stuck(usize),
}

/// A message without the middle of a long value that it quotes.
#[must_use]
pub fn shortened(message: &str) -> Cow<'_, str> {
    const KEPT: usize = 200;
    let start = message.char_indices().nth(KEPT).map(|(at, _)| at);
    let end = message.char_indices().nth_back(KEPT.saturating_sub(1)).map(|(at, _)| at);
    match (start, end) {
        (Some(start), Some(end)) if start < end => {
            let [start, end] = [message.get(..start), message.get(end..)].map(Option::unwrap_or_default);
            format!("{start} … {end}").into()
        }
        _ => message.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_lose_their_middle() {
        let short = "é".repeat(400);
        assert_eq!(shortened(&short), short);
        let long = format!("accounts: {}: write an account", "é".repeat(300_000));
        let cut = shortened(&long);
        assert_eq!(cut.chars().count(), 403);
        assert!(cut.starts_with("accounts: é") && cut.ends_with("é: write an account"), "{cut}");
    }
}
