//! The framework as a deployer's author uses it: locks, replay protection, halt, the engine and its faults.
//!
//! One binary, because linking costs more than running.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on says where by panicking"
)]

mod board;
mod client;
mod cloud_file;
mod engine;
mod halting;
mod hooks;
mod locks;
mod replay;
mod templates;
