//! The file that a template is written in.

use super::Span;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// How large a template may be, in bytes: more than that CloudFormation refuses ("Template may not exceed 1000000 bytes").
const MAX_BYTES: usize = 1_000_000;

/// The text of a template, and the file that it stands in.
#[derive(Debug, Clone)]
pub struct Source {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

/// Why a file cannot be a template.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be read.
    #[error("the template {} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// CloudFormation would not take it.
    #[error("the template {} is larger than {MAX_BYTES} bytes, which is all that CloudFormation takes: split the project", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// It is not text.
    #[error("the template {}:{line}:{column} is not UTF-8: save it in that encoding", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// In which line the first byte stands that is not, from 1.
        line: usize,
        /// In which column, in characters from 1.
        column: usize,
    },
}

impl Source {
    /// A text that is not in a file, or not yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into() }
    }

    /// Opens a file. Of one that is too large no more is read than it takes to know that.
    ///
    /// # Errors
    /// It cannot be read, or is no template whatever is in it.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let bytes = first_bytes(path).map_err(|source| OpenError::Unreadable { path: path.to_owned(), source })?;
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

    /// The line and column, both from 1, where a part of it begins.
    #[must_use]
    pub fn position(&self, span: Span) -> (usize, usize) {
        position(self.text.get(..span.start).unwrap_or_default())
    }
}

/// The content of a file, and if it is larger than a template may be, one byte more than that.
fn first_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let enough = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path)?.take(enough).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The line and column, from 1, of what stands behind a text.
pub(super) fn position(before: &str) -> (usize, usize) {
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    (before.bytes().filter(|byte| *byte == b'\n').count() + 1, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What opening a file with that content comes to.
    fn opened(content: &[u8]) -> Result<Source, OpenError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("template.yml");
        std::fs::write(&path, content).unwrap();
        Source::open(&path)
    }

    fn refusal(content: &[u8]) -> String {
        let refusal = opened(content).unwrap_err().to_string();
        refusal.split_once("template.yml").unwrap().1.to_owned()
    }

    #[test]
    fn a_file_is_opened() {
        assert_eq!(opened("a: é\n".as_bytes()).unwrap().text, "a: é\n");
        assert_eq!(opened(&vec![b'#'; MAX_BYTES]).unwrap().text.len(), MAX_BYTES);
    }

    #[test]
    fn a_file_that_is_too_large_is_refused() {
        let refusal = refusal(&vec![b'#'; 2 * MAX_BYTES]);
        assert_eq!(refusal, " is larger than 1000000 bytes, which is all that CloudFormation takes: split the project");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_without_end_is_not_read_to_its_end() {
        assert!(matches!(Source::open(Path::new("/dev/zero")), Err(OpenError::TooLarge { .. })));
    }

    #[test]
    fn what_is_not_utf_8_is_refused_where_it_is_not() {
        let content = [&b"a: b\nc: \xc3\xa9"[..], b"\xff\n"].concat();
        assert_eq!(refusal(&content), ":2:5 is not UTF-8: save it in that encoding");
        assert_eq!(refusal(b"\xff\xfea\0"), ":1:1 is not UTF-8: save it in that encoding");
    }

    #[test]
    fn a_file_that_is_missing_is_named() {
        let refusal = Source::open(Path::new("nowhere/template.yml")).unwrap_err();
        assert_eq!(refusal.to_string(), "the template nowhere/template.yml cannot be read");
    }
}
