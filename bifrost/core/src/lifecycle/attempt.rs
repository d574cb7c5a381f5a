//! Runs one attempt of a task by its role in the life cycle.

use super::fence::Fence;
use super::finish::{ended, finish};
use super::lock::{LockFailure, LockUnknown};
use super::{Context, Finish, TaskFailure};
use crate::cloud::EndedItem;
use crate::release::{Envelope, Fields, Release};
use crate::task::FunctionError;
use futures_util::future::{Either, select};
use std::pin::pin;
use tokio::join;

/// The name on the wire of the error of a deploy whose lock is not given back.
const LOCK_ERROR: &str = "LockError";

/// The role of a task in the life cycle of a deploy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Marked `validates`.
    Validates,
    /// Marked `locks`.
    Locks,
    /// Not marked, or only `looks for halt`.
    Fenced { looks_for_halt: bool },
    /// Marked `cleans up`.
    CleansUp,
    /// Marked `unlocks`.
    Unlocks { cleans_up: bool, ends: Ends },
}

/// The end state to which a task marked `unlocks` leads, if no choice comes between. The macro sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// `Success`.
    Success,
    /// `FailureClean`.
    FailureClean,
    /// It depends: other states follow.
    Depends,
}

/// Prepares the context for an attempt of a task with this role. `precedes_changes` if its state does not come after the first that may
/// change the target account.
pub(crate) fn begin<P>(context: &Context<P>, role: Role, precedes_changes: bool) {
    context.guard.set_role(role);
    context.recording.begin(precedes_changes && matches!(role, Role::Validates | Role::Locks | Role::Fenced { .. }));
}

/// Runs an attempt of a task. `work` is its handler; `input` reads the release once more, as the task received it.
///
/// # Errors
/// `LockError`, `HaltError`, or the handler's own.
pub(crate) async fn attempt<F: Fields, P>(
    context: &Context<P>,
    role: Role,
    envelope: &Envelope,
    work: impl Future<Output = Result<Finish<F>, FunctionError>>,
    input: impl FnOnce() -> Result<Release<F>, FunctionError>,
) -> Result<Release<F>, FunctionError> {
    let work = async { work.await.map(|output| output.keeping(envelope, role == Role::Validates)) };
    match role {
        Role::Validates | Role::Locks => Ok(work.await?.into_release()),
        Role::Fenced { looks_for_halt } => fenced(context, envelope, looks_for_halt, work).await,
        Role::CleansUp => cleaning_up(context, envelope, work).await,
        Role::Unlocks { cleans_up, ends } => {
            let (fence, end) = match unlocking(context, envelope, cleans_up, work).await? {
                Ok(end) => end,
                Err(finished) if ends == Ends::FailureClean && finished.success => {
                    return Err(FunctionError::raised(&LockFailure::Lock(LockUnknown::given_back(
                        context, envelope, finished,
                    ))));
                }
                Err(finished) => {
                    context.recording.set_end(finished.success, ends, true);
                    return Ok(ended(input()?, finished.success));
                }
            };
            end.check(ends).map_err(|error| FunctionError::coded(LOCK_ERROR, &error))?;
            let keeps_lock = matches!(end, Finish::KeepLock(_));
            let output = finish(context, end, fence).await.map_err(|error| FunctionError::raised(&error))?;
            if !keeps_lock {
                context.recording.set_end(output.envelope.success == Some(true), ends, false);
            }
            Ok(output)
        }
    }
}

/// The lock is read beside the first calls of `work`, and the task fails if the lock is not this execution's. With
/// `looks_for_halt`, the same holds for halt and timeout, unless the handler asks for them.
async fn fenced<F: Fields, P>(
    context: &Context<P>,
    envelope: &Envelope,
    looks_for_halt: bool,
    work: impl Future<Output = Result<Finish<F>, FunctionError>>,
) -> Result<Release<F>, FunctionError> {
    let halt = async { if looks_for_halt { context.read_halt(envelope).await } else { Ok(()) } };
    let (fence, halt, outcome) = join!(context.fence(envelope), halt, work);
    if let Some(failure) = fence.failure(context, envelope) {
        return Err(FunctionError::raised(&failure));
    }
    if context.guard.must_look_for_halt() {
        halt.map_err(|error| FunctionError::raised(&TaskFailure::from(error)))?;
    }
    outcome.map(Finish::into_release)
}

/// The task may change what belongs to this release, no matter who holds the lock. It fails if the handler asked for a proof of the
/// lock all the same, and was refused.
async fn cleaning_up<F: Fields, P>(
    context: &Context<P>,
    envelope: &Envelope,
    work: impl Future<Output = Result<Finish<F>, FunctionError>>,
) -> Result<Release<F>, FunctionError> {
    let outcome = work.await;
    if context.guard.was_refused()
        && let Some(failure) = context.fence(envelope).await.failure(context, envelope)
    {
        return Err(FunctionError::raised(&failure));
    }
    outcome.map(Finish::into_release)
}

/// Runs the handler of a task that ends the deploy. If an earlier attempt ended it, `work` is dropped before it changes anything.
async fn unlocking<'c, F: Fields, P>(
    context: &'c Context<P>,
    envelope: &Envelope,
    cleans_up: bool,
    work: impl Future<Output = Result<Finish<F>, FunctionError>>,
) -> Result<Result<(&'c Fence, Finish<F>), EndedItem>, FunctionError> {
    let (fence, outcome) = match beside_the_fence(context, envelope, work).await {
        Ok(both) => both,
        Err(finished) => return Ok(Err(finished)),
    };
    // A task that needs the lock may have failed because of what the next deploy does.
    let is_due_to_lock = context.guard.was_refused() || (!cleans_up && outcome.is_err());
    if is_due_to_lock && let Some(failure) = fence.failure(context, envelope) {
        return Err(FunctionError::raised(&failure));
    }
    Ok(Ok((fence, outcome?)))
}

/// Reads the lock beside `work`. `Err` as soon as the lock shows that an earlier attempt ended the deploy.
async fn beside_the_fence<'c, P, T>(
    context: &'c Context<P>,
    envelope: &Envelope,
    work: impl Future<Output = T>,
) -> Result<(&'c Fence, T), EndedItem> {
    let (fence, work) = (pin!(context.fence(envelope)), pin!(work));
    let (fence, outcome) = match select(fence, work).await {
        Either::Left((Fence::Finished(finished), _)) => return Err(finished.clone()),
        Either::Left((fence, work)) => (fence, work.await),
        Either::Right((outcome, fence)) => (fence.await, outcome),
    };
    match fence {
        Fence::Finished(finished) => Err(finished.clone()),
        _ => Ok((fence, outcome)),
    }
}
