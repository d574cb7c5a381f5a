//! The code of a function on disk: a zip file, a folder, or one executable. The same files always give the same zip file.

use crate::package::MAX_ZIP_BYTES;
use bifrost::bootstrap::{Code, CodeError};
use bifrost::client::read_at_most;
use bifrost::error_code::Coded;
use std::fs;
use std::io::{self, Cursor, Write};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// The code cannot be read or zipped.
#[derive(Debug, thiserror::Error, Coded)]
pub(crate) enum ArchiveError {
    /// A file of the code cannot be read, or is larger than Lambda accepts.
    #[error("lambda_zip: cannot read {path}: {source}; the path is relative to the release file")]
    #[code("step/unreadable-code", "correct the path in the release file, and check permissions and size of the file")]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The executable is not one that Lambda runs.
    #[error(transparent)]
    #[code(source)]
    Executable(#[from] CodeError),
    /// The files cannot be zipped.
    #[error("lambda_zip: cannot zip {path}: {source}")]
    #[code("step/code-not-zipped", "give files UTF-8 names, or zip them yourself")]
    Zip {
        /// The folder.
        path: PathBuf,
        /// What is wrong.
        source: zip::result::ZipError,
    },
    /// The zip file is larger than a request to Lambda may be.
    #[error(
        "lambda_zip: {path} has {bytes} bytes as a zip file, and Lambda accepts {MAX_ZIP_BYTES}; leave files out, or use a layer"
    )]
    #[code("step/code-too-large", "leave files out that the function does not need, or move them into a layer")]
    TooLarge {
        /// The zip file, folder or executable.
        path: PathBuf,
        /// Its size as a zip file.
        bytes: usize,
    },
}

/// Reads a zip file, or zips a folder or an executable.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, ArchiveError> {
    let failed = |source| ArchiveError::Io { path: path.into(), source };
    let zip = if fs::metadata(path).map_err(failed)?.is_dir() {
        zip_folder(path)?
    } else {
        let mut start = [0; 2];
        io::Read::read(&mut fs::File::open(path).map_err(failed)?, &mut start).map_err(failed)?;
        if start == *b"PK" { read_at_most(path, MAX_ZIP_BYTES).map_err(failed)? } else { Code::read(path)?.zip }
    };
    match u64::try_from(zip.len()) {
        Ok(bytes) if bytes <= MAX_ZIP_BYTES => Ok(zip),
        _ => Err(ArchiveError::TooLarge { path: path.into(), bytes: zip.len() }),
    }
}

fn zip_folder(folder: &Path) -> Result<Vec<u8>, ArchiveError> {
    let mut files = Vec::new();
    list(folder, &mut files)?;
    // The order of a folder differs from machine to machine.
    files.sort();
    let failed = |source| ArchiveError::Zip { path: folder.into(), source };
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for path in files {
        let content =
            read_at_most(&path, MAX_ZIP_BYTES).map_err(|source| ArchiveError::Io { path: path.clone(), source })?;
        let mode = if is_executable(&path) { 0o755 } else { 0o644 };
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::DEFAULT)
            .unix_permissions(mode);
        let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        writer.start_file(name, options).map_err(failed)?;
        writer.write_all(&content).map_err(|error| failed(error.into()))?;
    }
    Ok(writer.finish().map_err(failed)?.into_inner())
}

/// Lists the files of a folder and of those inside it.
fn list(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), ArchiveError> {
    let failed = |source| ArchiveError::Io { path: folder.into(), source };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() { list(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0)
}

/// Elsewhere files have no such mark, and the runtime must be able to start its `bootstrap`.
#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "bootstrap")
}
