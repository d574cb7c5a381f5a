//! A second machine of the board: tasks that use their context in ways that the board's own do not.

use crate::board::{Board, BoardDeployer, Note, PinFailure, owned, payload};
use bifrost::cloud::{CloudError, ErrorKind};
use bifrost::lifecycle::{
    Context, Finish, LockFailure, Locked, ValidateFailure, Validated, fail, lock, succeed, validate,
};
use bifrost::machine;
use bifrost::release::{CaughtError, Release};
use bifrost::task::FunctionError;
use bifrost::testing::TestHarness;
use serde_json::Value;

bifrost::state_machine! {
    machine Probe(Release<Note>, Board) starts at Validate, changes from Ink;

    task Validate = validate { validates; next Lock; catch _ => FailureClean; }
    task Lock = lock { locks; next Ink; catch LockFailure::LockExists => FailureClean; catch _ => Fail; }
    /// Changes the board, and leaves the halt to the framework.
    task Ink = pin { looks for halt; next Blot; catch _ => Fail; }
    /// Asks for the halt, and goes on all the same.
    task Blot = blot { looks for halt; next Careless; catch _ => Fail; }
    /// Ignores that it may not change anything.
    task Careless = careless { next Owner; catch _ => Fail; }
    /// Takes a resource for its own, with the lock and without.
    task Owner = own { next Sweep; catch _ => Fail; }
    task Sweep = own { cleans up; next Gentle; catch _ => Fail; }
    /// Cleans up, and does more with the lock.
    task Gentle = gentle { cleans up; next Tidy; catch _ => Fail; }
    /// Asks for a proof of the lock although it cleans up.
    task Tidy = pin { cleans up; next Pinned; catch _ => Fail; }
    /// Changes the board, then ends the deploy.
    task Pinned = pin_and_succeed { unlocks; next Success; catch _ => Unready; }
    /// Fails before it asks for a proof.
    task Unready = unready { unlocks; next Success; catch _ => Keep; }
    /// Fails, and keeps the lock.
    task Keep = keep { unlocks; next KeepAtTheEnd; catch _ => FailureDirty; }
    /// These end otherwise than their handlers say.
    task KeepAtTheEnd = keep { unlocks; next FailureClean; catch _ => SucceedAtTheEnd; }
    task SucceedAtTheEnd = succeed { unlocks; next FailureClean; catch _ => FailAtTheEnd; }
    task FailAtTheEnd = fail { unlocks; next Success; catch _ => Impostor; }
    /// Returns another release.
    task Impostor = impostor { unlocks; next Success; catch _ => Fail; }
    task Fail = fail { cleans up; unlocks; next FailureClean; catch _ => FailureDirty; }
    succeed Success;
    fail FailureClean = "FailureClean";
    fail FailureDirty = "FailureDirty";
}

async fn pin(context: &Context<Board>, release: Release<Note>) -> Result<Release<Note>, PinFailure> {
    let board = context.target(&release.envelope).await?;
    board.pin(&context.lock_proof(&release.envelope).await?, &release).await?;
    Ok(release)
}

async fn blot(context: &Context<Board>, release: Release<Note>) -> Result<Release<Note>, PinFailure> {
    let _ = context.halt(&release.envelope).await;
    pin(context, release).await
}

async fn careless(context: &Context<Board>, release: Release<Note>) -> Result<Release<Note>, PinFailure> {
    let _ = context.lock_proof(&release.envelope).await;
    Ok(release)
}

async fn own(context: &Context<Board>, release: Release<Note>) -> Result<Release<Note>, PinFailure> {
    let ownership = context.ownership(&release.envelope).await?;
    let owned = ownership.proof(Some(release.envelope.release_id.as_str()));
    if owned.is_some() { Ok(release) } else { Err(PinFailure::NotOwned) }
}

async fn gentle(context: &Context<Board>, release: Release<Note>) -> Result<Release<Note>, PinFailure> {
    let board = context.target(&release.envelope).await?;
    if let Some(proof) = context.held_lock_proof(&release.envelope).await? {
        board.pin(&proof, &release).await?;
    }
    Ok(release)
}

async fn pin_and_succeed(context: &Context<Board>, release: Release<Note>) -> Result<Finish<Note>, PinFailure> {
    pin(context, release).await.map(Finish::Success)
}

#[expect(clippy::unused_async, reason = "a handler is async")]
async fn unready(_: &Context<Board>, _: Release<Note>) -> Result<Finish<Note>, PinFailure> {
    let (operation, resource, message) = ("board:ListNotes", String::new(), "not now".into());
    Err(CloudError {
        operation,
        resource,
        kind: ErrorKind::Throttled,
        code: "Throttling".into(),
        message,
        request_id: None,
    }
    .into())
}

#[expect(clippy::unused_async, reason = "a handler is async")]
async fn keep(_: &Context<Board>, mut release: Release<Note>) -> Result<Finish<Note>, PinFailure> {
    release.envelope.error = Some(CaughtError { error: "PinError".into(), cause: "the ink is empty".into() });
    Ok(Finish::KeepLock(release))
}

#[expect(clippy::unused_async, reason = "a handler is async")]
async fn impostor(_: &Context<Board>, _: Release<Note>) -> Result<Finish<Note>, PinFailure> {
    let mut other = owned("other", 7);
    other.envelope.timeout = 1;
    Ok(Finish::Success(other))
}

bifrost::state_machine! {
    /// Asks for a proof before the lock is taken.
    machine Eager(Release<Note>, Board) starts at Validate, changes from Pin;

    task Validate = validate_eagerly { validates; next Lock; catch _ => FailureClean; }
    task Lock = lock_eagerly { locks; next Pin; catch LockFailure::LockExists => FailureClean; catch _ => Fail; }
    task Pin = pin { next Unlock; catch _ => Fail; }
    task Unlock = succeed { unlocks; next Success; catch _ => FailureDirty; }
    task Fail = fail { cleans up; unlocks; next FailureClean; catch _ => FailureDirty; }
    succeed Success;
    fail FailureClean = "FailureClean";
    fail FailureDirty = "FailureDirty";
}

async fn validate_eagerly(
    context: &Context<Board>,
    release: Release<Note>,
) -> Result<Validated<Note>, ValidateFailure> {
    context.lock_proof(&release.envelope).await?;
    validate(context, release).await
}

async fn lock_eagerly(context: &Context<Board>, release: Release<Note>) -> Result<Locked<Note>, LockFailure> {
    context.lock_proof(&release.envelope).await?;
    lock(context, release).await
}

/// Invokes a task of the eager machine.
pub(crate) async fn eager(
    harness: &TestHarness<BoardDeployer>,
    task: &str,
    release: &Release<Note>,
) -> Result<Value, FunctionError> {
    machine::dispatch::<Eager>(payload(task, release), |attempt, sent| harness.context(attempt, sent)).await
}

/// Invokes a task of the probe.
pub(crate) async fn probe(
    harness: &TestHarness<BoardDeployer>,
    task: &str,
    release: &Release<Note>,
) -> Result<Value, FunctionError> {
    machine::dispatch::<Probe>(payload(task, release), |attempt, sent| harness.context(attempt, sent)).await
}
