//! Halts the running deploy.

use super::{Address, Client};
use crate::client::ClientDeployer;
use bifrost_core::cloud::{CloudError, ExecutionSummary};
use bifrost_core::error_code::Coded;
use bifrost_core::machine::Machine as _;
use bifrost_core::people::{Act, ActError};
use bifrost_core::release::Release;

/// [`Client::halt`] failed.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub enum HaltFailure {
    /// No deploy of the project and config is running, so there is nothing to halt.
    // A halt flag would stop the next deploy, if that started soon.
    #[error("no deploy of {0} is running, so there is nothing to halt")]
    #[code("halt/nothing-runs", "check with `status` what is running")]
    NothingRuns(Address),
    /// AWS refused the request or did not answer.
    #[error("cannot confirm that the deploy stops: {0}")]
    #[code(source)]
    Cloud(#[from] CloudError),
    /// The act was refused or failed.
    #[error(transparent)]
    #[code(source)]
    Act(ActError),
}

impl From<ActError> for HaltFailure {
    fn from(error: ActError) -> Self {
        match error {
            ActError::Cloud(error) => Self::Cloud(error),
            other => Self::Act(other),
        }
    }
}

/// A deploy that was asked to halt.
#[derive(Debug, Clone, PartialEq)]
pub struct Halted {
    /// The execution of the deploy.
    pub execution: ExecutionSummary,
    /// Why it does not stop: it is past the states that can be halted.
    pub too_late: Option<String>,
}

impl<D: ClientDeployer> Client<D> {
    /// Writes the halt flag of the running execution, which stops when it reads the flag.
    ///
    /// # Errors
    /// [`HaltFailure`].
    pub async fn halt(&self, address: &Address, reason: &str) -> Result<Halted, HaltFailure> {
        let running = self.running(address).await?.ok_or_else(|| HaltFailure::NothingRuns(address.clone()))?;
        // The execution reads the flag from the bucket of its own release.
        let found = Address::read(&running.input, &self.account.defaults).unwrap_or_else(|_| address.clone());
        let (execution, message) = (running.name.clone(), reason.to_owned());
        self.act(Act::Halt { config: (&found).into(), execution, message }, Some(reason)).await?;
        Ok(Halted { too_late: self.too_late(&running).await, execution: running })
    }

    /// Whether the execution is past the states that can be halted. Not an error if unknown: the flag is written.
    async fn too_late(&self, running: &ExecutionSummary) -> Option<String> {
        let (reader, release) = self.reader(running).await.ok()?;
        let release = release.or_else(|| Release::read(&running.input, &self.account.defaults).ok())?;
        // A state of another version of the deployer: it is not known to be too late.
        D::too_late(D::Machine::from_name(reader.states.last()?)?, &release)
    }
}
