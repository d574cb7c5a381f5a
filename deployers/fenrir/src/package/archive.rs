//! Reproducible zips: the same files give the same bytes, on any machine and at any time.

use super::tree::{Entry, TreeError};
use bifrost::error_code::Coded;
use std::collections::HashSet;
use std::io::{Cursor, Write};
use std::sync::Arc;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// The maximum size of the code of a function or layer, unzipped. Lambda: `Unzipped size must be smaller than 262144000 bytes`. The
/// limit is for a function and its layers together; the layers are only known in the deploy.
pub(super) const MAX_BYTES: u64 = 262_144_000;

/// The executable that a custom runtime starts.
pub(super) const BOOTSTRAP: &str = "bootstrap";

/// The compression level of all zips. Another level would change the bytes, and thereby the hash.
const LEVEL: i64 = 6;

/// Why a zip cannot be created or used.
#[derive(Debug, thiserror::Error, Coded)]
pub enum ArchiveError {
    /// The code is larger than Lambda accepts.
    #[error(
        "the zip has {bytes} bytes unzipped, and Lambda accepts {MAX_BYTES}; remove files that the function does not need"
    )]
    #[code("package/too-large", "remove files that the function does not need, or move them into another service")]
    TooLarge {
        /// The size, unzipped.
        bytes: u64,
    },
    /// The file is not a valid zip, or a zip cannot hold the files.
    #[error("invalid zip: {0}")]
    #[code("package/invalid-zip", "check that the file is a zip, and create it again")]
    Zip(#[from] zip::result::ZipError),
    /// The zip cannot be written.
    #[error("cannot write the zip: {0}")]
    #[code("package/zip-failed", "check the free memory and disk space")]
    Io(#[from] std::io::Error),
    /// A file cannot be read.
    #[error(transparent)]
    #[code(source)]
    Tree(Arc<TreeError>),
}

/// Zips files, which have to be sorted by name.
pub(super) fn pack(entries: &[Entry]) -> Result<Vec<u8>, ArchiveError> {
    check_size(entries.iter().map(|entry| entry.bytes))?;
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    write(&mut writer, "", entries)?;
    Ok(writer.finish()?.into_inner())
}

/// Zips files, and after them those of another zip of ours, all below a folder. A file of the other zip is left out if there is one
/// of its name.
pub(super) fn pack_beside(folder: &str, entries: &[Entry], other: &[u8]) -> Result<Vec<u8>, ArchiveError> {
    let mut other = ZipArchive::new(Cursor::new(other))?;
    check_size(entries.iter().map(|entry| entry.bytes).chain(sizes(&mut other)?))?;
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    write(&mut writer, folder, entries)?;
    let names: HashSet<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
    for index in 0..other.len() {
        let file = other.by_index_raw(index)?;
        let name = file.name()?.into_owned();
        if !names.contains(name.as_str()) {
            writer.raw_copy_file_rename(file, format!("{folder}{name}"))?;
        }
    }
    Ok(writer.finish()?.into_inner())
}

fn write(writer: &mut ZipWriter<Cursor<Vec<u8>>>, folder: &str, entries: &[Entry]) -> Result<(), ArchiveError> {
    for entry in entries {
        let content = entry.read().map_err(|error| ArchiveError::Tree(Arc::new(error)))?;
        writer.start_file(format!("{folder}{}", entry.name), options(entry))?;
        writer.write_all(&content)?;
    }
    Ok(())
}

/// Without the time and umask of the file.
fn options(entry: &Entry) -> SimpleFileOptions {
    // A `bootstrap` without permission to execute would fail only when the function is called.
    let is_executable = entry.executable || entry.name == BOOTSTRAP;
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(LEVEL))
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(if is_executable { 0o755 } else { 0o644 })
}

/// Checks an existing zip against the limits of Lambda.
pub(super) fn check(zip: &[u8]) -> Result<(), ArchiveError> {
    check_size(sizes(&mut ZipArchive::new(Cursor::new(zip))?)?.into_iter())
}

/// The sizes of the files, unzipped.
fn sizes(archive: &mut ZipArchive<Cursor<&[u8]>>) -> Result<Vec<u64>, ArchiveError> {
    let sizes: Result<Vec<_>, _> =
        (0..archive.len()).map(|index| archive.by_index_raw(index).map(|file| file.size())).collect();
    Ok(sizes?)
}

fn check_size(sizes: impl Iterator<Item = u64>) -> Result<(), ArchiveError> {
    let bytes = sizes.fold(0, u64::saturating_add);
    if bytes > MAX_BYTES { Err(ArchiveError::TooLarge { bytes }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limit_is_for_all_files_together() {
        assert!(check_size([MAX_BYTES - 1, 1].into_iter()).is_ok());
        assert!(matches!(check_size([MAX_BYTES, 1].into_iter()), Err(ArchiveError::TooLarge { bytes: 262_144_001 })));
        assert!(check_size([u64::MAX, u64::MAX].into_iter()).is_err(), "sizes that overflow");
    }

    #[test]
    fn existing_zip_is_checked_by_its_stated_size() {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file("bootstrap", SimpleFileOptions::default()).unwrap();
        let mut zip = writer.finish().unwrap().into_inner();
        assert!(check(&zip).is_ok());
        // The size unzipped is at byte 24 of the central directory's header.
        let header = zip.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
        zip[header + 24..header + 28].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
        assert!(matches!(check(&zip), Err(ArchiveError::TooLarge { bytes: 0x7fff_ffff })));
    }
}
