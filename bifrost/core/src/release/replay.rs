//! Protection against replay, and against anyone who may write to the bucket or start an execution, but not both.
//!
//! These checks need the release, the uploaded bytes and the time, but no cloud. The release lock ensures that a release
//! is deployed at most once.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::Value;

use super::Sha256;
use crate::error_code::Coded;
use crate::json::{self, Difference, ParseError};

/// How old a release may be. It allows rollbacks within a few days; a later rollback needs a new release.
pub const MAX_RELEASE_AGE: TimeDelta = TimeDelta::days(10);
/// How far ahead a client's clock may be.
pub const MAX_CLOCK_SKEW: TimeDelta = TimeDelta::minutes(2);

/// Why a release is refused: it is old, or not what was uploaded. `BadReleaseError` on the wire.
#[derive(Debug, PartialEq, Eq, thiserror::Error, Coded)]
pub enum Replay {
    /// The release was created more than 10 days ago.
    #[error("created_at: {} is more than 10 days ago; create a new release", rfc3339(*created_at))]
    #[code("release/too-old", "create a new release")]
    TooOld {
        /// The release's `created_at`.
        created_at: DateTime<Utc>,
    },
    /// The release was created more than 2 minutes in the future.
    #[error(
        "created_at: {} is more than 2 minutes in the future; set the client's clock and create a new release",
        rfc3339(*created_at)
    )]
    #[code("release/from-the-future", "set the clock of the machine that created the release, then create a new one")]
    FromTheFuture {
        /// The release's `created_at`.
        created_at: DateTime<Utc>,
    },
    /// The uploaded release is not valid JSON.
    #[error("cannot read the uploaded release")]
    #[code(source)]
    Unreadable(#[from] ParseError),
    /// The release that the execution received differs from the uploaded one.
    // Values are not shown: they may be secrets.
    #[error(
        "{0}: the release that was sent differs here from the uploaded one; deploy with the client, which sends what it \
         uploads"
    )]
    #[code(
        "release/differs-from-upload",
        "deploy with the client, which sends what it uploads; if you did, find out who changed the release in the bucket"
    )]
    Differs(Difference),
    /// A file does not have the SHA-256 that the release states.
    #[error(
        "{file}: the file has SHA-256 {found}, but the release states {stated}; create a new release for this file"
    )]
    #[code(
        "release/file-differs",
        "create a new release; if the file was changed after its upload, find out who changed it"
    )]
    File {
        /// The file's name or key.
        file: String,
        /// The SHA-256 that the release states.
        stated: Sha256,
        /// The SHA-256 of the file as it is.
        found: Sha256,
    },
}

/// Refuses a release that was created more than [`MAX_RELEASE_AGE`] ago or more than [`MAX_CLOCK_SKEW`] in the future.
/// Exactly that much is allowed.
///
/// # Errors
/// [`Replay::TooOld`] or [`Replay::FromTheFuture`].
pub fn check_window(created_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Replay> {
    let age = now.signed_duration_since(created_at);
    if age > MAX_RELEASE_AGE {
        Err(Replay::TooOld { created_at })
    } else if age < -MAX_CLOCK_SKEW {
        Err(Replay::FromTheFuture { created_at })
    } else {
        Ok(())
    }
}

/// Refuses a release unless what the execution received equals what was uploaded. Both are compared as they were sent:
/// before defaults are filled in and before any field is cleared.
///
/// Key order, white space and the spelling of numbers may differ: Step Functions rewrites them.
///
/// # Errors
/// [`Replay::Unreadable`] or [`Replay::Differs`].
pub fn check_uploaded(sent: &Value, uploaded: &[u8]) -> Result<(), Replay> {
    let uploaded = json::parse(uploaded)?;
    match json::difference(sent, &uploaded) {
        Some(difference) => Err(Replay::Differs(difference)),
        None => Ok(()),
    }
}

/// Refuses a file whose SHA-256 is not the one that the release states. Call it wherever the file is read.
///
/// # Errors
/// [`Replay::File`].
pub fn check_file(file: &str, bytes: &[u8], stated: &Sha256) -> Result<(), Replay> {
    let found = Sha256::of(bytes);
    if found == *stated { Ok(()) } else { Err(Replay::File { file: file.to_owned(), stated: *stated, found }) }
}

fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[cfg(test)]
#[path = "replay_tests.rs"]
mod tests;
