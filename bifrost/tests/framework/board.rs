//! A deployer for tests: it pins a note to a board, and waits until the ink is dry.

use bifrost::client::{ClientContext, ClientDeployer, Deployed};
use bifrost::cloud::{Attempt, CloudError, ErrorKind};
use bifrost::error_code::{Coded, CodedError};
use bifrost::lifecycle::{Context, LockFailure, Proof, TargetObjects, fail, lock, succeed, validate};
use bifrost::local::{LocalDeployer, LocalSession, LocalState, LockItems, Resources};
use bifrost::release::{Release, ReleaseId};
use bifrost::testing::TestHarness;
use bifrost::{Deployer, TaskError};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

#[bifrost::fields(check = check)]
pub(crate) struct Note {
    note: String,
}

fn check(release: &Release<Note>) -> Result<(), CodedError> {
    if release.fields.note.is_empty() {
        return Err(CodedError::from_parts("note/empty", "note: write something"));
    }
    Ok(())
}

bifrost::state_machine! {
    pub(crate) machine Chart(Release<Note>, Board) starts at Validate, changes from Pin;

    task Validate = validate { validates; next Lock; catch _ => FailureClean; }
    task Lock = lock { locks; next Pin; catch LockFailure::LockExists => FailureClean; catch _ => UnlockFailure; }
    task Pin = pin { next Dry; retry PinFailure::Pin { max_attempts: 2, interval_seconds: 10 } catch _ => TakeDown; }
    wait Dry for 600 seconds { next Look; }
    task Look = look { looks for halt; next Unlock; catch _ => TakeDown; }
    task Unlock = succeed { unlocks; next Success; retry _ { max_attempts: 2 } catch _ => FailureDirty; }
    task TakeDown = take_down { cleans up; next UnlockFailure; catch _ => FailureDirty; }
    task UnlockFailure = fail { unlocks; next FailureClean; catch _ => FailureDirty; }
    succeed Success;
    fail FailureClean = "FailureClean";
    fail FailureDirty = "FailureDirty";
}

#[derive(Debug, thiserror::Error, TaskError, Coded)]
pub(crate) enum PinFailure {
    #[error("cannot change the board: {0}")]
    #[code(source)]
    Pin(#[from] CloudError),
    /// The note belongs to another release.
    #[error("nothing is owned")]
    #[code("board/not-owned", "nothing")]
    NotOwned,
}

async fn pin(context: &Context<Board>, release: Release<Note>) -> Result<Release<Note>, PinFailure> {
    let board = context.target(&release.envelope).await?;
    board.pin(&context.lock_proof(&release.envelope).await?, &release).await?;
    Ok(release)
}

#[expect(clippy::unused_async, reason = "a handler is async")]
async fn look(_: &Context<Board>, release: Release<Note>) -> Result<Release<Note>, PinFailure> {
    Ok(release)
}

async fn take_down(context: &Context<Board>, release: Release<Note>) -> Result<Release<Note>, PinFailure> {
    let board = context.target(&release.envelope).await?;
    let ownership = context.ownership(&release.envelope).await?;
    for id in board.releases().await? {
        if let Some(proof) = ownership.proof(Some(id.as_str())) {
            board.take_down(&proof, &id).await?;
        }
    }
    Ok(release)
}

/// The pinned notes of an account, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Notes(pub Vec<PinnedNote>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PinnedNote {
    pub(crate) note: String,
    pub(crate) release_id: ReleaseId,
}

impl Resources for Notes {
    fn advance(&mut self, _: DateTime<Utc>) {}
}

pub(crate) struct Board(LocalSession<Notes>);

impl Board {
    /// Pins the note of a release, once.
    pub(crate) async fn pin(&self, proof: &Proof, release: &Release<Note>) -> Result<(), CloudError> {
        let (note, release_id) = (release.fields.note.clone(), release.envelope.release_id.clone());
        let pin = self.0.change(proof, "board:PinNote", &release.fields.note, |region| {
            let notes = &mut region.resources.0;
            if notes.iter().all(|pinned| pinned.release_id != release_id) {
                notes.push(PinnedNote { note, release_id });
            }
            Ok(())
        });
        pin.await
    }

    /// The objects of the board's account.
    pub(crate) fn objects(&self) -> Arc<dyn TargetObjects> {
        self.0.objects()
    }

    /// The releases that have a note on the board.
    async fn releases(&self) -> Result<Vec<ReleaseId>, CloudError> {
        let list = self.0.call("board:ListNotes", "", |region| {
            Ok(region.resources.0.iter().map(|pinned| pinned.release_id.clone()).collect())
        });
        list.await
    }

    async fn take_down(&self, proof: &Proof, id: &ReleaseId) -> Result<(), CloudError> {
        let take_down = self.0.change(proof, "board:TakeDownNote", id.as_str(), |region| {
            region.resources.0.retain(|pinned| pinned.release_id != *id);
            Ok(())
        });
        take_down.await
    }
}

pub(crate) struct BoardDeployer;

impl Deployer for BoardDeployer {
    type Fields = Note;
    type Machine = Chart;

    const NAME: &'static str = "board";
    const TIMEOUT_SECONDS: u32 = 3600;
    const ERROR_KINDS: &'static [(&'static str, ErrorKind)] = &[("BoardRolledUpException", ErrorKind::Conflict)];
}

impl ClientDeployer for BoardDeployer {
    const ABOUT: &'static str = "Pins notes";

    async fn deployed(_: &ClientContext<Self>) -> Result<Vec<Deployed>, CodedError> {
        Ok(Vec::new())
    }
}

impl LocalDeployer for BoardDeployer {
    type Resources = Notes;

    const SEED: &'static str = "{}";

    fn local_ports(session: LocalSession<Notes>) -> Board {
        Board(session)
    }
}

/// A local cloud with the deployer account, one target account and these faults.
pub(crate) fn local_state(faults: &Value) -> LocalState<Notes> {
    serde_json::from_value(json!({
        "clock": "2026-03-01T12:00:00Z",
        "deployer_account": "000000000000",
        "deployer_region": "us-east-1",
        "accounts": {"000000000000": {}, "222222222222": {}},
        "faults": faults,
    }))
    .unwrap()
}

pub(crate) fn harness() -> TestHarness<BoardDeployer> {
    TestHarness::new(local_state(&json!([]))).unwrap()
}

pub(crate) fn harness_with(faults: &Value) -> TestHarness<BoardDeployer> {
    TestHarness::new(local_state(faults)).unwrap()
}

pub(crate) fn release(id: &str) -> Value {
    json!({
        "aws_account_id": "222222222222",
        "release_id": format!("release-1-{id}"),
        "project_name": "acme/shop",
        "config_name": "development",
        "created_at": "2026-03-01T11:59:00Z",
        "note": id,
    })
}

/// The release as a handler after Validate receives it, with this owner of its locks.
pub(crate) fn owned(id: &str, owner: u128) -> Release<Note> {
    let mut release = release(id);
    release["uuid"] = json!(uuid::Uuid::from_u128(owner));
    Release::read(&release, harness().cloud().defaults()).unwrap()
}

pub(crate) const EXECUTION: &str = "arn:execution";

pub(crate) fn context(harness: &TestHarness<BoardDeployer>) -> Context<Board> {
    context_of(harness, EXECUTION)
}

pub(crate) fn context_of(harness: &TestHarness<BoardDeployer>, execution: &str) -> Context<Board> {
    let attempt = Attempt { execution: Some(execution.into()), state: "Lock".into(), retry_count: 0 };
    harness.context(attempt, json!({}))
}

/// The payload with which the state machine invokes the function.
pub(crate) fn payload(task: &str, release: &Release<Note>) -> Value {
    json!({ "Task": task, "Input": release, "Execution": EXECUTION, "RetryCount": 0 })
}

/// The texts of the pinned notes.
pub(crate) fn notes(harness: &TestHarness<BoardDeployer>) -> Vec<String> {
    let account = "222222222222".parse().unwrap();
    let notes = harness.store().read(|local_state| local_state.accounts[&account].resources.0.clone()).unwrap();
    notes.into_iter().map(|pinned| pinned.note).collect()
}

/// The owner of the root lock.
pub(crate) fn lock_holder(harness: &TestHarness<BoardDeployer>) -> Option<String> {
    let key = "222222222222/acme/shop/development/lock";
    lock_table(harness, |table| Some(table.locks.get(key)?.id.clone()))
}

/// Reads the lock table.
pub(crate) fn lock_table<T>(harness: &TestHarness<BoardDeployer>, read: impl Fn(&LockItems) -> T) -> T {
    let account = "000000000000".parse().unwrap();
    let read =
        |state: &LocalState<Notes>| read(&state.accounts[&account].lock_tables["us-east-1/coinbase-board-locks"]);
    harness.store().read(read).unwrap()
}
