//! The command `odin`, which is the Lambda function, too.

use std::process::ExitCode;

/// Tasks work on JSON: they make and drop small texts by the thousand, which this allocator does faster.
#[cfg(feature = "cli")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    #[cfg(feature = "lambda")]
    if bifrost_aws::is_lambda() {
        return bifrost_aws::serve::<odin::Odin>();
    }
    command()
}

#[cfg(feature = "cli")]
fn command() -> ExitCode {
    let program = bifrost::cli::Program::<odin::Odin>::new();
    #[cfg(feature = "local")]
    let program = program.local();
    #[cfg(feature = "aws")]
    let program = program.aws(bifrost_aws::Aws);
    program.run()
}

/// A build for Lambda alone has no commands.
#[cfg(not(feature = "cli"))]
fn command() -> ExitCode {
    ExitCode::FAILURE
}
