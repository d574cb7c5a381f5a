//! The errors of packaging.

use super::archive::ArchiveError;
use super::tool::ToolError;
use super::tree::TreeError;
use bifrost::error_code::{Coded, ErrorCode};
use indexmap::IndexMap;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Why the artifacts of a template cannot be packaged.
#[derive(Debug, thiserror::Error, Coded)]
pub enum PackageError {
    /// The template's path has no file name, or its folder cannot be read.
    #[error("invalid path of a template {path}: {source}; pass the path of a template file")]
    #[code("package/invalid-template-path", "pass the path of a template file in a folder that you can read")]
    Template {
        /// The given path.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// Some artifacts failed. The others were built.
    #[error(transparent)]
    #[code(source)]
    Artifacts(#[from] PackagingFailures),
}

/// The artifacts that could not be packaged.
#[derive(Debug, thiserror::Error)]
pub struct PackagingFailures {
    /// In the order of the template. There is at least one.
    pub failures: Vec<PackagingFailure>,
    /// The number of all artifacts of the template.
    pub total: usize,
}

/// An artifact that could not be packaged.
#[derive(Debug)]
pub struct PackagingFailure {
    /// The logical id.
    pub logical_id: String,
    /// The reason.
    pub error: ArtifactError,
}

/// A line for each reason: one reason, such as the failed build of the image of all functions, may concern many artifacts.
impl fmt::Display for PackagingFailures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut reasons: IndexMap<String, Vec<&str>> = IndexMap::new();
        for PackagingFailure { logical_id, error } in &self.failures {
            reasons.entry(format!("[{}]: {error}", error.code())).or_default().push(logical_id);
        }
        write!(f, "cannot package {} of {} artifacts", self.failures.len(), self.total)?;
        reasons.iter().try_for_each(|(reason, artifacts)| write!(f, "\n{} {reason}", artifacts.join(", ")))
    }
}

/// The code of the first failure.
impl Coded for PackagingFailures {
    const CODES: &'static [ErrorCode] = &[];

    fn code(&self) -> &'static str {
        self.failures.first().map_or("package/no-source", |failure| failure.error.code())
    }
}

/// Why an artifact cannot be packaged.
#[derive(Debug, thiserror::Error, Coded)]
pub enum ArtifactError {
    /// The logical id cannot be part of a file name.
    #[error("invalid logical id; use only letters and digits")]
    #[code("package/invalid-name", "use only letters and digits in the logical id")]
    LogicalId,
    /// Two artifacts have the same logical id, thus the same zip file.
    #[error("two artifacts of this template have this name; rename one of them")]
    #[code("package/duplicate-name", "rename one of the two resources")]
    Twice,
    /// Neither a path nor a Dockerfile says what the artifact is built from.
    #[error("{property} is missing, and there is no Dockerfile beside the template; add one of them")]
    #[code("package/no-source", "add the property, or a Dockerfile beside the template")]
    NoSource {
        /// The property.
        property: String,
    },
    /// The source is outside of the template's folder.
    #[error("{property} {path:?} is outside of the template's folder; move the source into it, or the template up")]
    #[code("package/outside", "move the source into the template's folder, or the template to a parent folder")]
    Outside {
        /// The property.
        property: String,
        /// Its value.
        path: String,
    },
    /// The source does not exist, or cannot be read.
    #[error("cannot read {property} {path:?} in the template's folder: {source}; fix the path or the permissions")]
    #[code("package/missing-source", "fix the path, which starts at the template's folder, or the permissions")]
    Missing {
        /// The property.
        property: String,
        /// Its value.
        path: String,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The source is a folder but has to be a file, or the other way round.
    #[error("{property} {path:?} has to be a {wanted}")]
    #[code("package/wrong-kind", "write the path of a file or folder, as the message says")]
    WrongKind {
        /// The property.
        property: String,
        /// Its value.
        path: String,
        /// `file` or `folder`, and what for.
        wanted: &'static str,
    },
    /// Fenrir does not know the build method.
    #[error(
        "unknown BuildMethod {found:?}; did you mean {nearest}? Known are {known}; use makefile for any other build"
    )]
    #[code("package/unknown-build-method", "use a known build method, or `makefile` for any other build")]
    Method {
        /// The value of the property.
        found: String,
        /// The most similar known one.
        nearest: &'static str,
        /// The known ones.
        known: String,
    },
    /// `BuildInputs` has no effect on this build method.
    #[error("BuildInputs is only allowed with BuildMethod makefile, because other builds know their inputs; remove it")]
    #[code("package/unused-build-inputs", "remove `BuildInputs`, or set `BuildMethod: makefile`")]
    Inputs,
    /// The folder, or the result of the build, contains no files.
    #[error("{0} contains no files to package")]
    #[code("package/empty", "check the path of the source, or the build")]
    Empty(String),
    /// The runtime is custom, and the package has no executable for it.
    #[error(
        "{place} has no file `bootstrap`, which runtime {runtime} starts; set Metadata.BuildMethod ({known}), or use a zip \
         that contains it"
    )]
    #[code("package/no-bootstrap", "set `Metadata.BuildMethod`, or package an executable with the name `bootstrap`")]
    NoBootstrap {
        /// The folder or build result.
        place: String,
        /// The runtime.
        runtime: String,
        /// The known build methods.
        known: String,
    },
    /// The build method is `makefile`, but the folder has no Makefile.
    #[error("{0} has no Makefile, which BuildMethod makefile requires; add one with the target `build-<logical id>`")]
    #[code("package/no-makefile", "add a Makefile with the target `build-<logical id>` to the folder")]
    NoMakefile(String),
    /// The Cargo workspace has no executable, or several of which none is selected.
    #[error("cargo lambda built {found:?}; select one executable in Metadata.BuildProperties.Binary")]
    #[code("package/no-single-binary", "select the executable in `Metadata.BuildProperties.Binary`")]
    Binary {
        /// The names of the executables.
        found: Vec<String>,
    },
    /// The files of a folder cannot be read.
    #[error(transparent)]
    #[code(source)]
    Tree(#[from] Arc<TreeError>),
    /// The zip cannot be created, or is invalid.
    #[error(transparent)]
    #[code(source)]
    Archive(#[from] ArchiveError),
    /// A tool is missing, or failed.
    #[error(transparent)]
    #[code(source)]
    Tool(#[from] Arc<ToolError>),
    /// `make` failed, in a copy of the inputs.
    #[error("{source}\nmake ran in a copy of {inputs}; if it needs other files, list them in Metadata.BuildInputs")]
    #[code(source)]
    Make {
        /// The error of `make`.
        source: ToolError,
        /// The copied paths.
        inputs: String,
    },
    /// The Docker image has no zip of the function, or Docker cannot copy it.
    #[error("{source}\nthe Dockerfile has to create the zip of the function at /{logical_id}.zip")]
    #[code("package/not-in-image", "let the Dockerfile create the zip of the function at `/<logical id>.zip`")]
    NotInImage {
        /// The function.
        logical_id: String,
        /// The error of Docker.
        source: ToolError,
    },
    /// A file cannot be written.
    #[error("cannot write {path}: {source}; check the permissions and the free space")]
    #[code("package/write", "check the permissions of the folder and the free disk space")]
    Write {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
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
