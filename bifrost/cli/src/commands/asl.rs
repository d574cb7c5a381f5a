//! `asl`: prints the state machine for Step Functions.

use super::arguments::CloudArgs;
use super::error::CliError;
use super::{ProgramRun, output};
use crate::client::ClientDeployer;
use bifrost_core::account::Identity;
use bifrost_core::deployer;
use bifrost_core::release::{AccountId, Region};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    cloud: CloudArgs,
    /// Account of the Lambda function [default: account of the cloud]
    #[arg(long, value_name = "ID", env = "AWS_ACCOUNT_ID", hide_env = true)]
    account: Option<AccountId>,
    /// Region of the Lambda function [default: region of the cloud]
    #[arg(long, env = "AWS_REGION", hide_env = true)]
    region: Option<Region>,
}

pub(super) async fn run<D: ClientDeployer>(session: &ProgramRun<'_, D>, args: &Args) -> Result<u8, CliError> {
    let definition = deployer::definition::<D>(&identity(session, args).await?.function_arn());
    output::print(&serde_json::to_string_pretty(&definition).map_err(std::io::Error::from)?)?;
    Ok(0)
}

/// The deployer whose function runs the tasks. With account and region given, no cloud needs to be reached.
async fn identity<D: ClientDeployer>(session: &ProgramRun<'_, D>, args: &Args) -> Result<Identity, CliError> {
    if let (false, Some(account), Some(region)) = (args.cloud.is_local(), &args.account, &args.region) {
        return Ok(session.deployer_args.identity(account.clone(), region.clone()));
    }
    Ok(session.client(&args.cloud).await?.account.identity.as_ref().clone())
}
