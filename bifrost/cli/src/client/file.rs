//! Files that come from outside: read as far as a release may be long, and no further.

use bifrost_core::json::{self, ParseError};
use serde_json::{Map, Value};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// How many bytes a release file may have, its white space included. More is not read.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// A file is no release.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is too large.
    #[error(
        "{path} has more than {MAX_FILE_BYTES} bytes, which is more than a release may have: \
         keep large data in files of their own, and refer to them"
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file is not JSON.
    #[error("{path}: {source}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where, and what is wrong.
        source: ParseError,
    },
    /// The file is JSON, but no object.
    #[error("{path}: a release is a JSON object: {{\"project_name\": …, \"config_name\": …}}")]
    NoObject {
        /// The file.
        path: PathBuf,
    },
}

/// A release file that is the release itself: one JSON object.
///
/// # Errors
/// [`FileError`], if it is none.
pub fn read_object(path: &Path) -> Result<Map<String, Value>, FileError> {
    let text = read_at_most(path, MAX_FILE_BYTES).map_err(|source| match source.kind() {
        io::ErrorKind::FileTooLarge => FileError::TooLarge { path: path.into() },
        _ => FileError::Io { path: path.into(), source },
    })?;
    match json::parse(&text).map_err(|source| FileError::Syntax { path: path.into(), source })? {
        Value::Object(fields) => Ok(fields),
        _ => Err(FileError::NoObject { path: path.into() }),
    }
}

/// The bytes of a file of at most `limit` bytes, for files that come from outside.
///
/// # Errors
/// `FileTooLarge` without reading the rest of a larger one, and whatever the system says.
pub fn read_at_most(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut text)?;
    if u64::try_from(text.len()).is_ok_and(|length| length <= limit) {
        return Ok(text);
    }
    Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {limit} bytes")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_not_read_beyond_what_a_release_may_have() {
        let file = std::env::temp_dir().join(format!("bifrost-{}-large.json", std::process::id()));
        std::fs::write(&file, [b' '; 11]).unwrap();
        assert_eq!(read_at_most(&file, 11).unwrap().len(), 11);
        assert_eq!(read_at_most(&file, 10).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        std::fs::remove_file(&file).unwrap();
    }
}
