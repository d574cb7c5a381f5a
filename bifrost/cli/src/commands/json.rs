//! `json`: prints the state machine with the placeholders that Go clients fill in (contract §5).

use super::error::CliError;
use super::output;
use crate::client::ClientDeployer;
use bifrost_core::deployer;

/// The function's ARN with the placeholders of the contract. It is wire format: the partition is `aws` in every region, as
/// the Go implementation (Odin, Fenrir, step) prints it.
const RESOURCE: &str = "arn:aws:lambda:{{aws_region}}:{{aws_account}}:function:{{lambda_name}}";

#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run<D: ClientDeployer>(_: &Args) -> Result<u8, CliError> {
    let definition = deployer::definition::<D>(RESOURCE);
    output::print(&serde_json::to_string_pretty(&definition).map_err(std::io::Error::from)?)?;
    Ok(0)
}
