//! The commands as a person gives them, in the folder of an application: processes, their output and their exit codes, and
//! what they leave in the world.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on says where by panicking"
)]

#[path = "../../../../tests/shell/mod.rs"]
mod shell;

mod bad_input;
mod deploys;
mod failing;
mod fixture;
mod halting;
mod history;
mod large;
mod locked;
mod output;
mod packaging;
mod plans;
mod validating;
