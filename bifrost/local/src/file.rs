//! World files: JSON that describes a new world.

use super::world::{Resources, World};
use bifrost_core::json;
use std::path::{Path, PathBuf};

/// A world file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WorldFileError {
    /// The file cannot be read.
    #[error(
        "cannot read world file {path}: {source}; name a world file, or leave --world out for the one that comes along"
    )]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is not JSON.
    #[error("{path}: {source}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where, and what is wrong.
        source: json::ParseError,
    },
    /// The JSON does not describe a world of this deployer.
    #[error("{path}: {source}")]
    Content {
        /// The file.
        path: PathBuf,
        /// Where, and what is wrong.
        source: json::ReadError,
    },
}

/// Reads a world file. `path` is named in errors; the text may come from elsewhere, such as from the binary.
///
/// # Errors
/// Says what is wrong and where: line and column, or JSON path.
pub fn read_world<R: Resources>(path: &Path, text: &[u8]) -> Result<World<R>, WorldFileError> {
    let value = json::parse(text).map_err(|source| WorldFileError::Syntax { path: path.into(), source })?;
    let mut world: World<R> =
        json::read(&value).map_err(|source| WorldFileError::Content { path: path.into(), source })?;
    // What the file describes is as it stands at its clock: nothing of it is still to come about.
    world.advance(world.clock);
    Ok(world)
}
