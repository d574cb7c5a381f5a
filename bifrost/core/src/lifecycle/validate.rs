//! The part of `Validate` that all deployers share: replay and man-in-the-middle protection (contract §2).

use super::{Context, Finish, HandlerOutput};
use crate::cloud::{CloudError, DeployedItem, limit_bytes};
use crate::error_code::{Coded, CodedError};
use crate::findings::Findings;
use crate::release::{BucketName, Defaults, Fields, ObjectKey, Release, ReleaseId, Replay, Sha256, replay};
use crate::task::TaskError;
use std::ops::{Deref, DerefMut};
use tokio::join;

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
    /// A newer release is deployed.
    #[error(transparent)]
    #[code(source)]
    OlderThanDeployed(#[from] OlderThanDeployed),
    /// Its bucket is not one from which this deployer accepts releases.
    #[error(
        "bucket: {bucket} is not a bucket of this deployer; leave `bucket` out, which means {default}, or let an operator \
         add it to the deployer's buckets"
    )]
    #[code("release/foreign-bucket", "leave `bucket` out of the release, or add the bucket to the deployer's settings")]
    ForeignBucket {
        /// The release's bucket.
        bucket: BucketName,
        /// The deployer's own bucket.
        default: BucketName,
    },
    /// It asks for more time than a deploy may take.
    #[error("timeout: {timeout} s is more than the {max} s that a deploy may take; set a shorter `timeout`")]
    #[code("release/timeout-too-long", "set a shorter `timeout` in the release or with `--timeout`")]
    TimeoutTooLong {
        /// The release's timeout, in seconds.
        timeout: u32,
        /// The longest that this deployer accepts, in seconds.
        max: u32,
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

/// A newer release is deployed. `Validate` refuses early, and `Lock` decides.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Coded)]
#[error(
    "release {release_id} is older than {}, which is deployed since {}; create a new release, also to roll back",
    deployed.release_id,
    deployed.time.format("%Y-%m-%dT%H:%M:%SZ")
)]
#[code("release/older-than-deployed", "create a new release; a rollback is a new release, too")]
pub struct OlderThanDeployed {
    /// The release that is refused.
    pub release_id: ReleaseId,
    /// The release that is deployed.
    pub deployed: Box<DeployedItem>,
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

impl From<Findings> for BadRelease {
    fn from(findings: Findings) -> Self {
        Self::rule(findings)
    }
}

impl From<ValidateFailure> for BadRelease {
    fn from(ValidateFailure::BadRelease(error): ValidateFailure) -> Self {
        error
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

validate_failure_from! { Replay CloudError CodedError Findings }

/// A release that may be deployed, as far as is known before its lock is taken. Only [`validate`] makes one.
#[derive(Debug)]
pub struct Validated<F>(Release<F>);

impl<F> HandlerOutput<F> for Validated<F> {
    fn into_finish(self) -> Finish<F> {
        Finish::KeepLock(self.0)
    }
}

impl<F> Deref for Validated<F> {
    type Target = Release<F>;

    fn deref(&self) -> &Release<F> {
        &self.0
    }
}

/// The handler of `Validate` may fill in defaults.
impl<F> DerefMut for Validated<F> {
    fn deref_mut(&mut self) -> &mut Release<F> {
        &mut self.0
    }
}

/// The handler of the task marked `validates`, or its first part: refuses a release that is too old, differs from the uploaded
/// one, is older than the deployed one, or breaks a [rule](check). Clears the fields that only the deployer sets, and sets
/// `uuid`, the owner of its locks, and `started_at`.
///
/// # Errors
/// [`ValidateFailure::BadRelease`].
pub async fn validate<F: Fields, P>(
    context: &Context<P>,
    mut release: Release<F>,
) -> Result<Validated<F>, ValidateFailure> {
    let envelope = &mut release.envelope;
    replay::check_window(envelope.created_at, context.now())?;
    check_bucket(&envelope.bucket, &context.account.defaults)?;
    let (key, dir) = (envelope.release_dir().release(), envelope.root_dir());
    let (uploaded, deployed) = join!(
        context.account.objects.get(&envelope.bucket, &key, limit_bytes::RELEASE),
        context.account.locks.deployed(&dir)
    );
    let uploaded = uploaded?.ok_or_else(|| BadRelease::NotUploaded { bucket: envelope.bucket.clone(), key })?;
    context.recording.set_release(Sha256::of(&uploaded.body));
    replay::check_uploaded(&context.sent, &uploaded.body)?;
    // `Lock` decides; this only refuses earlier.
    if let Some(deployed) = deployed?.filter(|deployed| deployed.refuses(envelope.created_at)) {
        let release_id = envelope.release_id.clone();
        return Err(BadRelease::from(OlderThanDeployed { release_id, deployed: Box::new(deployed) }).into());
    }
    envelope.clear_deployer_fields();
    envelope.uuid = Some(context.account.env.new_uuid());
    envelope.started_at = Some(context.now());
    release.fields.clear_deployer_fields();
    check(&release, &context.account.defaults)?;
    Ok(Validated(release))
}

/// Checks the rules of framework and deployer that need no call to AWS. [`validate`] does, and the client does before it uploads
/// anything.
///
/// # Errors
/// [`BadRelease`], with the JSON path.
pub fn check<F: Fields>(release: &Release<F>, defaults: &Defaults) -> Result<(), BadRelease> {
    check_bucket(&release.envelope.bucket, defaults)?;
    let (timeout, max) = (release.envelope.timeout, F::MAX_TIMEOUT_SECONDS);
    if timeout > max {
        return Err(BadRelease::TimeoutTooLong { timeout, max });
    }
    Ok(F::check(release)?)
}

/// Otherwise anyone who can write to some bucket of the account could deploy from it.
fn check_bucket(bucket: &BucketName, defaults: &Defaults) -> Result<(), BadRelease> {
    if defaults.allows_bucket(bucket) {
        return Ok(());
    }
    Err(BadRelease::ForeignBucket { bucket: bucket.clone(), default: defaults.bucket.clone() })
}

/// Reads a file of the release and checks that it has the SHA-256 that the release states. Every read of such a file must
/// use this function (contract §2, point 4). A file of more than `max_bytes` is refused before it is read.
///
/// # Errors
/// [`BadRelease::FileMissing`], [`Replay::File`] if its bytes differ, or [`BadRelease::NotChecked`].
pub async fn read_file<F: Fields, P>(
    context: &Context<P>,
    release: &Release<F>,
    name: &'static str,
    expected: &Sha256,
    max_bytes: u64,
) -> Result<Vec<u8>, ValidateFailure> {
    let key = release.envelope.release_dir().file(name);
    let bucket = &release.envelope.bucket;
    let object = context
        .account
        .objects
        .get(bucket, &key, max_bytes)
        .await?
        .ok_or_else(|| BadRelease::FileMissing { name: name.to_owned(), bucket: bucket.clone(), key })?;
    replay::check_file(name, &object.body, expected)?;
    Ok(object.body)
}
