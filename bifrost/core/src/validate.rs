//! What every deployer's `Validate` does: replay and man-in-the-middle protection (contract §2).

use crate::cloud::CloudError;
use crate::release::{Fields, Release, Replay, Sha256, replay};
use crate::task::{Context, TaskError};

/// A release is refused. `BadReleaseError` on the wire.
#[derive(Debug, thiserror::Error, TaskError)]
pub enum ValidateFailure {
    /// What is wrong with it, and what to do.
    #[error("{0}")]
    BadRelease(String),
}

impl From<Replay> for ValidateFailure {
    fn from(replay: Replay) -> Self {
        Self::BadRelease(replay.to_string())
    }
}

impl From<CloudError> for ValidateFailure {
    fn from(error: CloudError) -> Self {
        Self::BadRelease(format!("the uploaded release cannot be checked: {error}"))
    }
}

/// Refuses a release that is too old, or not the one that was uploaded; wipes what only the deployer sets; and gives
/// it an owner for its locks and the time at which it starts.
///
/// # Errors
/// [`ValidateFailure::BadRelease`].
pub async fn validate<F: Fields>(
    context: &Context<F::Ports>,
    mut release: Release<F>,
) -> Result<Release<F>, ValidateFailure> {
    let envelope = &mut release.envelope;
    replay::check_window(envelope.created_at, context.now())?;
    let key = envelope.release_dir().release();
    let uploaded = context.account.objects.get(&envelope.bucket, &key).await?.ok_or_else(|| {
        ValidateFailure::BadRelease(format!(
            "the release was not uploaded: there is no {key} in bucket {}; deploy with the client, which uploads it",
            envelope.bucket
        ))
    })?;
    replay::check_uploaded(&context.sent, &uploaded.body)?;
    envelope.clear_deployer_fields();
    envelope.uuid = Some(context.account.env.new_uuid());
    envelope.started_at = Some(context.now());
    release.fields.clear_deployer_fields();
    Ok(release)
}

/// Reads a file of the release and checks that it has the SHA-256 that the release states. Every read of such a file
/// goes this way (contract §2, point 4).
///
/// # Errors
/// If there is no such file, or it is another one than the release means.
pub async fn read_file<F: Fields>(
    context: &Context<F::Ports>,
    release: &Release<F>,
    name: &'static str,
    expected: &Sha256,
) -> Result<Vec<u8>, ValidateFailure> {
    let key = release.envelope.release_dir().file(name);
    let bucket = &release.envelope.bucket;
    let object = context.account.objects.get(bucket, &key).await?.ok_or_else(|| {
        ValidateFailure::BadRelease(format!("the release refers to {name}, but there is no {key} in bucket {bucket}"))
    })?;
    replay::check_file(name, &object.body, expected)?;
    Ok(object.body)
}
