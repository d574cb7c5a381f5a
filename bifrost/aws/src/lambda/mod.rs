//! A deployer's binary as a Lambda function: every task of its machine, and the checkup that `doctor` asks for.
//!
//! Lambda starts the binary with `AWS_LAMBDA_RUNTIME_API` set. An error reaches Step Functions under its own name, a
//! panic as `PanicError`, and input that does not parse as `UnmarshalError`: never under the name of a Rust type, which is
//! what the runtime would give them.

mod function;
mod logs;
mod self_check;
mod settings;

use crate::AwsDeployer;
use function::Function;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::value::RawValue;
use settings::Settings;
use std::process::ExitCode;

/// Whether Lambda started this process.
#[must_use]
pub fn is_lambda() -> bool {
    std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some()
}

/// Serves the deployer's machine until Lambda ends the process: the whole `main` of the function.
#[must_use]
pub fn serve<D: AwsDeployer>() -> ExitCode {
    logs::begin();
    match try_serve::<D>() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error, "the function cannot start");
            ExitCode::FAILURE
        }
    }
}

fn try_serve<D: AwsDeployer>() -> Result<(), String> {
    let settings = Settings::read()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("no runtime: {error}"))?;
    runtime.block_on(async {
        let function = Function::<D>::new(settings);
        let handle = |event: LambdaEvent<Box<RawValue>>| function.handle(event);
        lambda_runtime::run(service_fn(handle)).await.map_err(|error| error.to_string())
    })
}
