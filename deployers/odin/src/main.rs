//! The command `odin`.

use mimalloc::MiMalloc;
use odin::Odin;
use std::process::ExitCode;

/// Tasks work on JSON: they make and drop small texts by the thousand, which this allocator does faster.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    bifrost::cli::main::<Odin>()
}
