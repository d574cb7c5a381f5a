//! Asks the deploy that runs to stop.

use super::{Address, Client};
use crate::client::ClientDeployer;
use bifrost_core::cloud::{CloudError, ExecutionSummary};
use bifrost_core::halt;
use bifrost_core::release::Release;

/// Nothing was halted.
#[derive(Debug, thiserror::Error)]
pub enum HaltFailure {
    /// A flag would stop the next deploy instead, if that came soon.
    #[error("nothing runs for {0}: there is nothing to halt")]
    NothingRuns(Address),
    /// AWS refused, or did not answer.
    #[error("whether the deploy stops is not known: {0}")]
    Cloud(#[from] CloudError),
}

/// A deploy that was asked to halt.
#[derive(Debug, Clone, PartialEq)]
pub struct Halted {
    /// Its execution.
    pub execution: ExecutionSummary,
    /// Why it will not: it has come too far.
    pub too_late: Option<String>,
}

impl<D: ClientDeployer> Client<D> {
    /// Writes the halt flag for the execution that runs, which stops at its next look.
    ///
    /// # Errors
    /// [`HaltFailure`].
    pub async fn halt(&self, address: &Address, reason: &str) -> Result<Halted, HaltFailure> {
        let running = self.running(address).await?.ok_or_else(|| HaltFailure::NothingRuns(address.clone()))?;
        // The execution looks into the bucket of its own release.
        let found = Address::read(&running.input, &self.account.defaults).unwrap_or_else(|_| address.clone());
        halt::ask(self.account.objects.as_ref(), &found.bucket, &found.root_dir(), reason).await?;
        Ok(Halted { too_late: self.too_late(&running).await, execution: running })
    }

    /// Whether the execution has come too far to be halted. The flag is written: that this is not known is no failure.
    async fn too_late(&self, running: &ExecutionSummary) -> Option<String> {
        let (reader, release) = self.reader(running).await.ok()?;
        let release = release.or_else(|| Release::read(&running.input, &self.account.defaults).ok())?;
        D::too_late(reader.states.last()?, &release)
    }
}
