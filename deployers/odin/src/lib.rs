//! Odin: deploys each service of a release as an auto-scaling group, blue/green.

pub mod capacity;
pub mod cloud;
mod findings;
pub mod health;
pub mod names;
pub mod release;

pub use findings::Findings;
