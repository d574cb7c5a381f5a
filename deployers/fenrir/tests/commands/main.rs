//! Runs the commands as processes in the folder of an application, and checks output, exit codes and the local cloud.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "../../../../tests/shell/mod.rs"]
mod shell;

mod bad_input;
mod deploys;
mod failing;
mod fixture;
mod halting;
mod history;
mod large;
mod local_files;
mod locked;
mod output;
mod packaging;
mod plans;
mod validating;
