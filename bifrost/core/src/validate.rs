//! The part of `Validate` that all deployers share: replay and man-in-the-middle protection (contract §2).

use crate::cloud::CloudError;
use crate::error_code::{Coded, CodedError};
use crate::release::{BucketName, Fields, ObjectKey, Release, Replay, Sha256, replay};
use crate::task::{Context, TaskError};

/// A release is refused. `BadReleaseError` on the wire.
#[derive(Debug, thiserror::Error, TaskError, Coded)]
pub enum ValidateFailure {
    /// The release is refused, or could not be checked.
    #[error(transparent)]
    #[code(source)]
    BadRelease(#[from] BadRelease),
}

/// Why a release is refused.
#[derive(Debug, thiserror::Error, Coded)]
pub enum BadRelease {
    /// It is too old, or differs from what was uploaded.
    #[error(transparent)]
    #[code(source)]
    Replay(#[from] Replay),
    /// The execution was started with a release that is not in the bucket.
    #[error("the release was not uploaded: bucket {bucket} has no {key}; deploy with the client, which uploads it")]
    #[code("release/not-uploaded", "deploy with the client, which uploads the release before it starts the execution")]
    NotUploaded {
        /// The release's bucket.
        bucket: BucketName,
        /// Where the release should be.
        key: ObjectKey,
    },
    /// A file that the release refers to is not in the bucket.
    #[error("the release refers to {name}, but bucket {bucket} has no {key}; deploy with the client, which uploads it")]
    #[code("release/file-missing", "deploy with the client, which uploads the files before it starts the execution")]
    FileMissing {
        /// What the release calls the file.
        name: String,
        /// The release's bucket.
        bucket: BucketName,
        /// Where the file should be.
        key: ObjectKey,
    },
    /// AWS did not answer a question that decides whether the release is good.
    #[error("{context}")]
    #[code(source)]
    NotChecked {
        /// What could not be done, such as `cannot check the release`.
        context: &'static str,
        /// What AWS answered.
        source: Box<CloudError>,
    },
    /// It breaks a rule of the deployer.
    #[error(transparent)]
    #[code(source)]
    Rule(#[from] CodedError),
}

impl BadRelease {
    /// The release breaks a rule of the deployer.
    pub fn rule<E: Coded + Send + Sync + 'static>(error: E) -> Self {
        Self::Rule(CodedError::new(error))
    }

    /// AWS did not answer. `context` says what could not be done: `cannot look up the security groups`.
    #[must_use]
    pub fn not_checked(context: &'static str, source: CloudError) -> Self {
        Self::NotChecked { context, source: Box::new(source) }
    }
}

impl ValidateFailure {
    /// As [`BadRelease::rule`].
    pub fn rule<E: Coded + Send + Sync + 'static>(error: E) -> Self {
        BadRelease::rule(error).into()
    }

    /// As [`BadRelease::not_checked`].
    #[must_use]
    pub fn not_checked(context: &'static str, source: CloudError) -> Self {
        BadRelease::not_checked(context, source).into()
    }
}

impl From<CloudError> for BadRelease {
    fn from(source: CloudError) -> Self {
        Self::not_checked("cannot check the release", source)
    }
}

macro_rules! validate_failure_from {
    ($($source:ty)*) => { $(
        impl From<$source> for ValidateFailure {
            fn from(error: $source) -> Self {
                BadRelease::from(error).into()
            }
        }
    )* };
}

validate_failure_from! { Replay CloudError CodedError }

/// Refuses a release that is too old, or differs from the uploaded one. Clears the fields that only the deployer sets, and
/// sets `uuid`, the owner of its locks, and `started_at`.
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
    let uploaded = context
        .account
        .objects
        .get(&envelope.bucket, &key)
        .await?
        .ok_or_else(|| BadRelease::NotUploaded { bucket: envelope.bucket.clone(), key })?;
    replay::check_uploaded(&context.sent, &uploaded.body)?;
    envelope.clear_deployer_fields();
    envelope.uuid = Some(context.account.env.new_uuid());
    envelope.started_at = Some(context.now());
    release.fields.clear_deployer_fields();
    Ok(release)
}

/// Reads a file of the release and checks that it has the SHA-256 that the release states. Every read of such a file must
/// use this function (contract §2, point 4).
///
/// # Errors
/// [`BadRelease::FileMissing`], [`Replay::File`] if its bytes differ, or [`BadRelease::NotChecked`].
pub async fn read_file<F: Fields>(
    context: &Context<F::Ports>,
    release: &Release<F>,
    name: &'static str,
    expected: &Sha256,
) -> Result<Vec<u8>, ValidateFailure> {
    let key = release.envelope.release_dir().file(name);
    let bucket = &release.envelope.bucket;
    let object = context.account.objects.get(bucket, &key).await?.ok_or_else(|| BadRelease::FileMissing {
        name: name.to_owned(),
        bucket: bucket.clone(),
        key,
    })?;
    replay::check_file(name, &object.body, expected)?;
    Ok(object.body)
}
