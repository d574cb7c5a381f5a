//! One deploy at a time of an account, project and config; and one deploy of a release, ever (contract §4).
//!
//! Three things are asked for, in this order:
//! 1. the *user lock*, a person's freeze: an object that anybody with write access to the prefix may put;
//! 2. the *release lock*, an object written once and never deleted: a release is deployed at most once;
//! 3. the *root lock*, an item of a DynamoDB table, given back at the end.
//!
//! Every write is conditional, so of two deploys at the same time exactly one wins. Taking what this execution holds
//! already, since an earlier attempt of the task, succeeds.

mod freeze;
mod root;

pub use freeze::{Freeze, FreezeError, current_freeze};
pub use root::describe;

use crate::cloud::{CloudError, PutLock, PutNew};
use crate::release::{Envelope, Fields, ObjectKey, Release};
use crate::task::{Context, TaskError};
use serde::{Deserialize, Serialize};
use tokio::join;
use uuid::Uuid;

/// A lock was not taken.
#[derive(Debug, thiserror::Error, TaskError)]
pub enum LockFailure {
    /// Somebody else holds it, and this execution holds no root lock. `LockExistsError` on the wire.
    #[error("{0}")]
    LockExists(String),
    /// It is not known whether this execution holds the root lock. `LockError` on the wire.
    #[error("{0}")]
    Lock(String),
}

/// The content of a lock that is an object in S3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct LockObject {
    uuid: String,
}

/// The handler of a `Lock` task: takes user, release and root lock, or says who holds them.
///
/// # Errors
/// As [`take`].
pub async fn lock<F: Fields>(context: &Context<F::Ports>, release: Release<F>) -> Result<Release<F>, LockFailure> {
    take(context, &release.envelope).await?;
    Ok(release)
}

/// The handler of a task that gives the root lock back and does nothing else.
///
/// # Errors
/// As [`give_back`].
pub async fn unlock<F: Fields>(context: &Context<F::Ports>, release: Release<F>) -> Result<Release<F>, LockFailure> {
    give_back(context, &release.envelope).await?;
    Ok(release)
}

/// Takes user, release and root lock for the release, or says who holds them.
///
/// # Errors
/// [`LockFailure::LockExists`] if another holds one of them: whatever an earlier attempt took of the root lock is given
/// back then. [`LockFailure::Lock`] if a store did not answer.
pub async fn take<P>(context: &Context<P>, envelope: &Envelope) -> Result<(), LockFailure> {
    let owner = owner(envelope)?;
    let Some(refusal) = refusal(context, envelope, owner).await? else { return Ok(()) };
    root::give_back(context, envelope, owner).await.map_err(|error| not_known(&error))?;
    Err(LockFailure::LockExists(refusal))
}

/// Gives the root lock back. One that is gone, or another's, is left alone: nothing there is ours.
///
/// # Errors
/// [`LockFailure::Lock`] if a store did not answer: the lock may still be held.
pub async fn give_back<P>(context: &Context<P>, envelope: &Envelope) -> Result<(), LockFailure> {
    // Without an owner nothing was ever taken.
    let Some(owner) = envelope.uuid else { return Ok(()) };
    root::give_back(context, envelope, owner).await.map_err(|error| not_known(&error))
}

/// Takes the root lock again, for a task that cleans up after it was given back; whether it is held now. Another deploy may
/// have it by then.
///
/// # Errors
/// [`LockFailure::Lock`] if a store did not answer.
pub async fn hold<P>(context: &Context<P>, envelope: &Envelope) -> Result<bool, LockFailure> {
    let owner = owner(envelope)?;
    let original = root::original(context, envelope).await.map_err(|error| not_known(&error))?;
    let taken = root::take(context, envelope, owner, original).await.map_err(|error| not_known(&error))?;
    Ok(matches!(taken, PutLock::Taken))
}

/// Why the locks cannot be had; `None` once they are all taken.
async fn refusal<P>(context: &Context<P>, envelope: &Envelope, owner: Uuid) -> Result<Option<String>, LockFailure> {
    let freeze = current_freeze(context.account.objects.as_ref(), &envelope.bucket, &envelope.root_dir()).await;
    if let Some(freeze) = freeze.map_err(|error| not_known(&error))? {
        let unfreeze = command(context, envelope, "unfreeze");
        return Ok(Some(format!("{} is frozen by {freeze}; to lift the freeze: {unfreeze}", project_config(envelope))));
    }
    // Whatever is found at the root, the release is spent: its own lock is taken in any case.
    let (spent, original) = join!(take_release_lock(context, envelope, owner), root::original(context, envelope));
    if !spent.map_err(|error| not_known(&error))? {
        return Ok(Some(format!(
            "release {} was already deployed: a release can be deployed only once, so create a new release",
            envelope.release_id
        )));
    }
    let original = original.map_err(|error| not_known(&error))?;
    match root::take(context, envelope, owner, original).await.map_err(|error| not_known(&error))? {
        PutLock::Taken => Ok(None),
        PutLock::Held(item) => {
            let (holder, unlock) = (root::describe(&item), command(context, envelope, "unlock"));
            Ok(Some(format!(
                "{} is locked by {holder}; if that deploy has ended and left its lock: {unlock}",
                project_config(envelope)
            )))
        }
    }
}

/// Whether the release lock is this execution's.
async fn take_release_lock<P>(context: &Context<P>, envelope: &Envelope, owner: Uuid) -> Result<bool, CloudError> {
    let (bucket, key) = (&envelope.bucket, envelope.release_dir().lock());
    let lock = LockObject { uuid: owner.to_string() };
    match context.account.objects.put_new(bucket, &key, text(&lock)).await? {
        PutNew::Written => Ok(true),
        PutNew::Exists => Ok(read(context, envelope, &key).await?.is_some_and(|there| there == lock)),
    }
}

/// The lock that is kept as an object. One that cannot be read is somebody else's.
async fn read<P>(context: &Context<P>, envelope: &Envelope, key: &ObjectKey) -> Result<Option<LockObject>, CloudError> {
    let object = context.account.objects.get(&envelope.bucket, key).await?;
    Ok(object.map(|object| {
        serde_json::from_slice(&object.body).unwrap_or_else(|_| LockObject { uuid: "an unreadable lock".into() })
    }))
}

fn text(lock: &LockObject) -> Vec<u8> {
    serde_json::json!(lock).to_string().into_bytes()
}

fn owner(envelope: &Envelope) -> Result<Uuid, LockFailure> {
    envelope.uuid.ok_or_else(|| LockFailure::Lock("the release has no uuid: Validate gives it one".into()))
}

fn not_known(error: &CloudError) -> LockFailure {
    LockFailure::Lock(format!("whether the lock is held is not known: {error}"))
}

fn project_config(envelope: &Envelope) -> String {
    format!("{} {} in account {}", envelope.project_name, envelope.config_name, envelope.aws_account_id)
}

/// A command of the deployer's client for this project and config, with the arguments that its user needs.
fn command<P>(context: &Context<P>, envelope: &Envelope, name: &str) -> String {
    let Envelope { aws_account_id, bucket, project_name, config_name, .. } = envelope;
    // Only what differs from the command's own defaults has to be named.
    let unless = |is_default, argument: String| if is_default { String::new() } else { argument };
    let account = unless(*aws_account_id == context.account.defaults.account, format!(" --account {aws_account_id}"));
    let bucket = unless(*bucket == context.account.defaults.bucket, format!(" --bucket {bucket}"));
    let (program, cloud) = (context.account.identity.command(), &context.account.cloud_arguments);
    format!("{program} {name} {project_name} {config_name}{account}{bucket}{cloud}")
}
