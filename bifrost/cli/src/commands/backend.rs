//! The cloud that commands use: AWS, or a local cloud.

use super::error::CliError;
use crate::client::Client;
use crate::client::ClientDeployer;
use async_trait::async_trait;
use chrono::TimeDelta;
use std::cell::Cell;
use std::convert::Infallible;
use std::path::Path;
use std::time::Duration;

/// The shortest and the longest time between two polls.
#[derive(Debug, Clone, Copy)]
pub(super) struct PollInterval {
    pub(super) min: Duration,
    pub(super) max: Duration,
}

#[async_trait(?Send)]
pub(super) trait Backend<D: ClientDeployer> {
    fn client(&self) -> Client<D>;

    /// A warning about the deployer that does not prevent a deploy. None in a local cloud.
    async fn warning(&self) -> Option<String> {
        None
    }

    fn poll_interval(&self) -> PollInterval;

    /// Writes a new local cloud to its file, before something is changed in it. Does nothing in AWS.
    fn keep(&self) -> Result<(), CliError>;

    /// Applies a scenario to a local cloud. Fails in AWS.
    fn apply_scenario(&self, scenario: &Path) -> Result<(), CliError>;

    /// Runs the executions of a local cloud, as soon as no other process does. Waits forever in AWS, where Step Functions runs
    /// them.
    async fn run_executions(&self, speed: f64, is_engine: &Cell<bool>) -> Result<Infallible, CliError>;

    /// Whether a process, or Step Functions, runs the executions.
    fn is_run(&self) -> Result<bool, CliError>;

    /// Measures the time from now on, which a correction of this machine's clock does not change. In a local cloud by its own
    /// clock.
    fn stopwatch(&self) -> Box<dyn Fn() -> TimeDelta>;
}
