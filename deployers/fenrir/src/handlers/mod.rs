//! What Fenrir's task states do. Each runs again without harm: a task may die after half of its work was done.

mod change_set;
mod clean_up;
mod execute;
mod release_lock;
mod update_change_set;
mod update_stack;
mod validate;

pub use change_set::create_change_set;
#[cfg(feature = "cli")]
pub(crate) use change_set::may_change;
pub use clean_up::clean_up;
pub use execute::execute;
pub use release_lock::release_lock;
pub use update_change_set::update_change_set;
pub use update_stack::update_stack;
pub use validate::validate;

#[cfg(test)]
mod call_tests;
#[cfg(test)]
mod fault_tests;
#[cfg(test)]
mod tests;

use crate::cloud::FenrirPorts;

/// What a handler is given.
type Context = bifrost::task::Context<FenrirPorts>;
