//! Why a unit cannot be packaged.

use super::archive::ArchiveError;
use super::tool::ToolError;
use super::tree::TreeError;
use indexmap::IndexMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Why a template's units could not all be packaged.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The template has no name, or is in no folder.
    #[error("{path} is no template's path: {source}")]
    Template {
        /// What was given.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Some of them failed. The others are there.
    #[error("{}", summary(.failures, *.of))]
    Units {
        /// Those that failed, in the order of the template.
        failures: Vec<PackagingFailure>,
        /// How many there were.
        of: usize,
    },
}

/// A unit that could not be packaged.
#[derive(Debug)]
pub struct PackagingFailure {
    /// Its logical id.
    pub logical_id: String,
    /// Why.
    pub error: ArtifactError,
}

/// What failed for the same reason, such as the one image of all functions, is told once.
fn summary(failures: &[PackagingFailure], of: usize) -> String {
    let mut reasons: IndexMap<String, Vec<&str>> = IndexMap::new();
    for failure in failures {
        reasons.entry(failure.error.to_string()).or_default().push(&failure.logical_id);
    }
    let first = format!("{} of {of} could not be packaged", failures.len());
    reasons.iter().fold(first, |text, (reason, artifacts)| format!("{text}\n{}: {reason}", artifacts.join(", ")))
}

/// Why a unit cannot be packaged.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// Its name could not be part of a file's name.
    #[error("this is no logical id, which has letters and digits only")]
    LogicalId,
    /// Two units would be the same file.
    #[error("the name is given to two files of this template")]
    Twice,
    /// Nothing says what it is made of.
    #[error("{property} is missing, and there is no Dockerfile beside the template")]
    NoSource {
        /// The property.
        property: String,
    },
    /// It is made of something outside of the template's folder.
    #[error("{property} {path:?} leads out of the template's folder: move what it needs into that, or the template up")]
    Outside {
        /// The property.
        property: String,
        /// What it says.
        path: String,
    },
    /// What it is made of is not there.
    #[error("{property} {path:?} cannot be read, seen from the template's folder: {source}")]
    Missing {
        /// The property.
        property: String,
        /// What it says.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// It is made of a folder, but can only be a file, or the other way round.
    #[error("{property} {path:?} has to be a {wanted}")]
    WrongKind {
        /// The property.
        property: String,
        /// What it says.
        path: String,
        /// `file` or `folder`, and what for.
        wanted: &'static str,
    },
    /// Nothing is known of such a build method.
    #[error(
        "BuildMethod {found:?} is not known: did you mean {nearest}? Known are {known}; a makefile may run anything"
    )]
    Method {
        /// What it says.
        found: String,
        /// The known one that looks most like it.
        nearest: &'static str,
        /// The known ones.
        known: String,
    },
    /// `BuildInputs` would not be heeded.
    #[error("BuildInputs goes with BuildMethod makefile alone: other builds know their inputs by themselves")]
    Inputs,
    /// The build, or the folder, has no file.
    #[error("{0} holds no file to package")]
    Empty(String),
    /// The runtime would have nothing to start.
    #[error(
        "{place} has no file bootstrap, which is what runtime {runtime} starts: set Metadata.BuildMethod ({known}), or name \
         a zip"
    )]
    NoBootstrap {
        /// Where it is missing.
        place: String,
        /// The runtime.
        runtime: String,
        /// The known build methods.
        known: String,
    },
    /// `make` has nothing to work by.
    #[error("{0} has no Makefile, which BuildMethod makefile asks for")]
    NoMakefile(String),
    /// The workspace has several executables, or none.
    #[error("cargo lambda built {found:?}: name the one that is meant in Metadata.BuildProperties.Binary")]
    Binary {
        /// Their names.
        found: Vec<String>,
    },
    /// A folder cannot be read.
    #[error(transparent)]
    Tree(#[from] Arc<TreeError>),
    /// A zip cannot be made, or is none.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// A tool is missing, or failed.
    #[error(transparent)]
    Tool(#[from] Arc<ToolError>),
    /// `make` failed, in a copy of the inputs.
    #[error("{source}\nit ran in a copy of {inputs}: name other files that it needs in Metadata.BuildInputs")]
    Make {
        /// How it failed.
        source: ToolError,
        /// What was copied.
        inputs: String,
    },
    /// The image lacks the zip, or it cannot be copied.
    #[error("{source}\nthe Dockerfile has to leave the function's zip at /{logical_id}.zip")]
    NotInImage {
        /// The function.
        logical_id: String,
        /// What Docker says.
        source: ToolError,
    },
    /// A file cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl From<TreeError> for ArtifactError {
    fn from(error: TreeError) -> Self {
        Self::Tree(Arc::new(error))
    }
}

impl From<ToolError> for ArtifactError {
    fn from(error: ToolError) -> Self {
        Self::Tool(Arc::new(error))
    }
}
