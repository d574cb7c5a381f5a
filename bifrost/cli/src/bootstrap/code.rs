//! The code of the function: a Linux executable, zipped as Lambda takes it.

use std::io::{self, Cursor, Read, Write};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// What Lambda starts in the runtime `provided.al2023`.
const BOOTSTRAP: &str = "bootstrap";

/// How large a file is read: what Lambda takes unpacked.
const MAX_SIZE: u64 = 250 * 1024 * 1024;

/// The length of an ELF header as far as it is read here.
const HEADER: usize = 20;

/// The code of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// A zip with one file, `bootstrap`: the same bytes for the same executable, whenever and wherever it is made.
    pub zip: Vec<u8>,
    /// What it was built for, as Lambda calls it: `x86_64` or `arm64`.
    pub architecture: &'static str,
}

/// A file is no code for Lambda.
#[derive(Debug, thiserror::Error)]
pub enum CodeError {
    /// It cannot be read.
    #[error("cannot read the code in {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is a zip that cannot be read, or that lacks what Lambda starts.
    #[error("{path} is no zip with a file {BOOTSTRAP} at its top: {source}")]
    Zip {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: zip::result::ZipError,
    },
    /// What is to be started is no executable for Lambda's machines.
    #[error(
        "{0} holds no Linux executable for x86-64 or arm64, which is what Lambda runs: build the deployer for it, with the \
         feature `lambda`, and name the executable, or a zip of it, with --code"
    )]
    NotForLambda(PathBuf),
}

impl Code {
    /// Reads an executable, or a zip that holds one as `bootstrap`.
    ///
    /// # Errors
    /// [`CodeError`], if it is neither, or for machines that Lambda does not have.
    pub fn read(path: &Path) -> Result<Self, CodeError> {
        let file = crate::client::read_at_most(path, MAX_SIZE)
            .map_err(|source| CodeError::Io { path: path.into(), source })?;
        let unreadable = |source| CodeError::Zip { path: path.into(), source };
        let is_zip = file.starts_with(b"PK");
        let header = if is_zip { zipped_header(&file).map_err(unreadable)? } else { file.clone() };
        let architecture = architecture(&header).ok_or_else(|| CodeError::NotForLambda(path.into()))?;
        let zip = if is_zip { file } else { zipped(&file).map_err(unreadable)? };
        Ok(Self { zip, architecture })
    }
}

fn zipped_header(zip: &[u8]) -> zip::result::ZipResult<Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(zip))?;
    let mut header = Vec::new();
    archive.by_name(BOOTSTRAP)?.take(HEADER as u64).read_to_end(&mut header)?;
    Ok(header)
}

fn zipped(executable: &[u8]) -> zip::result::ZipResult<Vec<u8>> {
    // Not the time of now: the zip's hash names it in the bucket, and says whether there is anything new.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o755);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file(BOOTSTRAP, options)?;
    writer.write_all(executable)?;
    Ok(writer.finish()?.into_inner())
}

/// What an ELF file for Linux is for, by its header: 64 bits, least significant byte first, and the machine at byte 18.
fn architecture(file: &[u8]) -> Option<&'static str> {
    let header: &[u8; HEADER] = file.first_chunk()?;
    let [0x7f, b'E', b'L', b'F', 2, 1, .., machine, 0] = header else { return None };
    match machine {
        62 => Some("x86_64"),
        183 => Some("arm64"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elf(machine: u8) -> Vec<u8> {
        let mut file = vec![0; 64];
        file[..6].copy_from_slice(b"\x7fELF\x02\x01");
        file[18] = machine;
        file
    }

    /// A folder of a test's own, gone when the test is over.
    struct Folder(PathBuf);

    impl Folder {
        fn new(test: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("bifrost-code-{}-{test}", std::process::id()));
            std::fs::create_dir_all(&folder).unwrap();
            Self(folder)
        }

        fn read(&self, content: &[u8]) -> Result<Code, CodeError> {
            let file = self.0.join("code");
            std::fs::write(&file, content).unwrap();
            Code::read(&file)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn an_executable_is_zipped_as_bootstrap_that_may_be_run() {
        let code = Folder::new("zipped").read(&elf(62)).unwrap();
        let mut archive = ZipArchive::new(Cursor::new(&code.zip)).unwrap();
        let mut file = archive.by_name("bootstrap").unwrap();
        assert_eq!(file.unix_mode().unwrap() & 0o777, 0o755);
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        assert_eq!(content, elf(62));
    }

    #[test]
    fn a_zip_is_taken_as_it_is() {
        let folder = Folder::new("taken");
        let code = folder.read(&elf(183)).unwrap();
        assert_eq!(folder.read(&code.zip).unwrap(), code);
    }

    #[test]
    fn the_architecture_is_that_of_the_executable() {
        let folder = Folder::new("architecture");
        assert_eq!(folder.read(&elf(62)).unwrap().architecture, "x86_64");
        assert_eq!(folder.read(&elf(183)).unwrap().architecture, "arm64");
    }

    #[test]
    fn what_lambda_cannot_run_is_refused() {
        let folder = Folder::new("refused");
        for other in [elf(243), b"\xcf\xfa\xed\xfe of a Mac, which is no ELF".to_vec(), Vec::new()] {
            assert!(matches!(folder.read(&other), Err(CodeError::NotForLambda(_))));
        }
        assert!(matches!(folder.read(b"PK, and then nothing that is a zip"), Err(CodeError::Zip { .. })));
    }
}
