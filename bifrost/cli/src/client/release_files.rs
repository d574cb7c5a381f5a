//! Files that belong to a release: files to upload, and files that were uploaded before.

use bifrost_core::cloud::Encryption;
use bifrost_core::release::Sha256;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A file that is uploaded before the release that refers to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its name inside the release directory, such as `userdata` or `release/api.zip`.
    pub name: String,
    /// Its content.
    pub body: Body,
    /// How it is encrypted.
    pub encryption: Encryption,
}

/// The content of a file to upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// In memory.
    Bytes(Vec<u8>),
    /// On disk. It is read when it is uploaded, and refused if its hash has changed by then.
    File {
        /// The path of the file.
        path: PathBuf,
        /// The hash that the release states.
        sha256: Sha256,
    },
}

/// A file in the directory of a release without which it cannot be deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseFile {
    /// Its name inside the release directory, such as `userdata`.
    pub name: String,
    /// The hash that the release states.
    pub sha256: Sha256,
    /// How it is encrypted.
    pub encryption: Encryption,
}

/// The files of earlier releases of the same project and config that are still in the bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReusableFiles(BTreeMap<Sha256, String>);

impl ReusableFiles {
    /// The URI of a file with this hash: `s3://<bucket>/<key>`.
    #[must_use]
    pub fn uri(&self, sha256: &Sha256) -> Option<&str> {
        self.0.get(sha256).map(String::as_str)
    }
}

impl FromIterator<(Sha256, String)> for ReusableFiles {
    fn from_iter<I: IntoIterator<Item = (Sha256, String)>>(files: I) -> Self {
        Self(files.into_iter().collect())
    }
}
