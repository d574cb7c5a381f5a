//! A deployer for tests: it pins a note to a board, and waits until the ink is dry.

use bifrost::client::{ClientDeployer, Deployed};
use bifrost::cloud::{Attempt, CloudError};
use bifrost::error_code::Coded;
use bifrost::local::{LocalDeployer, LocalSession, LocalState, Resources};
use bifrost::lock::{LockFailure, lock, unlock};
use bifrost::release::{ConfigName, ProjectName, Release};
use bifrost::task::Context;
use bifrost::testing::TestHarness;
use bifrost::validate::validate;
use bifrost::{Deployer, Fields, Shape, TaskError};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, Serialize, Deserialize, Shape)]
#[serde(deny_unknown_fields)]
pub(crate) struct Note {
    note: String,
}

impl Fields for Note {
    type Ports = Board;

    fn clear_deployer_fields(&mut self) {}
}

bifrost::state_machine! {
    pub(crate) machine Chart(Release<Note>) starts at Validate;

    task Validate = validate { next Lock; catch _ => FailureClean; }
    task Lock = lock { next Pin; catch LockFailure::LockExists => FailureClean; catch _ => UnlockFailure; }
    task Pin = pin { next Dry; retry PinFailure::Pin { max_attempts: 2, interval_seconds: 10 } catch _ => UnlockFailure; }
    wait Dry for 600 seconds { next Look; }
    task Look = look { next Unlock; catch _ => UnlockFailure; }
    task Unlock = unlock { next Success; catch _ => FailureDirty; }
    task UnlockFailure = unlock { next FailureClean; catch _ => FailureDirty; }
    succeed Success;
    fail FailureClean = "FailureClean";
    fail FailureDirty = "FailureDirty";
}

#[derive(Debug, thiserror::Error, TaskError, Coded)]
pub(crate) enum PinFailure {
    #[error("cannot pin the note: {0}")]
    #[code(source)]
    Pin(#[from] CloudError),
    #[error(transparent)]
    #[code(source)]
    Halt(#[from] bifrost::halt::HaltCheckError),
}

async fn pin(context: &Context<Board>, release: Release<Note>) -> Result<Release<Note>, PinFailure> {
    context.target(&release.envelope).await?.pin(&release.fields.note).await?;
    Ok(release)
}

async fn look(context: &Context<Board>, release: Release<Note>) -> Result<Release<Note>, PinFailure> {
    bifrost::halt::check(context, &release.envelope).await?;
    Ok(release)
}

/// The pinned notes of an account, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Notes(pub Vec<String>);

impl Resources for Notes {
    fn advance(&mut self, _: DateTime<Utc>) {}
}

pub(crate) struct Board(LocalSession<Notes>);

impl Board {
    async fn pin(&self, note: &str) -> Result<(), CloudError> {
        let pin = self.0.call("board:PinNote", note, |region| {
            region.resources.0.push(note.to_owned());
            Ok(())
        });
        pin.await
    }
}

pub(crate) struct BoardDeployer;

impl Deployer for BoardDeployer {
    type Fields = Note;
    type Machine = Chart;

    const NAME: &'static str = "board";
    const TIMEOUT_SECONDS: u32 = 3600;
}

#[async_trait::async_trait]
impl ClientDeployer for BoardDeployer {
    const ABOUT: &'static str = "Pins notes";
    const CHANGES_FROM: &'static str = "Pin";

    async fn deployed(_: &Board, _: &ProjectName, _: &ConfigName) -> Result<Vec<Deployed>, CloudError> {
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
    let role = json!({"coinbase-board-assumed": {"trusts": ["000000000000"]}});
    serde_json::from_value(json!({
        "clock": "2026-03-01T12:00:00Z",
        "deployer_account": "000000000000",
        "deployer_region": "us-east-1",
        "accounts": {
            "000000000000": {
                "buckets": {"coinbase-board-000000000000": {}},
                "lock_tables": {"us-east-1/coinbase-board-locks": {}},
            },
            "222222222222": {"roles": role},
        },
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

pub(crate) fn context(harness: &TestHarness<BoardDeployer>) -> Context<Board> {
    let attempt = Attempt { execution: Some("arn:execution".into()), state: "Lock".into(), retry_count: 0 };
    harness.context(attempt, json!({}))
}

pub(crate) fn notes(harness: &TestHarness<BoardDeployer>) -> Vec<String> {
    harness
        .store()
        .read(|local_state| local_state.accounts[&"222222222222".parse().unwrap()].resources.0.clone())
        .unwrap()
}

/// The owner of the root lock.
pub(crate) fn lock_holder(harness: &TestHarness<BoardDeployer>) -> Option<String> {
    let table = "us-east-1/coinbase-board-locks";
    let key = "222222222222/acme/shop/development/lock";
    let account = "000000000000".parse().unwrap();
    harness
        .store()
        .read(|local_state| Some(local_state.accounts[&account].lock_tables[table].get(key)?.id.clone()))
        .unwrap()
}
