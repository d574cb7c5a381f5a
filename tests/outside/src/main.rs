//! A deployer outside of the workspace: it pins a note to a board.

use async_trait::async_trait;
use framework::client::{ClientDeployer, Deployed};
use framework::cloud::CloudError;
use framework::error_code::Coded;
use framework::local::{LocalDeployer, LocalSession, Resources};
use framework::lock::{LockFailure, lock, unlock};
use framework::release::{ConfigName, ProjectName, Release};
use framework::task::Context;
use framework::validate::validate;
use framework::{Deployer, Fields, Shape, TaskError};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, Shape)]
#[shape(crate = framework)]
#[serde(deny_unknown_fields)]
struct Note {
    note: String,
}

impl Fields for Note {
    type Ports = Board;
}

framework::state_machine! {
    crate = framework;

    /// Pins a note.
    machine NoteMachine(Release<Note>) starts at Validate;

    task Validate = validate { next Lock; catch _ => FailureClean; }
    task Lock = lock {
        next Pin;
        catch LockFailure::LockExists => FailureClean;
        catch _ => UnlockFailure;
    }
    task Pin = pin { next Unlock; catch PinFailure::Pin => UnlockFailure; catch _ => UnlockFailure; }
    task Unlock = unlock { next Success; catch _ => FailureDirty; }
    task UnlockFailure = unlock { next FailureClean; catch _ => FailureDirty; }
    succeed Success;
    fail FailureClean = "FailureClean";
    fail FailureDirty = "FailureDirty";
}

#[derive(Debug, thiserror::Error, TaskError, Coded)]
#[task_error(crate = framework)]
#[code(crate = framework)]
enum PinFailure {
    #[error("cannot pin the note")]
    #[code(source)]
    Pin(#[from] CloudError),
}

async fn pin(context: &Context<Board>, release: Release<Note>) -> Result<Release<Note>, PinFailure> {
    context.target(&release.envelope).await?.pin(&release.fields.note).await?;
    Ok(release)
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Notes(Vec<String>);

impl Resources for Notes {}

struct Board(LocalSession<Notes>);

impl Board {
    async fn pin(&self, note: &str) -> Result<(), CloudError> {
        let pin = self.0.call("board:Pin", note, |account| {
            if !account.resources.0.iter().any(|pinned| pinned == note) {
                account.resources.0.push(note.to_owned());
            }
            Ok(())
        });
        pin.await
    }
}

struct Outside;

impl Deployer for Outside {
    type Fields = Note;
    type Machine = NoteMachine;

    const NAME: &'static str = "outside";
    const TIMEOUT_SECONDS: u32 = 60;
}

#[async_trait]
impl ClientDeployer for Outside {
    const ABOUT: &'static str = "Pins a note";
    const CHANGES_FROM: &'static str = "Pin";

    async fn deployed(_: &Board, _: &ProjectName, _: &ConfigName) -> Result<Vec<Deployed>, CloudError> {
        Ok(Vec::new())
    }
}

impl LocalDeployer for Outside {
    type Resources = Notes;

    const SEED: &'static str = r#"{
        "clock": "2026-01-01T00:00:00Z",
        "deployer_account": "000000000000",
        "deployer_region": "us-east-1",
        "accounts": {
            "000000000000": {
                "buckets": {"coinbase-outside-000000000000": {}},
                "lock_tables": {"us-east-1/coinbase-outside-locks": {}},
                "roles": {"coinbase-outside-assumed": {"trusts": ["000000000000"]}}
            }
        }
    }"#;

    fn local_ports(session: LocalSession<Notes>) -> Board {
        Board(session)
    }
}

framework::main!(Outside, clouds: [local]);
