//! A deployer's binary as a Lambda function. It runs every task of its machine, and the self-check that `doctor`
//! requests.
//!
//! Lambda starts the binary with `AWS_LAMBDA_RUNTIME_API` set. An error reaches Step Functions under its own name, a
//! panic as `PanicError`, and input that does not parse as `UnmarshalError`. The default of the Lambda runtime would be
//! the name of a Rust type.

mod audit;
mod code;
mod function;
mod logs;
mod people;
mod self_check;
mod settings;

use crate::AwsDeployer;
use bifrost_core::error_code::{Coded, ErrorCode, full_message};
use function::Function;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::value::RawValue;
use settings::{Settings, SettingsError};
use std::error::Error;
use std::io;
use std::process::ExitCode;

pub(crate) const ERROR_CODES: &[&[ErrorCode]] = &[
    ServeError::CODES,
    SettingsError::CODES,
    audit::AuditSettingsError::CODES,
    function::IdentityError::CODES,
    function::NotTheAuditFunction::CODES,
    function::ReportNotJson::CODES,
];

/// The function cannot start, or lost the connection to Lambda.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
enum ServeError {
    #[error(transparent)]
    #[code(source)]
    Settings(#[from] SettingsError),
    /// The asynchronous runtime of the process cannot start.
    #[error("cannot start the asynchronous runtime")]
    #[code("task/no-runtime", "increase the memory of the function, or look for its limits in its log")]
    Runtime(#[source] io::Error),
    /// The connection to the Lambda runtime API failed.
    #[error("the connection to the Lambda runtime API failed")]
    #[code("task/runtime-api", "Lambda restarts the function; if this repeats, read the function's log")]
    RuntimeApi(#[source] Box<dyn Error + Send + Sync>),
}

/// Whether Lambda started this process.
#[must_use]
pub fn is_lambda() -> bool {
    std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some()
}

/// Runs the tasks of the deployer's machine until Lambda ends the process. This is the whole `main` of the function.
#[must_use]
pub fn serve<D: AwsDeployer>() -> ExitCode {
    logs::begin();
    match try_serve::<D>() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(code = error.code(), error = full_message(&error), "the function cannot run");
            ExitCode::FAILURE
        }
    }
}

fn try_serve<D: AwsDeployer>() -> Result<(), ServeError> {
    let settings = Settings::read()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(ServeError::Runtime)?;
    runtime.block_on(async {
        let function = Function::<D>::new(settings);
        let handle = |event: LambdaEvent<Box<RawValue>>| function.handle(event);
        lambda_runtime::run(service_fn(handle)).await.map_err(ServeError::RuntimeApi)
    })
}
