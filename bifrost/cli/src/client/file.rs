//! Reads release files, up to a limit.

use bifrost_core::error_code::Coded;
use bifrost_core::json::{self, ParseError};
use serde_json::{Map, Value};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The maximum size of a release file, including white space. No more is read.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// A file is not a release.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub enum FileError {
    /// The release file cannot be read.
    #[error("cannot read {path}: {source}; check the path and its permissions")]
    #[code("release/unreadable-file", "check the path and its permissions")]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The release file is larger than 1 MiB.
    #[error(
        "{path} is larger than {MAX_FILE_BYTES} bytes, the limit for a release file: move large data to other files"
    )]
    #[code("release/file-too-large", "move large data to other files, and refer to them in the release")]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file is not JSON.
    #[error("{path}: {source}")]
    #[code(source)]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where in the file, and what is wrong.
        source: ParseError,
    },
    /// The release file is JSON, but not a JSON object.
    #[error("{path}: not a JSON object; write the release as {{\"project_name\": …, \"config_name\": …}}")]
    #[code("release/not-an-object", "write the release as a JSON object")]
    NoObject {
        /// The file.
        path: PathBuf,
    },
}

/// Reads a release file that is the release itself: one JSON object.
///
/// # Errors
/// [`FileError`].
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

/// Reads a file of at most `limit` bytes.
///
/// # Errors
/// `FileTooLarge` for a larger file, whose rest is not read, and the errors of the operating system.
pub fn read_at_most(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut text)?;
    if u64::try_from(text.len()).is_ok_and(|length| length <= limit) {
        return Ok(text);
    }
    Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("larger than {limit} bytes")))
}

/// The file that was probably meant by the path of one that does not exist: it has the same name, and another extension, such as
/// `template.yaml` for `template.yml`.
#[must_use]
pub fn similar_file(path: &Path) -> Option<PathBuf> {
    let others = ["yml", "yaml", "json"].map(|extension| path.with_extension(extension));
    others.into_iter().find(|other| !path.exists() && other.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_over_the_limit_is_not_read() {
        let file = std::env::temp_dir().join(format!("bifrost-{}-large.json", std::process::id()));
        std::fs::write(&file, [b' '; 11]).unwrap();
        assert_eq!(read_at_most(&file, 11).unwrap().len(), 11);
        assert_eq!(read_at_most(&file, 10).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        std::fs::remove_file(&file).unwrap();
    }

    #[test]
    fn file_with_another_extension_is_similar() {
        let file = std::env::temp_dir().join(format!("bifrost-{}-similar.yaml", std::process::id()));
        let written = file.with_extension("yml");
        assert_eq!(similar_file(&written), None);
        std::fs::write(&file, "").unwrap();
        assert_eq!(similar_file(&written), Some(file.clone()));
        assert_eq!(similar_file(&file), None, "it exists");
        std::fs::remove_file(&file).unwrap();
    }

    #[test]
    fn release_that_is_no_object_is_refused() {
        let file = std::env::temp_dir().join(format!("bifrost-{}-no-object.json", std::process::id()));
        for text in ["[]", "1", "\"x\"", "null", "true", "[{}]"] {
            std::fs::write(&file, text).unwrap();
            assert_eq!(read_object(&file).unwrap_err().code(), "release/not-an-object", "{text}");
        }
        std::fs::remove_file(&file).unwrap();
    }
}
