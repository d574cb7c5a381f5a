//! The handlers of Fenrir's task states. Each is idempotent: a task may crash after half of its work, and runs again.

mod change_set;
mod clean_up;
mod execute;
mod expansion;
mod identity;
mod restored;
mod stack;
mod update_change_set;
mod validate;

pub use change_set::create_change_set;
#[cfg(feature = "cli")]
pub(crate) use change_set::may_change;
pub use clean_up::{clean_up, unlock_root};
pub use execute::execute;
pub use stack::update_stack;
pub use update_change_set::update_change_set;
pub use validate::validate;

#[cfg(test)]
mod audit_tests;
#[cfg(test)]
mod call_tests;
#[cfg(test)]
mod execute_tests;
#[cfg(test)]
mod fault_tests;
#[cfg(test)]
mod fence_tests;
#[cfg(test)]
mod go_tests;
#[cfg(test)]
mod interference_tests;
#[cfg(test)]
mod lost_lock_tests;
#[cfg(test)]
mod state_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod time_tests;

use crate::cloud::FenrirPorts;

type Context = bifrost::lifecycle::Context<FenrirPorts>;
