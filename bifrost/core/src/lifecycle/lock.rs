//! Locks: one deploy at a time of an account, project and config, and at most one deploy of a release (contract §4).
//!
//! A deploy passes three checks, in this order:
//! 1. the *release lock*, an object that is written once and never deleted, so that a release is deployed at most once;
//! 2. the *freeze*, an object that an operator writes to stop all deploys;
//! 3. the *root lock*, an item of a DynamoDB table, given back at the end. The transaction that takes it also refuses a
//!    release that is older than the deployed one, and an execution that gave the lock back before.
//!
//! Every write is conditional, so exactly one of two concurrent deploys gets the lock. Taking a lock again that an earlier
//! attempt of the same execution took succeeds.

use super::context::project_config;
use super::{Context, Finish, Freeze, HandlerOutput, LockLost, OlderThanDeployed, current_freeze, finish, go_lock};
use crate::audit::Event;
use crate::cloud::{CloudError, EndedItem, LockItem, LockTaken, TakeLock};
use crate::error_code::Coded;
use crate::release::{Envelope, Fields, Release, ReleaseId, STARTED_BY};
use crate::strip_control::strip_control;
use crate::task::TaskError;
use tokio::join;
use uuid::Uuid;

/// A lock was not taken, was lost, or was not given back.
#[derive(Debug, thiserror::Error, TaskError, Coded)]
pub enum LockFailure {
    /// This release may not be deployed now, and this execution holds no root lock. `LockExistsError` on the wire.
    #[error(transparent)]
    #[code(source)]
    LockExists(#[from] LockConflict),
    /// It is not known whether this execution holds the root lock, or it does not. `LockError` on the wire.
    #[error(transparent)]
    #[code(source)]
    Lock(#[from] LockUnknown),
}

/// Why a lock cannot be taken.
#[derive(Debug, thiserror::Error, Coded)]
pub enum LockConflict {
    /// An operator froze the project and config.
    #[error("{project} is frozen by {freeze}; to lift the freeze: {unfreeze}")]
    #[code(
        "freeze/active",
        "agree with the person who froze it, lift the freeze with `unfreeze`, then create a new release: this one is spent"
    )]
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
    /// This execution gave its root lock back, or an operator cleared it, before this attempt.
    #[error(
        "this execution of {project} has ended: its lock was given back at {}; deploy a new release",
        ended.time.format("%Y-%m-%dT%H:%M:%SZ")
    )]
    #[code("lock/ended", "deploy a new release; an execution that gave its lock back cannot take it again")]
    Ended {
        /// Project, config and account.
        project: String,
        /// When the lock was given back, and by whom.
        ended: EndedItem,
    },
    /// Another execution holds the root lock of the project and config.
    #[error(
        "{project} is locked by {}; if that deploy has ended and left its lock, see what else it left over: {status}, then \
         clear the lock: {unlock}",
        describe_lock(holder)
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
    /// A newer release is deployed.
    #[error(transparent)]
    #[code(source)]
    OlderThanDeployed(#[from] OlderThanDeployed),
}

/// Why it is not known whether this execution holds the root lock, or that it does not hold it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Coded)]
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
    /// This execution does not hold the root lock any more.
    #[error(transparent)]
    #[code(source)]
    Lost(#[from] LockLost),
    /// This execution gave its root lock back in an earlier task or attempt.
    #[error(
        "this execution gave the lock of {project} back at {}, so it changes nothing any more; see what is deployed with: {status}",
        ended.time.format("%Y-%m-%dT%H:%M:%SZ")
    )]
    #[code("lock/given-back", "see with `status` what is deployed; deploy a new release if it is not what you want")]
    GivenBack {
        /// Project, config and account.
        project: String,
        /// When it gave the lock back.
        ended: EndedItem,
        /// The command that shows what is deployed.
        status: String,
    },
}

impl LockUnknown {
    pub(super) fn given_back<P>(context: &Context<P>, envelope: &Envelope, ended: EndedItem) -> Self {
        let (project, status) = (project_config(envelope), context.command(envelope, "status"));
        Self::GivenBack { project, ended, status }
    }
}

impl LockFailure {
    pub(super) fn unknown(context: &'static str) -> impl FnOnce(CloudError) -> Self {
        move |source| LockUnknown::Cloud { context, source: Box::new(source) }.into()
    }
}

impl From<CloudError> for LockFailure {
    fn from(error: CloudError) -> Self {
        Self::unknown("cannot tell whether the lock is held")(error)
    }
}

/// A release whose locks are taken. Only [`lock`] makes one.
#[derive(Debug)]
pub struct Locked<F>(Release<F>);

impl<F> HandlerOutput<F> for Locked<F> {
    fn into_finish(self) -> Finish<F> {
        Finish::KeepLock(self.0)
    }
}

/// The handler of the task marked `locks`: takes the release lock, checks the freeze, and takes the root lock.
///
/// # Errors
/// [`LockFailure::LockExists`] if the release may not be deployed now. If an earlier attempt took the root lock, it is given
/// back first. The release lock is kept: a refused release cannot be deployed later. [`LockFailure::Lock`] if AWS did not answer.
pub async fn lock<F: Fields, P>(context: &Context<P>, release: Release<F>) -> Result<Locked<F>, LockFailure> {
    let owner = release.envelope.uuid.ok_or(LockUnknown::NoOwner)?;
    let Some(conflict) = conflict(context, &release.envelope, owner).await? else { return Ok(Locked(release)) };
    if let LockConflict::Ended { .. } = conflict {
        return Err(conflict.into());
    }
    finish::give_back_refused(context, &release.envelope, owner).await?;
    Err(conflict.into())
}

/// Takes the locks. Returns what prevents it; `None` if all are taken.
async fn conflict<P>(
    context: &Context<P>,
    envelope: &Envelope,
    owner: Uuid,
) -> Result<Option<LockConflict>, LockFailure> {
    let dir = envelope.root_dir();
    // The release lock is taken whatever the others say: a refused release cannot be deployed later.
    let (is_ours, freeze, go_lock) = join!(
        go_lock::take_release_lock(context, envelope, owner),
        current_freeze(context.account.objects.as_ref(), &envelope.bucket, &dir),
        go_lock::read(context, envelope),
    );
    if !is_ours? {
        return Ok(Some(LockConflict::ReleaseDeployed { release_id: envelope.release_id.clone() }));
    }
    let project = project_config(envelope);
    if let Some(freeze) = freeze? {
        return Ok(Some(LockConflict::Frozen { project, freeze, unfreeze: context.command(envelope, "unfreeze") }));
    }
    let held = |holder| {
        let [status, unlock] = ["status", "unlock"].map(|name| context.command(envelope, name));
        Some(LockConflict::Held { project: project.clone(), holder, status, unlock })
    };
    let item = item(context, envelope, owner);
    if let Some(go_lock::LockObject { uuid }) = go_lock?
        && uuid != item.id
    {
        let holder = LockItem { id: uuid, execution: None, release_id: None, started_by: None, ..item };
        return Ok(held(Box::new(holder)));
    }
    let lock = TakeLock { item, dir, created_at: envelope.created_at };
    Ok(match context.account.locks.take(&lock).await? {
        LockTaken::Taken => {
            context.note(Event::LockTaken { lock: lock.item.key });
            None
        }
        LockTaken::Ended(ended) => Some(LockConflict::Ended { project, ended }),
        LockTaken::Held(holder) => held(holder),
        LockTaken::Newer(deployed) => {
            let release_id = envelope.release_id.clone();
            Some(LockConflict::OlderThanDeployed(OlderThanDeployed { release_id, deployed }))
        }
    })
}

fn item<P>(context: &Context<P>, envelope: &Envelope, owner: Uuid) -> LockItem {
    LockItem {
        key: envelope.root_dir().lock().to_string(),
        id: owner.to_string(),
        time: context.now(),
        execution: context.attempt.execution.clone(),
        release_id: Some(envelope.release_id.to_string()),
        started_by: envelope.metadata.get(STARTED_BY).cloned(),
    }
}

/// Describes the holder of a lock for messages, with all that the item has.
#[must_use]
pub fn describe_lock(item: &LockItem) -> String {
    let release = item.release_id.as_ref().map_or_else(|| format!("owner {}", item.id), |id| format!("release {id}"));
    let by = item.started_by.as_ref().map_or_else(String::new, |who| format!(", started by {who}"));
    let since = item.time.format("%Y-%m-%dT%H:%M:%SZ");
    let execution = item.execution.as_ref().map_or_else(String::new, |arn| format!(" (execution {arn})"));
    strip_control(&format!("{release}{by} since {since}{execution}"))
}
