//! The errors of `bifrost new`.

use bifrost_core::deployer::InvalidPrefix;
use bifrost_core::error_code::Coded;
use std::io;
use std::path::PathBuf;

/// No deployer was written. Users see the message and the code.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub(in crate::commands) enum NewError {
    /// A deployer cannot have this name.
    #[error(
        "invalid name {name:?}: expected at most {max} lower-case letters, digits and `-`, a letter first, no `-` last, and neither \
         `audit` nor `-audit` at the end"
    )]
    #[code("new/invalid-name", "choose another name, with lower-case letters, digits and `-`")]
    InvalidName { name: String, max: usize },
    #[error(transparent)]
    #[code(source)]
    Prefix(#[from] InvalidPrefix),
    /// The package or the command would have a name that means something else to Rust, cargo or the shell.
    #[error("the name {name:?} is reserved: it is {meaning}; choose another name")]
    #[code("new/reserved-name", "choose another name")]
    ReservedName { name: String, meaning: &'static str },
    /// Something exists where the deployer would be written, and it is not an empty folder.
    #[error("{folder} exists and is not an empty folder: choose another name, or move it away")]
    #[code("new/folder-not-empty", "choose another name, or move the folder away")]
    FolderNotEmpty { folder: PathBuf },
    /// The path given with `--bifrost` does not lead to the framework.
    #[error(
        "{path} is not bifrost: {what} does not exist, or is of another package; pass the folder of its repository with \
         --bifrost PATH"
    )]
    #[code("new/not-bifrost", "pass the folder of bifrost's repository with `--bifrost PATH`")]
    NotBifrost { path: PathBuf, what: PathBuf },
    /// A path is not Unicode, so a manifest cannot contain it.
    #[error("{0:?} is not Unicode, so `Cargo.toml` cannot contain it: move bifrost to another folder")]
    #[code("new/path-not-unicode", "move bifrost to a folder whose path is Unicode")]
    PathNotUnicode(PathBuf),
    /// Values are missing that have no default, or that nobody can be asked for without a terminal.
    #[error("missing arguments: {missing}; {hint}")]
    #[code("new/missing-arguments", "pass the arguments that the message names, or run the command in a terminal")]
    MissingArguments { missing: String, hint: &'static str },
    /// An answer is not one of those that the question has.
    #[error("{value:?} is not an answer: expected one of {values}")]
    #[code("new/unknown-answer", "give one of the answers that the message lists")]
    UnknownValue { value: String, values: String },
    /// The questions cannot be shown, or the answers cannot be read.
    #[error("cannot ask: {0}; pass the answers as arguments, see `bifrost new --help`")]
    #[code("new/no-answer", "pass the answers as arguments")]
    NoAnswer(#[source] io::Error),
    /// A file or folder cannot be written. What was written before it is deleted again.
    #[error(
        "cannot write {path}: {source}; check the folder, its permissions and its free space; nothing is left of the new deployer"
    )]
    #[code("new/unwritable", "check the folder, its permissions and its free space")]
    Unwritable { path: PathBuf, source: io::Error },
}
