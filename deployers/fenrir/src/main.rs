//! The command `fenrir`, which is the Lambda function, too.

use std::process::ExitCode;

/// Tasks work on JSON: they make and drop small texts by the thousand, which this allocator does faster.
#[cfg(feature = "cli")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    #[cfg(feature = "lambda")]
    if bifrost_aws::is_lambda() {
        return bifrost_aws::serve::<fenrir::Fenrir>();
    }
    command()
}

#[cfg(feature = "cli")]
fn command() -> ExitCode {
    use fenrir::commands::{Outputs, Package, Validate};
    let program = bifrost::cli::Program::<fenrir::Fenrir>::new().with(Validate).with(Package).with(Outputs);
    #[cfg(feature = "local")]
    let program = program.local();
    #[cfg(feature = "aws")]
    let program = program.aws(bifrost_aws::Aws);
    program.run()
}

/// A build for Lambda alone has no commands. If nobody reads why, the exit code says it still.
#[cfg(not(feature = "cli"))]
fn command() -> ExitCode {
    use std::io::Write;
    let told = "error: this is fenrir's Lambda function, and has no commands: build them with its feature `cli`";
    let _ = writeln!(std::io::stderr(), "{told}");
    ExitCode::FAILURE
}
