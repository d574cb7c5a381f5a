//! The halt flag, by which a person stops a deploy that runs, and the time that a deploy may take.

use crate::cloud::{CloudError, Encryption, Objects};
use crate::release::{BucketName, Envelope, RootDir};
use crate::strip_control::strip_control;
use crate::task::Context;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

/// How old a halt flag may be and still count (contract §3): an older one was for an earlier deploy.
pub const MAX_AGE: TimeDelta = TimeDelta::minutes(5);

/// How far in the future a halt flag may have been written, by a clock that goes fast, and still count.
pub const MAX_CLOCK_AHEAD: TimeDelta = TimeDelta::minutes(2);

/// Why a deploy stops.
#[derive(Debug, thiserror::Error)]
pub enum Halt {
    /// Somebody asked for it. `HaltError` on the wire.
    #[error("halted: {0}")]
    Asked(String),
    /// The release's `timeout` is over. `HaltError` on the wire.
    #[error(
        "timed out: the release was started at {} and may take {timeout} s; see what takes so long, or give it longer, by `timeout` in the release or `--timeout`",
        started_at.to_rfc3339_opts(SecondsFormat::Secs, true)
    )]
    TimedOut {
        /// When the deployer began with it.
        started_at: DateTime<Utc>,
        /// How long it may take, in seconds.
        timeout: u32,
    },
    /// Whether somebody asked is not known.
    #[error("cannot look for a halt: {0}")]
    Unknown(#[from] CloudError),
}

/// Looks for a halt flag and at the clock.
///
/// # Errors
/// [`Halt`], if the deploy shall stop, or if that cannot be found out.
pub async fn check<P>(context: &Context<P>, envelope: &Envelope) -> Result<(), Halt> {
    let now = context.now();
    if let Some(started_at) = envelope.started_at
        && now.signed_duration_since(started_at) > TimeDelta::seconds(i64::from(envelope.timeout))
    {
        return Err(Halt::TimedOut { started_at, timeout: envelope.timeout });
    }
    match context.account.objects.get(&envelope.bucket, &envelope.root_dir().halt()).await? {
        Some(flag) if counts(flag.last_modified, now) => Err(Halt::Asked(message(&flag.body))),
        _ => Ok(()),
    }
}

/// Whether a flag written then is meant for a deploy that runs now.
fn counts(written: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (-MAX_CLOCK_AHEAD..=MAX_AGE).contains(&now.signed_duration_since(written))
}

/// The flag's content.
fn message(content: &[u8]) -> String {
    let text = strip_control(&String::from_utf8_lossy(content));
    if text.trim().is_empty() { "no reason given".into() } else { text }
}

/// Writes the halt flag: the deploy that runs stops at its next look.
///
/// # Errors
/// Whatever S3 answers.
pub async fn ask(objects: &dyn Objects, bucket: &BucketName, dir: &RootDir, reason: &str) -> Result<(), CloudError> {
    objects.put(bucket, &dir.halt(), reason.as_bytes().to_vec(), Encryption::Bucket).await
}

/// Whether there is a halt flag, of whatever age.
///
/// # Errors
/// Whatever S3 answers.
pub async fn is_flagged<P>(context: &Context<P>, envelope: &Envelope) -> Result<bool, CloudError> {
    let flag = context.account.objects.get(&envelope.bucket, &envelope.root_dir().halt()).await?;
    Ok(flag.is_some())
}

/// Removes the halt flag, so that it does not stop the next deploy.
///
/// # Errors
/// Whatever S3 answers.
pub async fn clear<P>(context: &Context<P>, envelope: &Envelope) -> Result<(), CloudError> {
    context.account.objects.delete(&envelope.bucket, &envelope.root_dir().halt()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(n: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(n * 60, 0).unwrap()
    }

    #[test]
    fn a_flag_counts_for_five_minutes_and_from_clocks_up_to_two_minutes_fast() {
        let now = minute(100);
        assert!(counts(minute(95), now));
        assert!(!counts(minute(95) - TimeDelta::seconds(1), now));
        assert!(counts(minute(102), now));
        assert!(!counts(minute(102) + TimeDelta::seconds(1), now));
    }

    #[test]
    fn a_message_is_never_empty() {
        assert_eq!(message(b"bad build\n"), "bad build");
        assert_eq!(message(b" \n"), "no reason given");
        assert_eq!(message(&[0xff, b'a']), "\u{fffd}a");
    }
}
