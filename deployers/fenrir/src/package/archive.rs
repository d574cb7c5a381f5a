//! Zips, the same for the same files: whenever, wherever and by whomever they are made.

use super::tree::{Entry, TreeError};
use std::io::{Cursor, Write};
use std::sync::Arc;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// What a function's or a layer's content may have unzipped: `Unzipped size must be smaller than 262144000 bytes`, says
/// Lambda. A function and its layers may not have more together; which layers it has is known when it is deployed.
pub(super) const MAX_BYTES: u64 = 262_144_000;

/// What a custom runtime starts.
pub(super) const BOOTSTRAP: &str = "bootstrap";

/// The compression of all zips. Another level gives other bytes, thus another hash and another upload.
const LEVEL: i64 = 6;

/// Why there is no zip.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Lambda would refuse it.
    #[error(
        "it has {bytes} bytes unzipped, but Lambda takes at most {MAX_BYTES}: leave out what the function does not need"
    )]
    TooLarge {
        /// What it has.
        bytes: u64,
    },
    /// It is no zip, or cannot be made one.
    #[error("it is no zip that Lambda could read: {0}")]
    Zip(#[from] zip::result::ZipError),
    /// It cannot be written.
    #[error("cannot zip: {0}")]
    Io(#[from] std::io::Error),
    /// A file of it cannot be read.
    #[error(transparent)]
    Tree(Arc<TreeError>),
}

/// Zips files, which are in the order of their names.
pub(super) fn pack(entries: &[Entry]) -> Result<Vec<u8>, ArchiveError> {
    check_size(entries.iter().map(|entry| entry.bytes))?;
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for entry in entries {
        let content = entry.read().map_err(|error| ArchiveError::Tree(Arc::new(error)))?;
        writer.start_file(&entry.name, options(entry))?;
        writer.write_all(&content)?;
    }
    Ok(writer.finish()?.into_inner())
}

/// Neither the time nor the umask of whoever made the file.
fn options(entry: &Entry) -> SimpleFileOptions {
    // What cannot be run as `bootstrap` is a mistake that shows only when the function is called.
    let runs = entry.executable || entry.name == BOOTSTRAP;
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(LEVEL))
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(if runs { 0o755 } else { 0o644 })
}

/// Holds a zip that others made against what Lambda takes.
pub(super) fn check(zip: &[u8]) -> Result<(), ArchiveError> {
    let mut archive = ZipArchive::new(Cursor::new(zip))?;
    let sizes: Result<Vec<_>, _> =
        (0..archive.len()).map(|index| archive.by_index_raw(index).map(|file| file.size())).collect();
    check_size(sizes?.into_iter())
}

fn check_size(sizes: impl Iterator<Item = u64>) -> Result<(), ArchiveError> {
    let bytes = sizes.fold(0, u64::saturating_add);
    if bytes > MAX_BYTES { Err(ArchiveError::TooLarge { bytes }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lambdas_limit_is_for_all_files_together() {
        assert!(check_size([MAX_BYTES - 1, 1].into_iter()).is_ok());
        assert!(matches!(check_size([MAX_BYTES, 1].into_iter()), Err(ArchiveError::TooLarge { bytes: 262_144_001 })));
        assert!(check_size([u64::MAX, u64::MAX].into_iter()).is_err(), "sizes that a forged zip states");
    }

    #[test]
    fn a_zip_of_others_is_held_against_the_limit_by_what_it_states() {
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
