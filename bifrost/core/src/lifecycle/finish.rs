//! The end of a deploy: the halt flag is deleted, then the lock is given back, and what is deployed now is recorded.

use super::context::project_config;
use super::fence::Fence;
use super::lock::{LockFailure, LockUnknown};
use super::{Context, Ends, LockLost, go_lock};
use crate::audit::Event;
use crate::cloud::{DeployedItem, EndedBy, EndedItem, GiveBack, GivenBack};
use crate::error_code::Coded;
use crate::release::{Envelope, Fields, Release, STARTED_BY};
use tokio::join;
use uuid::Uuid;

/// What the handler of a task marked `unlocks` returns: how the deploy ends. The framework does the rest.
#[derive(Debug)]
pub enum Finish<F> {
    /// The release is deployed. The halt flag is deleted, the lock is given back, and the release is recorded as deployed.
    /// This needs the lock.
    Success(Release<F>),
    /// The deploy failed, and nothing is left to clean up. The halt flag is deleted and the lock is given back, if this
    /// execution holds it.
    Failure(Release<F>),
    /// The deploy failed. Something is left to clean up, so the lock is kept.
    KeepLock(Release<F>),
}

/// A handler of a task marked `unlocks` does not end the deploy as the chart says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Coded)]
#[error("the handler returned `Finish::{found}`, but the state machine ends in {ends:?} after this task")]
#[code("lock/end-differs", "report the message to the authors of the deployer: it is a bug")]
pub(crate) struct EndDiffers {
    found: &'static str,
    ends: Ends,
}

impl<F> Finish<F> {
    pub(super) fn into_release(self) -> Release<F> {
        let (Self::Success(release) | Self::Failure(release) | Self::KeepLock(release)) = self;
        release
    }

    fn release_mut(&mut self) -> &mut Release<F> {
        let (Self::Success(release) | Self::Failure(release) | Self::KeepLock(release)) = self;
        release
    }

    /// The same, with the envelope that the task received: the lock was proved for it. A handler may set `error` and `success`,
    /// and Validate also sets the owner of the locks and the start.
    pub(super) fn keeping(mut self, envelope: &Envelope, validates: bool) -> Self {
        let found = &mut self.release_mut().envelope;
        let (uuid, started_at) =
            if validates { (found.uuid, found.started_at) } else { (envelope.uuid, envelope.started_at) };
        let (error, success) = (found.error.take(), found.success);
        *found = Envelope { uuid, started_at, error, success, ..envelope.clone() };
        self
    }

    /// Checks that the deploy ends as the chart says.
    pub(super) fn check(&self, ends: Ends) -> Result<(), EndDiffers> {
        let found = match (self, ends) {
            (Self::Success(_), Ends::Success)
            | (Self::Failure(_), Ends::FailureClean)
            | (Self::Success(_) | Self::Failure(_) | Self::KeepLock(_), Ends::Depends) => return Ok(()),
            (Self::Success(_), Ends::FailureClean) => "Success",
            (Self::Failure(_), Ends::Success) => "Failure",
            (Self::KeepLock(_), Ends::Success | Ends::FailureClean) => "KeepLock",
        };
        Err(EndDiffers { found, ends })
    }
}

/// What a handler returns, by the mark of its task.
pub trait HandlerOutput<F> {
    /// How the deploy ends. A task that does not end the deploy keeps the lock.
    #[doc(hidden)]
    fn into_finish(self) -> Finish<F>;
}

impl<F> HandlerOutput<F> for Finish<F> {
    fn into_finish(self) -> Self {
        self
    }
}

impl<F> HandlerOutput<F> for Release<F> {
    fn into_finish(self) -> Finish<F> {
        Finish::KeepLock(self)
    }
}

/// The handler of a task that only ends a successful deploy.
///
/// # Errors
/// None of its own. The task raises `LockError` if the lock is not this execution's, or is not given back.
pub async fn succeed<F: Fields, P>(_: &Context<P>, release: Release<F>) -> Result<Finish<F>, LockFailure> {
    Ok(Finish::Success(release))
}

/// The handler of a task that only ends a deploy which failed.
///
/// # Errors
/// None of its own. The task raises `LockError` if it is not known whether the lock was given back.
pub async fn fail<F: Fields, P>(_: &Context<P>, release: Release<F>) -> Result<Finish<F>, LockFailure> {
    Ok(Finish::Failure(release))
}

/// Ends the deploy as the handler says. `fence` is the root lock as this attempt found it.
pub(super) async fn finish<F: Fields, P>(
    context: &Context<P>,
    end: Finish<F>,
    fence: &Fence,
) -> Result<Release<F>, LockFailure> {
    match (end, fence) {
        (Finish::Success(release), Fence::Held) => {
            give_back(context, &release.envelope, true, fence).await?;
            Ok(ended(release, true))
        }
        (Finish::Success(release), Fence::Finished(finished)) => {
            Err(LockUnknown::given_back(context, &release.envelope, finished.clone()).into())
        }
        (Finish::Success(_), Fence::Lost(lost)) => Err(LockUnknown::Lost(lost.clone()).into()),
        (Finish::Success(_), Fence::Unknown(unknown)) => Err(unknown.clone().into()),
        (Finish::Failure(release), Fence::Unknown(unknown)) if release.envelope.uuid.is_some() => {
            Err(unknown.clone().into())
        }
        // Somebody invokes the function with the uuid of an execution that is not theirs.
        (Finish::Failure(release), Fence::Lost(lost)) if lost.is_copied(&release.envelope) => {
            Err(LockFailure::Lock(LockUnknown::Lost(lost.clone())))
        }
        (Finish::Failure(release), _) => {
            give_back(context, &release.envelope, false, fence).await?;
            Ok(ended(release, false))
        }
        (Finish::KeepLock(mut release), _) => {
            release.envelope.success = Some(false);
            Ok(release)
        }
    }
}

/// The output of the task that ended the deploy.
pub(super) fn ended<F: Fields>(mut release: Release<F>, success: bool) -> Release<F> {
    release.envelope.success = Some(success);
    if success {
        // Such as a halt that came too late.
        release.envelope.error = None;
    }
    release.fields.clear_working_fields();
    release
}

/// Deletes the halt flag, unless another execution holds the lock and so the flag is meant for it; then gives the lock back.
async fn give_back<P>(
    context: &Context<P>,
    envelope: &Envelope,
    success: bool,
    fence: &Fence,
) -> Result<(), LockFailure> {
    // Without an owner nothing was ever taken.
    let Some(owner) = envelope.uuid else { return Ok(()) };
    let is_of_another = matches!(fence, Fence::Lost(LockLost { holder: Some(_), .. }));
    let flag = async { if is_of_another { Ok(false) } else { context.has_halt_flag(envelope).await } };
    let (flag, go_lock) = join!(flag, go_lock::read(context, envelope));
    let delete_flag = async {
        // A deletion of an object that does not exist leaves a delete marker in a versioned bucket.
        if flag? { context.delete_halt_flag(envelope).await } else { Ok(()) }
    };
    let delete_go_lock = go_lock::delete_own(context, envelope, go_lock?, owner);
    let (flag, go_lock) = join!(delete_flag, delete_go_lock);
    flag.map_err(LockFailure::unknown("cannot delete the halt flag"))?;
    go_lock?;
    match context.account.locks.give_back(&item(context, envelope, owner, success)).await? {
        GivenBack::NotHeld(holder) if success => {
            let (project, status) = (project_config(envelope), context.command(envelope, "status"));
            Err(LockFailure::Lock(LockUnknown::Lost(LockLost { project, holder, ended: None, status })))
        }
        GivenBack::NotHeld(_) => Ok(()),
        GivenBack::Done => {
            let lock = envelope.root_dir().lock().to_string();
            context.note(Event::LockFreed { lock, deployed: success });
            Ok(())
        }
    }
}

/// Gives back the root lock of an execution that refuses its release. Leaves the lock of another execution alone.
pub(super) async fn give_back_refused<P>(
    context: &Context<P>,
    envelope: &Envelope,
    owner: Uuid,
) -> Result<(), LockFailure> {
    let go_lock = go_lock::read(context, envelope).await?;
    go_lock::delete_own(context, envelope, go_lock, owner).await?;
    let given_back = context.account.locks.give_back(&item(context, envelope, owner, false)).await?;
    // Only an earlier attempt can have taken it.
    if given_back == GivenBack::Done && context.attempt.retry_count > 0 {
        let lock = envelope.root_dir().lock().to_string();
        context.note(Event::LockFreed { lock, deployed: false });
    }
    Ok(())
}

fn item<P>(context: &Context<P>, envelope: &Envelope, owner: Uuid, success: bool) -> GiveBack {
    let owner = owner.to_string();
    let deployed = success.then(|| DeployedItem {
        key: DeployedItem::key(&envelope.root_dir()),
        release_id: envelope.release_id.clone(),
        created_at_ms: envelope.created_at.timestamp_millis(),
        execution: context.attempt.execution.clone(),
        time: context.now(),
        deployer: context.account.identity.name.clone(),
        started_by: envelope.metadata.get(STARTED_BY).cloned(),
    });
    let ended = EndedItem::new(&owner, EndedBy::Execution, success, context.now());
    GiveBack { key: envelope.root_dir().lock(), owner, ended, deployed }
}
