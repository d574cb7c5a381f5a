//! The halt flag, with which an operator stops a running deploy, and the timeout of a deploy.

use super::Context;
use crate::cloud::{CloudError, Encryption, Objects};
use crate::error_code::Coded;
use crate::release::{BucketName, Envelope, RootDir};
use crate::strip_control::strip_control;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

/// The maximum age of a halt flag (contract §3). An older flag was meant for an earlier deploy.
pub const MAX_HALT_AGE: TimeDelta = TimeDelta::minutes(5);

/// How far in the future a halt flag may have been written, by a clock that is ahead.
pub const MAX_CLOCK_AHEAD: TimeDelta = TimeDelta::minutes(2);

/// Maximum size of a halt flag, in bytes.
const MAX_BYTES: u64 = 64 * 1024;

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

/// Why a deploy may not continue.
#[derive(Debug, Clone, thiserror::Error, Coded)]
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

impl<P> Context<P> {
    /// Whether the deploy must stop: an operator halted it, or its timeout has passed. A handler that asks decides itself what
    /// that means. If the handler of a task marked `looks for halt` does not ask, the framework lets no change pass and raises
    /// `HaltError`.
    ///
    /// # Errors
    /// [`HaltCheckError::Halt`] if the deploy must stop; [`HaltCheckError::Cloud`] if S3 did not answer.
    pub async fn halt(&self, envelope: &Envelope) -> Result<(), HaltCheckError> {
        self.guard.let_handler_decide();
        self.read_halt(envelope).await
    }

    /// Reads timeout and halt flag. The first call of an attempt asks S3, later ones share its answer.
    pub(super) async fn read_halt(&self, envelope: &Envelope) -> Result<(), HaltCheckError> {
        self.guard.halt.get_or_init(|| check(self, envelope)).await.clone()
    }

    /// Whether there is a halt flag, of any age.
    pub(super) async fn has_halt_flag(&self, envelope: &Envelope) -> Result<bool, CloudError> {
        self.account.objects.exists(&envelope.bucket, &envelope.root_dir().halt()).await
    }

    /// Deletes the halt flag, so that it does not stop the next deploy.
    pub(super) async fn delete_halt_flag(&self, envelope: &Envelope) -> Result<(), CloudError> {
        self.account.objects.delete(&envelope.bucket, &envelope.root_dir().halt()).await
    }
}

async fn check<P>(context: &Context<P>, envelope: &Envelope) -> Result<(), HaltCheckError> {
    let now = context.now();
    if let Some(started_at) = envelope.started_at
        && now.signed_duration_since(started_at) > TimeDelta::seconds(i64::from(envelope.timeout))
    {
        return Err(Halt::TimedOut { started_at, timeout: envelope.timeout }.into());
    }
    match context.account.objects.get(&envelope.bucket, &envelope.root_dir().halt(), MAX_BYTES).await {
        Ok(Some(flag)) if counts(flag.last_modified, now) => Err(Halt::Requested(message(&flag.body)).into()),
        Ok(_) => Ok(()),
        // Its age is not known, but its writer meant to stop a deploy.
        Err(error) if error.is_too_large() => Err(Halt::Requested(error.message).into()),
        Err(error) => Err(error.into()),
    }
}

/// Whether a flag that was written at this time is meant for a deploy that runs now.
fn counts(written: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (-MAX_CLOCK_AHEAD..=MAX_HALT_AGE).contains(&now.signed_duration_since(written))
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
pub async fn request_halt(
    objects: &dyn Objects,
    bucket: &BucketName,
    dir: &RootDir,
    reason: &str,
) -> Result<(), CloudError> {
    objects.put(bucket, &dir.halt(), reason.as_bytes().to_vec(), Encryption::Bucket).await
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
