//! Reads and writes the files of the commands for auditors.

use super::AuditCliError;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// The largest file that is read: a release may have files in it, a policy has a few lines.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Reads a file that a user named.
pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, AuditCliError> {
    let failed = |source| AuditCliError::Unreadable { path: path.into(), source };
    let mut content = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(MAX_BYTES + 1).read_to_end(&mut content).map_err(failed)?;
    if content.len() as u64 > MAX_BYTES {
        return Err(failed(io::Error::new(io::ErrorKind::FileTooLarge, "it has more than 64 MiB")));
    }
    Ok(content)
}

/// Writes a file at once, so that a program that is interrupted does not leave half of it. Creates its folder.
pub(super) fn write_file(path: &Path, content: &[u8]) -> Result<(), AuditCliError> {
    replace(path, content).map_err(|source| AuditCliError::Unwritable { path: path.into(), source })
}

fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}.tmp", std::process::id()));
    let written = fs::write(&temporary, content).and_then(|()| fs::rename(&temporary, path));
    written.inspect_err(|_| drop(fs::remove_file(&temporary)))
}

/// The same file with another ending: `web.receipt` and `.release.json` are `web.receipt.release.json`.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_is_replaced_as_a_whole() {
        let folder = std::env::temp_dir().join(format!("bifrost-files-{}", std::process::id()));
        let file = folder.join("new").join("state");
        write_file(&file, b"one").unwrap();
        write_file(&file, b"two").unwrap();
        assert_eq!(read_file(&file).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.join("new")).unwrap().count(), 1, "no temporary file is left");
        // A folder is no file: neither can be done.
        assert!(read_file(&folder).is_err() && write_file(&folder, b"x").is_err());
        fs::remove_dir_all(&folder).unwrap();
    }
}
