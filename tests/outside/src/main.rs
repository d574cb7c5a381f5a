//! A deployer outside of the workspace: it pins a note to a board.

use framework::client::{ClientContext, ClientDeployer, Deployed};
use framework::cloud::CloudError;
use framework::error_code::{Coded, CodedError};
use framework::lifecycle::{Context, LockFailure, Proof, fail, lock, succeed, validate};
use framework::local::{LocalDeployer, LocalSession, Resources};
use framework::release::Release;
use framework::{Deployer, TaskError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[framework::fields(crate = framework)]
struct Note {
    note: String,
}

framework::state_machine! {
    crate = framework;

    /// Pins a note.
    machine NoteMachine(Release<Note>, Board) starts at Validate, changes from Pin;

    task Validate = validate { validates; next Lock; catch _ => FailureClean; }
    task Lock = lock {
        locks;
        next Pin;
        catch LockFailure::LockExists => FailureClean;
        catch _ => UnlockFailure;
    }
    task Pin = pin { looks for halt; next Unlock; catch PinFailure::Pin => Unpin; catch _ => Unpin; }
    task Unlock = succeed { unlocks; next Success; catch _ => FailureDirty; }
    task Unpin = unpin { cleans up; next UnlockFailure; catch _ => FailureDirty; }
    task UnlockFailure = fail { unlocks; next FailureClean; catch _ => FailureDirty; }
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
    let board = context.target(&release.envelope).await?;
    board.pin(&context.lock_proof(&release.envelope).await?, &release).await?;
    Ok(release)
}

async fn unpin(context: &Context<Board>, release: Release<Note>) -> Result<Release<Note>, PinFailure> {
    let board = context.target(&release.envelope).await?;
    let pinned_by = board.pinned_by(&release.fields.note).await?;
    if let Some(proof) = context.ownership(&release.envelope).await?.proof(pinned_by.as_deref()) {
        board.unpin(&proof, &release.fields.note).await?;
    }
    Ok(release)
}

/// The releases that pinned notes, by note.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Notes(BTreeMap<String, String>);

impl Resources for Notes {}

struct Board(LocalSession<Notes>);

impl Board {
    async fn pin(&self, proof: &Proof, release: &Release<Note>) -> Result<(), CloudError> {
        let (note, id) = (release.fields.note.clone(), release.envelope.release_id.to_string());
        let pin = self.0.change(proof, "board:Pin", &release.fields.note, |account| {
            account.resources.0.insert(note, id);
            Ok(())
        });
        pin.await
    }

    async fn pinned_by(&self, note: &str) -> Result<Option<String>, CloudError> {
        self.0.call("board:GetNote", note, |account| Ok(account.resources.0.get(note).cloned())).await
    }

    async fn unpin(&self, proof: &Proof, note: &str) -> Result<(), CloudError> {
        let unpin = self.0.change(proof, "board:Unpin", note, |account| {
            account.resources.0.remove(note);
            Ok(())
        });
        unpin.await
    }
}

struct Outside;

impl Deployer for Outside {
    type Fields = Note;
    type Machine = NoteMachine;

    const NAME: &'static str = "outside";
    const TIMEOUT_SECONDS: u32 = 60;
}

impl ClientDeployer for Outside {
    const ABOUT: &'static str = "Pins a note";

    async fn deployed(_: &ClientContext<Self>) -> Result<Vec<Deployed>, CodedError> {
        Ok(Vec::new())
    }
}

impl LocalDeployer for Outside {
    type Resources = Notes;

    const SEED: &'static str = r#"{
        "clock": "2026-01-01T00:00:00Z",
        "deployer_account": "000000000000",
        "deployer_region": "us-east-1",
        "accounts": {"000000000000": {}}
    }"#;

    fn local_ports(session: LocalSession<Notes>) -> Board {
        Board(session)
    }
}

framework::main!(Outside, clouds: [local]);

#[cfg(test)]
mod tests {
    use super::Outside;
    use framework::testing::FaultSweep;
    use serde_json::json;

    #[tokio::test]
    async fn every_call_may_fail() {
        let report = FaultSweep::<Outside>::of([json!({"note": "buy milk"})]).run().await.unwrap();
        println!("{report}");
    }
}
