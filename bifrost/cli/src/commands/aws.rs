//! AWS as the backend of commands.

use super::backend::{Backend, PollInterval};
use super::error::CliError;
use crate::client::Client;
use crate::client::ClientDeployer;
use crate::doctor::differences;
use async_trait::async_trait;
use bifrost_core::deployer::{Connection, definition};
use bifrost_core::machine::set_function_version;
use chrono::TimeDelta;
use std::cell::Cell;
use std::convert::Infallible;
use std::path::Path;
use std::time::{Duration, Instant};

/// Step Functions allows few requests a second, and all followers of an account share them.
const POLL_INTERVAL: PollInterval = PollInterval { min: Duration::from_secs(1), max: Duration::from_secs(3) };

#[async_trait(?Send)]
impl<D: ClientDeployer> Backend<D> for Connection<D> {
    fn client(&self) -> Client<D> {
        Client::from(self)
    }

    /// Warns if the state machine has another definition. That of a Go deployer works, too. Users without permission to read
    /// it get no warning.
    async fn warning(&self) -> Option<String> {
        let identity = &self.account.identity;
        let machine = self.inventory.state_machine(&identity.state_machine_arn()).await.ok()??;
        let arn = identity.function_arn();
        let (ours, mut deployed) = (definition::<D>(&arn), machine.definition);
        set_function_version(&mut deployed, &arn, None);
        let differences = differences(&ours, &deployed)?;
        Some(format!(
            "warning: the definition of the state machine differs from this client's in {differences}; `{} doctor{}` shows \
             what to do",
            D::NAME,
            self.account.cloud_arguments
        ))
    }

    fn poll_interval(&self) -> PollInterval {
        POLL_INTERVAL
    }

    fn keep(&self) -> Result<(), CliError> {
        Ok(())
    }

    fn apply_scenario(&self, _: &Path) -> Result<(), CliError> {
        Err(CliError::RequiresLocal("--scenario"))
    }

    async fn run_executions(&self, _: f64, _: &Cell<bool>) -> Result<Infallible, CliError> {
        std::future::pending().await
    }

    fn is_run(&self) -> Result<bool, CliError> {
        Ok(true)
    }

    fn stopwatch(&self) -> Box<dyn Fn() -> TimeDelta> {
        let start = Instant::now();
        Box::new(move || TimeDelta::from_std(start.elapsed()).unwrap_or(TimeDelta::MAX))
    }
}
