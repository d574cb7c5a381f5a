//! Why the artifacts of a template cannot be packaged: all failures of a run.

use super::error::ArtifactError;
use bifrost::error_code::{Coded, ErrorCode};
use indexmap::IndexMap;
use std::fmt;
use std::io;
use std::path::PathBuf;

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
