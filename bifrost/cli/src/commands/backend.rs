//! Where commands are carried out: AWS, or an embedded world.

use super::error::CliError;
use crate::client::Client;
use crate::client::ClientDeployer;
use async_trait::async_trait;
use std::cell::Cell;
use std::convert::Infallible;
use std::path::Path;
use std::time::Duration;

/// How often a follower looks, at most and at least.
#[derive(Debug, Clone, Copy)]
pub(super) struct PollInterval {
    pub(super) often: Duration,
    pub(super) seldom: Duration,
}

/// A cloud as the commands use it.
#[async_trait(?Send)]
pub(super) trait Backend<D: ClientDeployer> {
    /// A client of it.
    fn client(&self) -> Client<D>;

    /// What whoever deploys should know of the deployer, though it is no reason not to. Of an embedded world nothing.
    async fn caveat(&self) -> Option<String> {
        None
    }

    /// How often to look there.
    fn poll_interval(&self) -> PollInterval;

    /// Makes sure that what is done next stays. In AWS everything does.
    fn keep(&self) -> Result<(), CliError>;

    /// Lays a scenario over a world. In AWS nobody can.
    fn apply_scenario(&self, scenario: &Path) -> Result<(), CliError>;

    /// Runs the executions there are, as soon as no other process does. In AWS Step Functions does.
    async fn run_executions(&self, speed: f64, is_engine: &Cell<bool>) -> Result<Infallible, CliError>;

    /// Whether somebody runs the executions now.
    fn is_run(&self) -> Result<bool, CliError>;
}
