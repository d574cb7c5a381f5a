//! Odin: deploys each service of a release as an auto-scaling group, blue/green.

pub mod capacity;
#[cfg(feature = "cli")]
mod client;
pub mod cloud;
mod concurrently;
mod deployer;
mod errors;
mod findings;
pub mod groups;
pub mod handlers;
#[cfg(test)]
mod harness;
pub mod health;
mod machine;
pub mod names;
mod permissions;
#[cfg(feature = "cli")]
mod plan;
pub mod release;
mod resources;
mod safe_release;

pub use errors::{CleanUpFailure, DeployFailure, DetachFailure, HealthFailure};
pub use findings::Findings;
pub use machine::Odin;
