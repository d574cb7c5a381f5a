//! The handlers of Step's tasks. Each is idempotent: a task may crash half-way and run again.

mod deploy;
mod undo;
mod update;
mod validate;
mod versions;

pub use deploy::deploy;
pub use validate::validate_resources;
#[cfg(feature = "cli")]
pub(crate) use validate::{check, diagnostics};

use crate::cloud::StepPorts;

type Context = bifrost::lifecycle::Context<StepPorts>;

/// The file in the directory of a release with the definition that was deployed before.
pub(crate) const PREVIOUS_FILE: &str = "previous-state-machine";
