//! Protection against replay and against whoever may write to only one of bucket and state machine.
//!
//! What is checked here needs the release, the uploaded bytes and the time, and no cloud. That one release is deployed
//! at most once is what the release lock is for.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::Value;

use super::Sha256;
use crate::json::{self, Difference, ParseError};

/// How old a release may be: it allows a roll-back, older ones must be made anew.
pub const MAX_RELEASE_AGE: TimeDelta = TimeDelta::days(10);
/// How far ahead a client's clock may be.
pub const MAX_CLOCK_SKEW: TimeDelta = TimeDelta::minutes(2);

/// Why a release is refused: it is old, or not what was uploaded. Each is a `BadReleaseError` on the wire.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Replay {
    /// It was made too long ago.
    #[error("created_at: {} is more than 10 days ago: make the release anew", written(*created_at))]
    TooOld {
        /// When it says that it was made.
        created_at: DateTime<Utc>,
    },
    /// It will be made later than a clock may be wrong.
    #[error("created_at: {} is more than 2 minutes in the future: set the client's clock", written(*created_at))]
    NotYet {
        /// When it says that it was made.
        created_at: DateTime<Utc>,
    },
    /// What was uploaded cannot be read.
    #[error("the uploaded release cannot be read: {0}")]
    Unreadable(ParseError),
    /// What was uploaded is another release. Values are not shown: they may be secrets.
    #[error(
        "the release that was sent differs from the uploaded one, first in {0}: upload the very release that is sent"
    )]
    Differs(Difference),
    /// A file is not the one that the release states.
    #[error(
        "{file} has SHA-256 {found}, but the release states {stated}: upload the file that the release was made for"
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

/// Refuses a release that was made more than [`MAX_RELEASE_AGE`] ago or more than [`MAX_CLOCK_SKEW`] in the future; exactly that much is
/// allowed.
///
/// # Errors
/// [`Replay::TooOld`] or [`Replay::NotYet`].
pub fn check_window(created_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Replay> {
    let age = now.signed_duration_since(created_at);
    if age > MAX_RELEASE_AGE {
        Err(Replay::TooOld { created_at })
    } else if age < -MAX_CLOCK_SKEW {
        Err(Replay::NotYet { created_at })
    } else {
        Ok(())
    }
}

/// Refuses a release unless what the execution received means the same as what was uploaded, as both were sent: before
/// defaults are filled in and before anything is wiped.
///
/// The order of keys, white space and the spelling of numbers are free: Step Functions writes them anew.
///
/// # Errors
/// [`Replay::Unreadable`] or [`Replay::Differs`].
pub fn check_uploaded(sent: &Value, uploaded: &[u8]) -> Result<(), Replay> {
    let uploaded = json::parse(uploaded).map_err(Replay::Unreadable)?;
    match json::difference(sent, &uploaded) {
        Some(difference) => Err(Replay::Differs(difference)),
        None => Ok(()),
    }
}

/// Refuses a file whose bytes are not those that the release states. To be called wherever the file is read.
///
/// # Errors
/// [`Replay::File`].
pub fn check_file(file: &str, bytes: &[u8], stated: &Sha256) -> Result<(), Replay> {
    let found = Sha256::of(bytes);
    if found == *stated { Ok(()) } else { Err(Replay::File { file: file.to_owned(), stated: *stated, found }) }
}

/// The time as a release writes it.
fn written(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[cfg(test)]
#[path = "replay_tests.rs"]
mod tests;
