//! The command, and on AWS the Lambda function, of Odin.

use odin::Odin;
use std::process::ExitCode;

fn main() -> ExitCode {
    bifrost::cli::main::<Odin>()
}
