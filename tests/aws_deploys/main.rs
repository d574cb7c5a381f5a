//! End-to-end tests of Odin's program on moto, an emulator of AWS from another project. `bootstrap` installs the
//! deployer by CloudFormation, Step Functions interprets the definition, and Lambda runs the real binary.
//!
//! All tests share one fixture and run one after another. Each test has its own project.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../shell/mod.rs"]
#[allow(dead_code, reason = "the tests of the local cloud use more of it")]
mod shell;

#[path = "../accounts/mod.rs"]
mod accounts;
#[path = "../fenrir_deploys/application.rs"]
#[allow(dead_code, reason = "the tests of Fenrir use more of it")]
mod application;
mod audit;
mod bad_input;
mod doctor;
mod executions;
mod failing;
mod faults;
mod fencing;
mod fixture;
mod following;
mod go_clients;
mod go_locks;
mod invariants;
mod lock_table;
mod one_log;
mod policies;
mod project;
mod refused;
mod release_files;
mod replay_check;
mod succeeding;
mod unlocking;
mod upgrades;
