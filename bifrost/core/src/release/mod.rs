//! A release: one request to deploy one config of one project.
//!
//! - [`Envelope`] holds what every release says, [`Release`] adds a deployer's own fields.
//! - Names cannot be wrong once they exist: [`ProjectName`], [`ConfigName`], [`ReleaseId`], [`AccountId`] and their
//!   like are parsed, and none of them leads out of its directory.
//! - [`ProjectDir`], [`RootDir`] and [`ReleaseDir`] say where in the bucket a release and what belongs to it stand.
//! - [`replay`] refuses releases that are too old, altered, or sent again.

mod aws_name;
mod directory;
mod envelope;
mod execution_name;
mod name;
mod partition;
pub mod replay;
mod sha256;

pub use aws_name::{AccountId, BucketName, Region};
pub use directory::{ObjectKey, ProjectDir, ReleaseDir, RootDir};
pub use envelope::{CaughtError, Defaults, Envelope, Fields, Release, STARTED_BY, started_by};
pub use execution_name::ExecutionName;
pub use name::{ConfigName, InvalidName, NameFault, ProjectName, ReleaseId, check_segment};
pub use partition::{Partition, service_principal};
pub use replay::Replay;
pub use sha256::{Hasher, Sha256};
