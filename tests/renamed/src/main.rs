//! A deployer that calls the framework by another name: it pins a note to a board.

use framework::client::ClientDeployer;
use framework::cloud::CloudError;
use framework::error_code::Coded;
use framework::lifecycle::{Context, LockFailure, Proof, fail, lock, succeed, validate};
use framework::local::{ByRegion, LocalDeployer, LocalSession, RegionState, ServiceError};
use framework::release::Release;
use framework::{Deployer, TaskError};
use std::collections::BTreeMap;
use std::sync::Arc;

#[framework::fields(crate = framework)]
struct Note {
    note: String,
}

framework::state_machine! {
    crate = framework;

    /// Pins a note.
    machine Renamed(Release<Note>, Arc<dyn Board>) starts at Validate, changes from Pin;

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
}

#[derive(Debug, thiserror::Error, TaskError, Coded)]
#[task_error(crate = framework)]
#[code(crate = framework)]
enum PinFailure {
    #[error("cannot pin the note")]
    #[code(source)]
    Pin(#[from] CloudError),
}

/// The notes on a board, with the releases that pinned them.
#[framework::port(crate = framework)]
trait Board {
    #[call("board:GetNote", note)]
    async fn pinned_by(&self, note: &str) -> Result<Option<String>, CloudError>;

    #[change("board:Pin", note)]
    async fn pin(&self, proof: &Proof, note: &str, release_id: &str) -> Result<(), CloudError>;

    #[change("board:Unpin", note)]
    async fn unpin(&self, proof: &Proof, note: &str) -> Result<(), CloudError>;
}

async fn pin(context: &Context<Arc<dyn Board>>, release: Release<Note>) -> Result<Release<Note>, PinFailure> {
    let board = context.target(&release.envelope).await?;
    let proof = context.lock_proof(&release.envelope).await?;
    board.pin(&proof, &release.fields.note, release.envelope.release_id.as_str()).await?;
    Ok(release)
}

async fn unpin(context: &Context<Arc<dyn Board>>, release: Release<Note>) -> Result<Release<Note>, PinFailure> {
    let board = context.target(&release.envelope).await?;
    let pinned_by = board.pinned_by(&release.fields.note).await?;
    if let Some(proof) = context.ownership(&release.envelope).await?.proof(pinned_by.as_deref()) {
        board.unpin(&proof, &release.fields.note).await?;
    }
    Ok(release)
}

/// The releases that pinned notes, by note.
type Notes = ByRegion<BTreeMap<String, String>>;

impl LocalBoard for Notes {
    fn pinned_by(region: &RegionState<'_, Self>, note: &str) -> Result<Option<String>, ServiceError> {
        Ok(region.here().get(note).cloned())
    }

    fn pin(region: &mut RegionState<'_, Self>, note: &str, release_id: &str) -> Result<(), ServiceError> {
        region.here_mut().insert(note.to_owned(), release_id.to_owned());
        Ok(())
    }

    fn unpin(region: &mut RegionState<'_, Self>, note: &str) -> Result<(), ServiceError> {
        region.here_mut().remove(note);
        Ok(())
    }
}

impl Deployer for Renamed {
    type Fields = Note;
    type Machine = Self;

    const NAME: &'static str = "renamed";
    const TIMEOUT_SECONDS: u32 = 60;
}

impl ClientDeployer for Renamed {
    const ABOUT: &'static str = "Pins a note";
}

impl LocalDeployer for Renamed {
    type Resources = Notes;

    fn local_ports(session: LocalSession<Notes>) -> Arc<dyn Board> {
        Arc::new(session)
    }
}

framework::main!(Renamed, clouds: [local]);

framework::testing::every_call_may_fail!(Renamed, {"note": "buy milk"});
