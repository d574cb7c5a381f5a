//! A copy of the bucket in a directory, as `aws s3 sync` makes it.

use super::{LogSource, MAX_READ_BYTES, Pages, SourceError};
use async_trait::async_trait;
use bifrost_core::cloud::ObjectVersion;
use chrono::{DateTime, Utc};
use std::fs;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

/// How many objects a page has.
const PAGE: usize = 4096;

/// A copy of an audit log: a file for each object, under its key. It has one version of each object.
///
/// Its calls read the file system without another thread: they are for commands and tests.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    /// The copy in this directory.
    ///
    /// # Errors
    /// [`SourceError::NoCopy`] if it is not a directory; [`SourceError::Copy`] if it cannot be read.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, SourceError> {
        let path = path.into();
        match fs::metadata(&path) {
            Ok(found) if found.is_dir() => Ok(Self(path)),
            Ok(_) => Err(SourceError::NoCopy(path)),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(SourceError::NoCopy(path)),
            Err(error) => Err(SourceError::Copy { path, error }),
        }
    }

    /// The file of an object. `None` if its key names no file below the directory: keys come from the log, too.
    fn file(&self, key: &str) -> Option<PathBuf> {
        let is_plain =
            |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', '\0', ':']);
        let mut parts = key.split('/');
        parts.all(is_plain).then(|| key.split('/').fold(self.0.clone(), |path, part| path.join(part)))
    }
}

#[async_trait]
impl LogSource for Folder {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SourceError> {
        let Some(path) = self.file(key) else { return Ok(None) };
        read(&path, key)
    }

    async fn pages<'s>(&'s self, prefix: &str) -> Result<Box<dyn Pages + 's>, SourceError> {
        let (dir, name) = prefix.rsplit_once('/').unwrap_or(("", prefix));
        let path = if dir.is_empty() { Some(self.0.clone()) } else { self.file(dir) };
        let mut walk = Walk { stack: Vec::new() };
        if let Some(path) = path.filter(|path| path.is_dir()) {
            let key = if dir.is_empty() { String::new() } else { format!("{dir}/") };
            walk.enter(path, key, name)?;
        }
        Ok(Box::new(walk))
    }

    fn has_versions(&self) -> bool {
        false
    }
}

fn read(path: &Path, key: &str) -> Result<Option<Vec<u8>>, SourceError> {
    let failed = |error| SourceError::Copy { path: path.to_owned(), error };
    // A directory or a pipe is not an object, and to open a pipe could take forever.
    let opened = fs::metadata(path).and_then(|found| found.is_file().then(|| fs::File::open(path)).transpose());
    let mut file = match opened {
        Ok(Some(file)) => file,
        Ok(None) => return Ok(None),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) if is_bad_name(&error) => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let found = file.metadata().map_err(failed)?;
    if found.len() > MAX_READ_BYTES {
        return Err(SourceError::TooLarge { key: key.to_owned(), size: found.len() });
    }
    let mut body = Vec::with_capacity(usize::try_from(found.len()).unwrap_or_default());
    (&mut file).take(MAX_READ_BYTES).read_to_end(&mut body).map_err(failed)?;
    Ok(Some(body))
}

/// Whether a name is too long or otherwise none that a file can have.
fn is_bad_name(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidFilename | ErrorKind::InvalidInput)
}

/// Goes through the files below a directory in the order of their keys' bytes. It holds the names of the directories on its way only.
struct Walk {
    stack: Vec<Level>,
}

struct Level {
    path: PathBuf,
    /// The key of the directory, with the slash.
    key: String,
    /// Names that are left, from the last to the first. Those of directories end with a slash, which is their place in the order.
    names: Vec<String>,
}

impl Walk {
    fn enter(&mut self, path: PathBuf, key: String, prefix: &str) -> Result<(), SourceError> {
        let failed = |error| SourceError::Copy { path: path.clone(), error };
        let mut names = Vec::new();
        for item in fs::read_dir(&path).map_err(failed)? {
            let item = item.map_err(failed)?;
            let name = item.file_name();
            // No key of a log has such a name: it is listed as a file.
            let is_unicode = name.to_str().is_some();
            let mut name = name.to_string_lossy().into_owned();
            if !name.starts_with(prefix) {
                continue;
            }
            if is_unicode && item.file_type().map_err(failed)?.is_dir() {
                name.push('/');
            }
            names.push(name);
        }
        names.sort_unstable_by(|a, b| b.cmp(a));
        self.stack.push(Level { path, key, names });
        Ok(())
    }

    /// The next file. `None` after the last.
    fn step(&mut self) -> Result<Option<ObjectVersion>, SourceError> {
        loop {
            let Some(level) = self.stack.last_mut() else { return Ok(None) };
            let Some(name) = level.names.pop() else {
                self.stack.pop();
                continue;
            };
            let key = format!("{}{name}", level.key);
            if let Some(dir) = name.strip_suffix('/') {
                let path = level.path.join(dir);
                self.enter(path, key, "")?;
                continue;
            }
            let path = level.path.join(&name);
            match fs::metadata(&path) {
                // A link to a directory could lead back here, and to read a pipe could take forever.
                Ok(found) if !found.is_file() => {}
                Ok(found) => return Ok(Some(version(key, found.len(), found.modified().ok()))),
                // A link into nowhere, a name that is not Unicode, or a file that was deleted meanwhile.
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Some(version(key, 0, None))),
                Err(error) => return Err(SourceError::Copy { path, error }),
            }
        }
    }
}

fn version(key: String, size: u64, modified: Option<std::time::SystemTime>) -> ObjectVersion {
    let last_modified = modified.map_or(DateTime::UNIX_EPOCH, DateTime::<Utc>::from);
    ObjectVersion { key, version: String::new(), last_modified, is_delete_marker: false, size }
}

#[async_trait]
impl Pages for Walk {
    async fn next(&mut self) -> Result<Option<Vec<ObjectVersion>>, SourceError> {
        let mut page = Vec::new();
        while page.len() < PAGE
            && let Some(object) = self.step()?
        {
            page.push(object);
        }
        Ok(if page.is_empty() { None } else { Some(page) })
    }
}
