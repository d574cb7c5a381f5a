//! `asl`: the state machine as Step Functions takes it.

use super::arguments::{CloudArgs, Setting};
use super::error::CliError;
use super::{output, world};
use crate::deployer::Deployer;
use crate::machine::Machine;
use crate::release::{AccountId, Region};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    cloud: CloudArgs,
    /// The deployer account [default: that of the embedded world]
    #[arg(long, value_name = "ID", env = "AWS_ACCOUNT_ID")]
    account: Option<AccountId>,
    /// The region of the Lambda function [default: that of the embedded world]
    #[arg(long, env = "AWS_REGION")]
    region: Option<Region>,
}

pub(super) fn run<D: Deployer>(setting: &Setting, args: &Args) -> Result<u8, CliError> {
    let (account, region) = place::<D>(setting, args)?;
    let function = setting.identity::<D>(account, region).function_arn();
    let definition = D::Machine::definition(&function);
    output::print(&serde_json::to_string_pretty(&definition).map_err(std::io::Error::from)?)?;
    Ok(0)
}

/// Account and region of the function: those of the world that is asked for; else those named; else the built-in world's.
fn place<D: Deployer>(setting: &Setting, args: &Args) -> Result<(AccountId, Region), CliError> {
    if args.cloud.is_local() {
        let identity = world::open::<D>(setting, &args.cloud, false)?.cloud.identity().as_ref().clone();
        return Ok((identity.account, identity.region));
    }
    if let (Some(account), Some(region)) = (&args.account, &args.region) {
        return Ok((account.clone(), region.clone()));
    }
    let world = world::built_in::<D>()?;
    let account = args.account.clone().unwrap_or(world.deployer_account);
    let region = args.region.clone().unwrap_or(world.deployer_region);
    output::note(&format!("note: for the function in account {account}, {region}; --account and --region name others"));
    Ok((account, region))
}
