//! Files that belong to a release: to upload, or uploaded before.

use bifrost_core::cloud::Encryption;
use bifrost_core::release::Sha256;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A file that is uploaded before the release that refers to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its name inside the release dir, such as `userdata` or `release/api.zip`.
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
    /// On disk, read when it is uploaded; refused if its hash is another by then.
    File {
        /// Where it is.
        path: PathBuf,
        /// The hash that the release says it has.
        sha256: Sha256,
    },
}

/// A file in a release's own directory that the release cannot be deployed without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseFile {
    /// Its name inside the release dir, such as `userdata`.
    pub name: String,
    /// The hash that the release says it has.
    pub sha256: Sha256,
    /// How it is encrypted.
    pub encryption: Encryption,
}

/// What earlier releases of the same project and config refer to, and is still in the bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReusableFiles(BTreeMap<Sha256, String>);

impl ReusableFiles {
    /// Where an object of this content is: `s3://<bucket>/<key>`.
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
