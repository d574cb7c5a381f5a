//! The code of the function: a Linux executable in a zip file, as Lambda takes it.

use bifrost_core::architecture::Architecture;
use bifrost_core::error_code::Coded;
use std::io::{self, Cursor, Read, Write};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// The file that the runtime `provided.al2023` of Lambda starts.
const BOOTSTRAP: &str = "bootstrap";

/// The largest file that is read, in bytes: Lambda's limit for unpacked code.
const MAX_SIZE: u64 = 250 * 1024 * 1024;

/// The code of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// A zip file that contains `bootstrap` alone. The same executable always gives the same bytes.
    pub zip: Vec<u8>,
    /// The architecture that it was built for.
    pub architecture: Architecture,
}

/// Lambda cannot run the code in a file.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub enum CodeError {
    /// The file with the function's code cannot be read, or is larger than Lambda accepts.
    #[error("cannot read the function's code from {path}: {source}")]
    #[code("bootstrap/code-unreadable", "check the path given with --code, its permissions and its size")]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The zip file with the function's code is damaged or has no `bootstrap` at its top level.
    #[error("{path} is not a zip file with `{BOOTSTRAP}` at its top level: {source}")]
    #[code("bootstrap/code-not-a-zip", "pass --code an executable, or a zip file that contains it as `bootstrap`")]
    Zip {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: zip::result::ZipError,
    },
    /// The executable is not built for Linux on x86-64 or arm64, which Lambda runs.
    #[error(
        "{0} contains no Linux executable for x86-64 or arm64, which Lambda runs: build the deployer for one of them \
         with the feature `lambda`, and pass the executable, or a zip file with it as `{BOOTSTRAP}`, with --code"
    )]
    #[code(
        "bootstrap/code-not-for-lambda",
        "build the deployer for Linux with its feature `lambda`, and pass the executable with --code"
    )]
    NotForLambda(PathBuf),
}

impl Code {
    /// Reads an executable, or a zip file that contains one as `bootstrap`.
    ///
    /// # Errors
    /// [`CodeError`], if it is neither, or is built for an architecture that Lambda does not run.
    pub fn read(path: &Path) -> Result<Self, CodeError> {
        let file = crate::client::read_at_most(path, MAX_SIZE)
            .map_err(|source| CodeError::Io { path: path.into(), source })?;
        let unreadable = |source| CodeError::Zip { path: path.into(), source };
        let is_zip = file.starts_with(b"PK");
        let header = if is_zip { zipped_header(&file).map_err(unreadable)? } else { file.clone() };
        let architecture = Architecture::of_executable(&header).ok_or_else(|| CodeError::NotForLambda(path.into()))?;
        let zip = if is_zip { file } else { zipped(&file).map_err(unreadable)? };
        Ok(Self { zip, architecture })
    }
}

fn zipped_header(zip: &[u8]) -> zip::result::ZipResult<Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(zip))?;
    let mut header = Vec::new();
    archive.by_name(BOOTSTRAP)?.take(Architecture::HEADER_BYTES as u64).read_to_end(&mut header)?;
    Ok(header)
}

fn zipped(executable: &[u8]) -> zip::result::ZipResult<Vec<u8>> {
    // A fixed time instead of the present: the hash of the zip file is its key in the bucket, and shows whether the
    // code has changed.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o755);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file(BOOTSTRAP, options)?;
    writer.write_all(executable)?;
    Ok(writer.finish()?.into_inner())
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

    /// A temporary folder for one test.
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
    fn executable_is_zipped_as_executable_bootstrap() {
        let code = Folder::new("zipped").read(&elf(62)).unwrap();
        let mut archive = ZipArchive::new(Cursor::new(&code.zip)).unwrap();
        let mut file = archive.by_name("bootstrap").unwrap();
        assert_eq!(file.unix_mode().unwrap() & 0o777, 0o755);
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        assert_eq!(content, elf(62));
    }

    #[test]
    fn zip_file_is_used_unchanged() {
        let folder = Folder::new("taken");
        let code = folder.read(&elf(183)).unwrap();
        assert_eq!(folder.read(&code.zip).unwrap(), code);
    }

    #[test]
    fn architecture_is_read_from_the_executable() {
        let folder = Folder::new("architecture");
        assert_eq!(folder.read(&elf(62)).unwrap().architecture, Architecture::X86_64);
        assert_eq!(folder.read(&elf(183)).unwrap().architecture, Architecture::Arm64);
    }

    #[test]
    fn code_that_lambda_cannot_run_is_refused() {
        let folder = Folder::new("refused");
        for other in [elf(243), b"\xcf\xfa\xed\xfe of a Mac, which is no ELF".to_vec(), Vec::new()] {
            assert!(matches!(folder.read(&other), Err(CodeError::NotForLambda(_))));
        }
        assert!(matches!(folder.read(b"PK, and then nothing that is a zip"), Err(CodeError::Zip { .. })));
    }
}
