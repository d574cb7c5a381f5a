//! Locks: one deploy at a time of an account, project and config, and at most one deploy of a release (contract §4).
//!
//! A deploy passes three checks, in this order:
//! 1. the *freeze*, an object that anyone with write access to the prefix may put;
//! 2. the *release lock*, an object that is written once and never deleted, so that a release is deployed at most once;
//! 3. the *root lock*, an item of a DynamoDB table, given back at the end.
//!
//! Every write is conditional, so exactly one of two concurrent deploys gets the lock. Taking a lock again that an earlier
//! attempt of the same execution took succeeds.

mod freeze;
mod root;

pub use freeze::{Freeze, FreezeError, current_freeze};
pub use root::describe;

use crate::cloud::{CloudError, LockItem, PutLock, PutNew};
use crate::error_code::Coded;
use crate::release::{Envelope, Fields, ObjectKey, Release, ReleaseId};
use crate::task::{Context, TaskError};
use serde::{Deserialize, Serialize};
use tokio::join;
use uuid::Uuid;

/// A lock was not taken, or not given back.
#[derive(Debug, thiserror::Error, TaskError, Coded)]
pub enum LockFailure {
    /// This release may not be deployed now, and this execution holds no root lock. `LockExistsError` on the wire.
    #[error(transparent)]
    #[code(source)]
    LockExists(#[from] LockConflict),
    /// It is not known whether this execution holds the root lock. `LockError` on the wire.
    #[error(transparent)]
    #[code(source)]
    Lock(#[from] LockUnknown),
}

/// Why a lock cannot be taken.
#[derive(Debug, thiserror::Error, Coded)]
pub enum LockConflict {
    /// An operator froze the project and config.
    #[error("{project} is frozen by {freeze}; to lift the freeze: {unfreeze}")]
    #[code("freeze/active", "agree with the person who froze it, then lift the freeze with `unfreeze`")]
    Frozen {
        /// Project, config and account.
        project: String,
        /// Who froze it, and why.
        freeze: Freeze,
        /// The command that lifts the freeze.
        unfreeze: String,
    },
    /// Another execution deployed this release, or tried to.
    #[error(
        "release {release_id} was already used by another execution; a release is deployed at most once, so create a new \
         release"
    )]
    #[code("lock/release-deployed", "create a new release; a rollback is a new release, too")]
    ReleaseDeployed {
        /// The release.
        release_id: ReleaseId,
    },
    /// Another execution holds the root lock of the project and config.
    #[error(
        "{project} is locked by {}; if that deploy has ended and left its lock, see what else it left over: {status}, then \
         clear the lock: {unlock}",
        describe(holder)
    )]
    #[code(
        "lock/held",
        "wait until the deploy that holds the lock has ended; if it has ended and left its lock, see with `status` what else it \
         left over, then clear the lock with `unlock`"
    )]
    Held {
        /// Project, config and account.
        project: String,
        /// The lock that the other execution holds.
        holder: Box<LockItem>,
        /// The command that shows what is deployed and left over.
        status: String,
        /// The command that clears a lock that a deploy left.
        unlock: String,
    },
}

/// Why it is not known whether this execution holds the root lock.
#[derive(Debug, thiserror::Error, Coded)]
pub enum LockUnknown {
    /// The release has no owner for its locks.
    #[error("the release has no uuid to own its locks; the state machine must run Validate before this task")]
    #[code("lock/no-owner", "run Validate before the task in the state machine")]
    NoOwner,
    /// AWS did not answer.
    #[error("{context}")]
    #[code(source)]
    Cloud {
        /// What could not be done, such as `cannot tell whether the lock is held`.
        context: &'static str,
        /// What AWS answered.
        source: Box<CloudError>,
    },
}

impl LockFailure {
    pub(crate) fn unknown(context: &'static str) -> impl FnOnce(CloudError) -> Self {
        move |source| LockUnknown::Cloud { context, source: Box::new(source) }.into()
    }
}

impl From<CloudError> for LockFailure {
    fn from(error: CloudError) -> Self {
        Self::unknown("cannot tell whether the lock is held")(error)
    }
}

/// The content of a lock that is an object in S3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct LockObject {
    uuid: String,
}

/// The handler of a `Lock` task: checks the freeze, and takes the release lock and the root lock.
///
/// # Errors
/// As [`take`].
pub async fn lock<F: Fields>(context: &Context<F::Ports>, release: Release<F>) -> Result<Release<F>, LockFailure> {
    take(context, &release.envelope).await?;
    Ok(release)
}

/// The handler of a task that only gives the root lock back.
///
/// # Errors
/// As [`give_back`].
pub async fn unlock<F: Fields>(context: &Context<F::Ports>, release: Release<F>) -> Result<Release<F>, LockFailure> {
    give_back(context, &release.envelope).await?;
    Ok(release)
}

/// Checks the freeze, and takes the release lock and the root lock for the release.
///
/// # Errors
/// [`LockFailure::LockExists`] if there is a freeze or another execution holds a lock. If an earlier attempt took the root
/// lock, it is given back first. [`LockFailure::Lock`] if AWS did not answer.
pub async fn take<P>(context: &Context<P>, envelope: &Envelope) -> Result<(), LockFailure> {
    let owner = owner(envelope)?;
    let Some(conflict) = conflict(context, envelope, owner).await? else { return Ok(()) };
    root::give_back(context, envelope, owner).await?;
    Err(conflict.into())
}

/// Gives the root lock back. Succeeds without effect if this execution does not hold it.
///
/// # Errors
/// [`LockFailure::Lock`] if AWS did not answer: this execution may still hold the lock.
pub async fn give_back<P>(context: &Context<P>, envelope: &Envelope) -> Result<(), LockFailure> {
    // Without an owner nothing was ever taken.
    let Some(owner) = envelope.uuid else { return Ok(()) };
    Ok(root::give_back(context, envelope, owner).await?)
}

/// Takes the root lock again, for a task that cleans up after the lock was given back. Returns `false` if another deploy
/// holds it.
///
/// # Errors
/// [`LockFailure::Lock`] if AWS did not answer.
pub async fn retake<P>(context: &Context<P>, envelope: &Envelope) -> Result<bool, LockFailure> {
    let owner = owner(envelope)?;
    let go_lock = root::go_lock(context, envelope).await?;
    let taken = root::take(context, envelope, owner, go_lock).await?;
    Ok(matches!(taken, PutLock::Taken))
}

/// Takes the locks. Returns what prevents it; `None` if all are taken.
async fn conflict<P>(
    context: &Context<P>,
    envelope: &Envelope,
    owner: Uuid,
) -> Result<Option<LockConflict>, LockFailure> {
    let freeze = current_freeze(context.account.objects.as_ref(), &envelope.bucket, &envelope.root_dir()).await;
    if let Some(freeze) = freeze? {
        let unfreeze = command(context, envelope, "unfreeze");
        return Ok(Some(LockConflict::Frozen { project: project_config(envelope), freeze, unfreeze }));
    }
    // The release lock is taken even if the root lock is held: a refused release cannot be deployed later.
    let (is_ours, go_lock) = join!(take_release_lock(context, envelope, owner), root::go_lock(context, envelope));
    if !is_ours? {
        return Ok(Some(LockConflict::ReleaseDeployed { release_id: envelope.release_id.clone() }));
    }
    match root::take(context, envelope, owner, go_lock?).await? {
        PutLock::Taken => Ok(None),
        PutLock::Held(holder) => {
            let [status, unlock] = ["status", "unlock"].map(|name| command(context, envelope, name));
            Ok(Some(LockConflict::Held { project: project_config(envelope), holder, status, unlock }))
        }
    }
}

/// Takes the release lock. Returns whether this execution holds it.
async fn take_release_lock<P>(context: &Context<P>, envelope: &Envelope, owner: Uuid) -> Result<bool, CloudError> {
    let (bucket, key) = (&envelope.bucket, envelope.release_dir().lock());
    let lock = LockObject { uuid: owner.to_string() };
    match context.account.objects.put_new(bucket, &key, text(&lock)).await? {
        PutNew::Written => Ok(true),
        PutNew::Exists => Ok(read(context, envelope, &key).await?.is_some_and(|existing| existing == lock)),
    }
}

/// Reads a lock that is an object. One that cannot be parsed belongs to somebody else.
async fn read<P>(context: &Context<P>, envelope: &Envelope, key: &ObjectKey) -> Result<Option<LockObject>, CloudError> {
    let object = context.account.objects.get(&envelope.bucket, key).await?;
    Ok(object.map(|object| {
        serde_json::from_slice(&object.body).unwrap_or_else(|_| LockObject { uuid: "unknown (unreadable lock)".into() })
    }))
}

fn text(lock: &LockObject) -> Vec<u8> {
    serde_json::json!(lock).to_string().into_bytes()
}

fn owner(envelope: &Envelope) -> Result<Uuid, LockFailure> {
    envelope.uuid.ok_or(LockFailure::Lock(LockUnknown::NoOwner))
}

fn project_config(envelope: &Envelope) -> String {
    format!("{} {} in account {}", envelope.project_name, envelope.config_name, envelope.aws_account_id)
}

/// A command of the deployer's client for this project and config, with all arguments that it needs here.
fn command<P>(context: &Context<P>, envelope: &Envelope, name: &str) -> String {
    let Envelope { aws_account_id, bucket, project_name, config_name, .. } = envelope;
    // Only arguments that differ from the command's defaults are needed.
    let unless = |is_default, argument: String| if is_default { String::new() } else { argument };
    let account = unless(*aws_account_id == context.account.defaults.account, format!(" --account {aws_account_id}"));
    let bucket = unless(*bucket == context.account.defaults.bucket, format!(" --bucket {bucket}"));
    let (program, cloud) = (context.account.identity.command(), &context.account.cloud_arguments);
    format!("{program} {name} {project_name} {config_name}{account}{bucket}{cloud}")
}
