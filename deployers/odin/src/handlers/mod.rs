//! The handlers of Odin's tasks. Each is idempotent: a task may crash half-way and run again.

mod check_healthy;
mod clean_up;
mod create;
mod deploy;
mod detach;
mod health_snapshot;
mod validate;
#[cfg(feature = "cli")]
mod watch;

pub use check_healthy::check_healthy;
pub use clean_up::{clean_up_failure, clean_up_success, release_lock_failure};
pub use deploy::deploy;
pub use detach::{detach_for_failure, detach_for_success};
#[cfg(feature = "cli")]
pub(crate) use validate::check_user_data;
pub use validate::{validate, validate_resources};
#[cfg(feature = "cli")]
pub(crate) use watch::watch;

#[cfg(test)]
mod tests;

use crate::cloud::OdinPorts;

type Context = bifrost::task::Context<OdinPorts>;
