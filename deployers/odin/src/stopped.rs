//! Why `CheckHealthy` stops a deploy.

use crate::errors::{Errors, ServiceError};
use crate::health::TooManyTerminating;
use bifrost::error_code::Coded;
use bifrost::lifecycle::Halt;

/// `CheckHealthy` stops the deploy. The message has a line for each service that has too few healthy instances.
#[derive(Debug, thiserror::Error, Coded)]
#[error("{}", std::iter::once(source.to_string()).chain(waiting.iter().cloned()).collect::<Vec<_>>().join("\n"))]
#[code(source)]
pub struct Stopped {
    /// Why.
    pub source: StopReason,
    /// What services wait for: `web: 2 healthy of 3 needed; InsufficientInstanceCapacity in us-east-1a`.
    pub waiting: Vec<String>,
}

/// Why `CheckHealthy` stops the deploy.
#[derive(Debug, thiserror::Error, Coded)]
pub enum StopReason {
    /// The deploy was halted, or its timeout has passed.
    #[error(transparent)]
    #[code(source)]
    Halt(#[from] Halt),
    /// Too many instances of the new groups terminate.
    #[error(transparent)]
    #[code(source)]
    Terminating(#[from] Errors<ServiceError<TooManyTerminating>>),
    /// New groups cannot launch their instances.
    #[error(transparent)]
    #[code(source)]
    CannotLaunch(#[from] Errors<ServiceError<CannotLaunch>>),
}

/// All launches of a new group fail, for reasons that do not pass by themselves: an image or instance profile that does not exist, or
/// a quota of the account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Coded)]
#[error("cannot launch instances: {}; fix it, then deploy a new release", .reasons.join("; "))]
#[code("odin/cannot-launch", "create what is missing, or ask AWS for a higher quota; then deploy a new release")]
pub struct CannotLaunch {
    /// What fails.
    pub reasons: Vec<String>,
}
