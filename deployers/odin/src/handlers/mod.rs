//! The handlers of Odin's tasks. Each is idempotent: a task may crash half-way and run again.

mod alarms;
mod check_healthy;
mod clean_up;
mod create;
mod deploy;
mod detach;
mod eventually;
mod health_snapshot;
mod reasons;
mod validate;
#[cfg(feature = "cli")]
mod watch;

pub(crate) use alarms::{alarm_problems, alarm_states};
pub use check_healthy::check_healthy;
#[cfg(test)]
pub(crate) use clean_up::RETRIES;
pub use clean_up::{clean_up_failure, clean_up_success};
pub use deploy::deploy;
pub use detach::{detach_for_failure, detach_for_success};
#[cfg(feature = "cli")]
pub(crate) use validate::check_user_data;
pub use validate::{validate, validate_resources};
#[cfg(feature = "cli")]
pub(crate) use watch::watch;

#[cfg(test)]
mod tests;

use crate::cloud::{OdinPorts, Tags};
use crate::groups::{is_own, release_id};
use bifrost::lifecycle::{Ownership, Proof};
use bifrost::release::Envelope;

type Context = bifrost::lifecycle::Context<OdinPorts>;

/// Proves, for a task that cleans up, that this execution created the resource with these tags. `None` if it did not.
fn proof_of_own(ownership: &Ownership, envelope: &Envelope, tags: &Tags) -> Option<Proof> {
    if is_own(tags, envelope) { ownership.proof(release_id(tags)) } else { None }
}
