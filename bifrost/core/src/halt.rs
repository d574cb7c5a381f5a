//! The halt flag, with which an operator stops a running deploy, and the timeout of a deploy.

use crate::cloud::{CloudError, Encryption, Objects};
use crate::error_code::Coded;
use crate::release::{BucketName, Envelope, RootDir};
use crate::strip_control::strip_control;
use crate::task::Context;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

/// The maximum age of a halt flag (contract §3). An older flag was meant for an earlier deploy.
pub const MAX_AGE: TimeDelta = TimeDelta::minutes(5);

/// How far in the future a halt flag may have been written, by a clock that is ahead.
pub const MAX_CLOCK_AHEAD: TimeDelta = TimeDelta::minutes(2);

/// Why a deploy stops. `HaltError` on the wire.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Coded)]
pub enum Halt {
    /// An operator halted the deploy.
    #[error("halted: {0}")]
    #[code("halt/requested", "find out from the reason why the deploy was halted, then deploy a new release")]
    Requested(String),
    /// The deploy took longer than the release's `timeout`.
    #[error(
        "timed out: the deploy started at {} and may take {timeout} s; find out what takes so long, or set a longer \
         `timeout` in the release or with `--timeout`",
        started_at.to_rfc3339_opts(SecondsFormat::Secs, true)
    )]
    #[code(
        "halt/timeout",
        "find out what takes so long, or set a longer `timeout` in the release or with `--timeout`; then deploy a new release"
    )]
    TimedOut {
        /// When the deployer started the deploy.
        started_at: DateTime<Utc>,
        /// How long it may take, in seconds.
        timeout: u32,
    },
}

/// Why [`check`] does not let a deploy continue.
#[derive(Debug, thiserror::Error, Coded)]
pub enum HaltCheckError {
    /// The deploy must stop.
    #[error(transparent)]
    #[code(source)]
    Halt(#[from] Halt),
    /// S3 did not say whether there is a halt flag.
    #[error("cannot check for a halt flag")]
    #[code(source)]
    Cloud(#[from] CloudError),
}

/// Checks the release's timeout, then the halt flag.
///
/// # Errors
/// [`HaltCheckError::Halt`] if the deploy must stop; [`HaltCheckError::Cloud`] if S3 did not answer.
pub async fn check<P>(context: &Context<P>, envelope: &Envelope) -> Result<(), HaltCheckError> {
    let now = context.now();
    if let Some(started_at) = envelope.started_at
        && now.signed_duration_since(started_at) > TimeDelta::seconds(i64::from(envelope.timeout))
    {
        return Err(Halt::TimedOut { started_at, timeout: envelope.timeout }.into());
    }
    match context.account.objects.get(&envelope.bucket, &envelope.root_dir().halt()).await? {
        Some(flag) if counts(flag.last_modified, now) => Err(Halt::Requested(message(&flag.body)).into()),
        _ => Ok(()),
    }
}

/// Whether a flag that was written at this time is meant for a deploy that runs now.
fn counts(written: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (-MAX_CLOCK_AHEAD..=MAX_AGE).contains(&now.signed_duration_since(written))
}

/// The reason in the flag.
fn message(content: &[u8]) -> String {
    let text = strip_control(&String::from_utf8_lossy(content));
    if text.trim().is_empty() { "no reason given".into() } else { text }
}

/// Writes the halt flag. The running deploy stops at its next check.
///
/// # Errors
/// [`CloudError`] from S3.
pub async fn request(
    objects: &dyn Objects,
    bucket: &BucketName,
    dir: &RootDir,
    reason: &str,
) -> Result<(), CloudError> {
    objects.put(bucket, &dir.halt(), reason.as_bytes().to_vec(), Encryption::Bucket).await
}

/// Whether there is a halt flag, of any age.
///
/// # Errors
/// [`CloudError`] from S3.
pub async fn is_flagged<P>(context: &Context<P>, envelope: &Envelope) -> Result<bool, CloudError> {
    let flag = context.account.objects.get(&envelope.bucket, &envelope.root_dir().halt()).await?;
    Ok(flag.is_some())
}

/// Deletes the halt flag, so that it does not stop the next deploy.
///
/// # Errors
/// [`CloudError`] from S3.
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
    fn flag_counts_for_5_minutes_and_2_minutes_ahead() {
        let now = minute(100);
        assert!(counts(minute(95), now));
        assert!(!counts(minute(95) - TimeDelta::seconds(1), now));
        assert!(counts(minute(102), now));
        assert!(!counts(minute(102) + TimeDelta::seconds(1), now));
    }

    #[test]
    fn empty_flag_has_a_default_reason() {
        assert_eq!(message(b"bad build\n"), "bad build");
        assert_eq!(message(b" \n"), "no reason given");
        assert_eq!(message(&[0xff, b'a']), "\u{fffd}a");
    }
}
