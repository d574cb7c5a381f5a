//! What Odin's task states do. Each runs again without harm: a task may die after half of its work was done.

mod check_healthy;
mod clean_up_failure;
mod clean_up_success;
mod deploy;
mod detach;
mod look;
mod make;
mod release_lock;
mod remove;
mod validate;
mod validate_resources;
#[cfg(feature = "cli")]
mod watch;

pub use check_healthy::check_healthy;
pub use clean_up_failure::clean_up_failure;
pub use clean_up_success::clean_up_success;
pub use deploy::deploy;
pub use detach::{detach_for_failure, detach_for_success};
pub use release_lock::release_lock_failure;
#[cfg(feature = "cli")]
pub(crate) use validate::check_user_data;
pub use validate::validate;
pub use validate_resources::validate_resources;
#[cfg(feature = "cli")]
pub(crate) use watch::watch;

#[cfg(test)]
mod fault_tests;
#[cfg(test)]
mod tests;

use crate::cloud::OdinPorts;

/// What a handler is given.
type Context = bifrost::task::Context<OdinPorts>;
