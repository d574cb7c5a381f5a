//! Runs `fleet` and `parity` as processes in the local cloud, and checks output and exit codes.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

mod fixture;
mod fleet;
mod parity;
#[path = "../../../../tests/shell/mod.rs"]
mod shell;
