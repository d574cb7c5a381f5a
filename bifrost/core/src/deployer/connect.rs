//! How commands reach AWS: the crate `bifrost-aws` does, and the rest knows it by this alone.

use super::{Deployer, Ports};
use crate::account::DeployerAccount;
use crate::cloud::{Executions, Inventory, Objects, Stacks, Targets};
use crate::release::{AccountId, Region};
use async_trait::async_trait;
use std::sync::Arc;

/// Where a deployer is, as far as a person says so. The rest comes the standard ways of AWS's tools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectOptions {
    /// The deployer's name in AWS, such as `coinbase-odin`.
    pub name: String,
    /// The deployer account; that of the credentials, if none.
    pub account: Option<AccountId>,
    /// The deployer's region; that of the configuration, if none.
    pub region: Option<Region>,
}

/// AWS cannot be reached as this person, or not there.
#[derive(Debug, thiserror::Error)]
#[error("{problem}; {next_step}")]
pub struct ConnectError {
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub next_step: String,
}

/// What commands use of AWS.
pub struct Connection<D: Deployer> {
    /// The deployer account.
    pub account: DeployerAccount,
    /// The executions of the deployer's state machine.
    pub executions: Arc<dyn Executions>,
    /// The way into target accounts.
    pub targets: Arc<dyn Targets<Ports<D>>>,
    /// What the deployer consists of.
    pub inventory: Arc<dyn Inventory>,
}

/// What `bootstrap` uses of AWS: an account in which the deployer need not be yet.
pub struct BootstrapTarget {
    /// Whose credentials they are.
    pub account: AccountId,
    /// Where stacks are made.
    pub region: Region,
    /// CloudFormation.
    pub stacks: Arc<dyn Stacks>,
    /// Buckets of the account.
    pub objects: Arc<dyn Objects>,
}

/// Connects commands to AWS.
#[async_trait(?Send)]
pub trait Connect<D: Deployer> {
    /// Finds credentials and region, and asks AWS whose they are.
    ///
    /// # Errors
    /// [`ConnectError`], if there are none, or they are refused, or of another account than asked for.
    async fn connect(&self, options: &ConnectOptions) -> Result<Connection<D>, ConnectError>;

    /// Finds credentials and region, and asks AWS whose they are: of whatever account, if `region` is none in the region
    /// of the configuration.
    ///
    /// # Errors
    /// [`ConnectError`], if there are none, or they are refused.
    async fn ground(&self, region: Option<&Region>) -> Result<BootstrapTarget, ConnectError>;
}
