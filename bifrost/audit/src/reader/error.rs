//! What can go wrong while the log is read.

use crate::source::SourceError;
use bifrost_core::audit::safe_text;
use bifrost_core::cloud::CHECKPOINT_KEY;
use bifrost_core::error_code::Coded;
use std::path::PathBuf;

/// The index cannot be made, or cannot be used.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub enum IndexError {
    /// The log cannot be read.
    #[error(transparent)]
    #[code(source)]
    Source(#[from] SourceError),
    /// SQLite cannot read or write the index.
    #[error("SQLite cannot use the index {}", shown(path.as_ref()))]
    #[code(
        "audit/index-unusable",
        "check the permissions and the free space, or delete the file: it is made again from the log"
    )]
    Sqlite {
        /// The file; `None` for an index in memory.
        path: Option<PathBuf>,
        /// SQLite's error.
        source: rusqlite::Error,
    },
    /// The file is not an index of an audit log: another program wrote it.
    #[error("{} is not an index of an audit log, and was not changed", .0.display())]
    #[code("audit/index-foreign", "name a file that does not exist yet")]
    Foreign(PathBuf),
    /// The checkpoint of the log cannot be read as one.
    #[error("{CHECKPOINT_KEY} is not a signed checkpoint: {}", safe_text(.0))]
    #[code("audit/index-checkpoint", "run `bifrost audit verify`: it says what of the log still holds")]
    Checkpoint(String),
    /// Entries that the checkpoint counts are missing: the copy is incomplete, or somebody deleted them.
    #[error("{key} is missing, and the checkpoint counts its entries")]
    #[code(
        "audit/index-entries-missing",
        "copy the log again; if it is missing there, too, run `bifrost audit verify`"
    )]
    MissingEntries {
        /// The key of the object with these entries.
        key: String,
    },
    /// An object with entries has another form or another number of entries.
    #[error("{key} is damaged: {}", safe_text(problem))]
    #[code("audit/entries-damaged", "copy the log again; if it is damaged there, too, run `bifrost audit verify`")]
    DamagedEntries {
        /// The key of the object.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The entries are not those to which the checkpoint commits: somebody altered them or the checkpoint.
    #[error("the {size} entries of the log have the root {found}, but its checkpoint has {expected}")]
    #[code("audit/root-differs", "run `bifrost audit verify`: it names the first entry that was altered")]
    RootDiffers {
        /// How many entries the checkpoint counts.
        size: u64,
        /// The root of the entries.
        found: String,
        /// The root in the checkpoint.
        expected: String,
    },
}

/// A deploy cannot be shown.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub enum ShowError {
    /// The index cannot be used.
    #[error(transparent)]
    #[code(source)]
    Index(#[from] IndexError),
    /// The log cannot be read.
    #[error(transparent)]
    #[code(source)]
    Source(#[from] SourceError),
    /// The log has no deploy of this release and no execution of this name.
    #[error("the audit log has no release or execution `{}`", safe_text(.0))]
    #[code("audit/not-found", "list what there is with `bifrost audit list`")]
    NotFound(String),
    /// The release was started more than once, and the command needs one deploy.
    #[error("`{}` names {} deploys: {}", safe_text(name), found.len(), found.join(", "))]
    #[code("audit/ambiguous", "name one of these executions instead of the release")]
    Ambiguous {
        /// The name.
        name: String,
        /// The directories of the deploys' records.
        found: Vec<String>,
    },
}

fn shown(path: Option<&PathBuf>) -> String {
    path.map_or_else(|| "in memory".to_owned(), |path| path.display().to_string())
}
