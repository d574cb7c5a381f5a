//! The command `odin`.

use odin::Odin;
use std::process::ExitCode;

fn main() -> ExitCode {
    bifrost::cli::main::<Odin>()
}
