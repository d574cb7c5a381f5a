//! AWS, as the commands use it.

use super::backend::{Backend, PollInterval};
use super::error::CliError;
use crate::client::Client;
use crate::client::ClientDeployer;
use crate::doctor::differences;
use async_trait::async_trait;
use bifrost_core::deployer::Connection;
use bifrost_core::machine::Machine;
use std::cell::Cell;
use std::convert::Infallible;
use std::path::Path;
use std::time::Duration;

/// Step Functions answers few enough requests a second that followers must be sparing.
const POLL_INTERVAL: PollInterval = PollInterval { often: Duration::from_secs(1), seldom: Duration::from_secs(3) };

#[async_trait(?Send)]
impl<D: ClientDeployer> Backend<D> for Connection<D> {
    fn client(&self) -> Client<D> {
        Client::from(self)
    }

    /// That the state machine has another definition: it may be an original's, and works all the same. Who may not see
    /// it hears nothing.
    async fn caveat(&self) -> Option<String> {
        let identity = &self.account.identity;
        let machine = self.inventory.state_machine(&identity.state_machine_arn()).await.ok()??;
        let ours = D::Machine::definition(&identity.function_arn());
        let differences = differences(&ours, &machine.definition)?;
        Some(format!(
            "note: the state machine's definition is not that of this client, in {differences}; `{} doctor` says what to \
             do",
            D::NAME
        ))
    }

    fn poll_interval(&self) -> PollInterval {
        POLL_INTERVAL
    }

    fn keep(&self) -> Result<(), CliError> {
        Ok(())
    }

    fn apply_scenario(&self, _: &Path) -> Result<(), CliError> {
        Err(CliError::NoScenario)
    }

    async fn run_executions(&self, _: f64, _: &Cell<bool>) -> Result<Infallible, CliError> {
        std::future::pending().await
    }

    fn is_run(&self) -> Result<bool, CliError> {
        Ok(true)
    }
}
