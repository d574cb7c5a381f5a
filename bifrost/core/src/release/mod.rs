//! A release: one request to deploy one config of one project.
//!
//! - [`Envelope`] has the fields of every release, [`Release`] adds a deployer's own fields.
//! - Names are validated when they are parsed: [`ProjectName`], [`ConfigName`], [`ReleaseId`], [`AccountId`] and others. None
//!   of them leads out of its directory.
//! - [`ProjectDir`], [`RootDir`] and [`ReleaseDir`] have the S3 keys of a release and of its files.
//! - [`replay`] refuses releases that are too old or that differ from the uploaded ones.

mod aws_name;
mod directory;
mod envelope;
mod execution_name;
mod name;
mod partition;
pub mod replay;
mod sha256;
mod state;
mod step_opt_in;

pub use aws_name::{AccountId, BucketName, Region};
pub use directory::{ObjectKey, ProjectDir, ReleaseDir, RootDir, TargetKey};
pub(crate) use envelope::is_same;
pub use envelope::{CaughtError, Defaults, Envelope, Fields, Release, STARTED_BY, read_buckets, started_by};
pub use execution_name::{ExecutionName, ExecutionNames};
pub(crate) use name::shortened;
pub use name::{ConfigName, InvalidName, NameFault, ProjectName, ReleaseId, check_segment};
pub use partition::{Partition, service_principal};
pub use replay::Replay;
pub use sha256::{Hasher, Sha256};
pub(crate) use state::ForeignState;
pub use step_opt_in::StepOptIn;
