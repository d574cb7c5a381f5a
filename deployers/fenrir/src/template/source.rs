//! The file of a template.

use super::Span;
use bifrost::client::similar_file;
use bifrost::error_code::Coded;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The maximum size of a template. CloudFormation: "Template may not exceed 1000000 bytes".
const MAX_BYTES: usize = 1_000_000;

/// The text of a template, and its file.
#[derive(Debug, Clone)]
pub struct Source {
    pub(super) path: PathBuf,
    pub(super) text: String,
    /// The bytes at which the lines begin.
    line_starts: Vec<usize>,
}

/// Why a template file cannot be opened.
#[derive(Debug, thiserror::Error, Coded)]
pub enum OpenError {
    /// The template file cannot be read.
    #[error("cannot read template {}: {source}{}", path.display(), proposal(similar.as_deref()))]
    #[code("template/unreadable", "check the path and the permissions of the file")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
        /// The file that was probably meant.
        similar: Option<PathBuf>,
    },
    /// The template file is larger than CloudFormation accepts.
    #[error("template {} is larger than {MAX_BYTES} bytes, the limit of CloudFormation; split the project", path.display())]
    #[code("template/too-large", "split the project")]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The template file is not UTF-8.
    #[error("template {}:{line}:{column} is not UTF-8; save the file as UTF-8", path.display())]
    #[code("template/not-utf8", "save the file as UTF-8")]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The line of the first invalid byte, from 1.
        line: usize,
        /// The column of that byte, in characters from 1.
        column: usize,
    },
}

impl Source {
    /// Creates a source from a text. The path is only shown.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        let text = text.into();
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts = std::iter::once(0).chain(newlines.map(|(at, _)| at + 1)).collect();
        Self { path: path.into(), text, line_starts }
    }

    /// Opens a file. Reads at most one byte more than the limit.
    ///
    /// # Errors
    /// The file cannot be read, is too large or is not UTF-8.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let unreadable = |source| OpenError::Unreadable { path: path.to_owned(), source, similar: similar_file(path) };
        let bytes = first_bytes(path).map_err(unreadable)?;
        if bytes.len() > MAX_BYTES {
            return Err(OpenError::TooLarge { path: path.to_owned() });
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let (valid, _) = error.as_bytes().split_at(error.utf8_error().valid_up_to());
            let (line, column) = position(&String::from_utf8_lossy(valid));
            OpenError::NotUtf8 { path: path.to_owned(), line, column }
        })?;
        Ok(Self::new(path, text))
    }
}

impl Source {
    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The text of a span.
    pub(super) fn text_of(&self, span: Span) -> Option<&str> {
        self.text.get(span.start..span.end)
    }

    /// The line and column, both from 1, at which a span begins.
    #[must_use]
    pub fn position(&self, span: Span) -> (usize, usize) {
        let line = self.line_starts.partition_point(|start| *start <= span.start);
        let start = line.checked_sub(1).and_then(|line| self.line_starts.get(line)).copied().unwrap_or_default();
        let before = self.text.get(start..span.start).unwrap_or_default();
        (line, before.chars().count() + 1)
    }
}

fn proposal(similar: Option<&Path>) -> String {
    similar.map_or_else(String::new, |similar| format!("; did you mean {}?", similar.display()))
}

/// Reads a file up to one byte more than a template may have.
fn first_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The line and column, from 1, right after a text.
pub(super) fn position(before: &str) -> (usize, usize) {
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    (before.bytes().filter(|byte| *byte == b'\n').count() + 1, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Opens a file with that content.
    fn open(content: &[u8]) -> Result<Source, OpenError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("template.yml");
        std::fs::write(&path, content).unwrap();
        Source::open(&path)
    }

    #[test]
    fn file_up_to_the_limit_is_opened() {
        assert_eq!(open("a: é\n".as_bytes()).unwrap().text, "a: é\n");
        assert_eq!(open(&vec![b'#'; MAX_BYTES]).unwrap().text.len(), MAX_BYTES);
    }

    #[test]
    fn too_large_file_is_refused() {
        assert_eq!(open(&vec![b'#'; 2 * MAX_BYTES]).unwrap_err().code(), "template/too-large");
    }

    #[cfg(unix)]
    #[test]
    fn endless_file_is_not_read_to_its_end() {
        assert!(matches!(Source::open(Path::new("/dev/zero")), Err(OpenError::TooLarge { .. })));
    }

    #[test]
    fn invalid_utf_8_is_refused_with_its_position() {
        let position = |content: &[u8]| match open(content).unwrap_err() {
            OpenError::NotUtf8 { line, column, .. } => (line, column),
            other => panic!("{other}"),
        };
        assert_eq!(position(&[&b"a: b\nc: \xc3\xa9"[..], b"\xff\n"].concat()), (2, 5));
        assert_eq!(position(b"\xff\xfea\0"), (1, 1));
    }

    #[test]
    fn missing_file_is_named() {
        let error = Source::open(Path::new("nowhere/template.yml")).unwrap_err();
        assert!(matches!(&error, OpenError::Unreadable { path, .. } if path == Path::new("nowhere/template.yml")));
        assert!(error.to_string().contains("nowhere/template.yml"), "{error}");
    }
}
