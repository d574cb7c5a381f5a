//! Tests of the framework with a small deployer: locks, replay protection, halt, the engine and its faults.
//!
//! They are one binary, because linking takes longer than running them.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod acts;
mod audit;
mod audit_commands;
mod board;
mod broken_log;
mod client;
mod cloud_file;
mod ecs;
mod engine;
mod fencing;
mod finishing;
mod halting;
mod hooks;
mod invocations;
mod locks;
mod probe;
mod replay;
mod reviews;
mod settings;
mod stopping;
mod sweeps;
mod target_objects;
mod templates;
mod unlocking;
mod upgrades;
mod uploaded;
