//! The command `odin`, and the Lambda function that runs every task of its deploys.

use odin::Odin;
use std::process::ExitCode;

fn main() -> ExitCode {
    bifrost::cli::main::<Odin>()
}
