//! Whole deploys by Odin's program on an AWS that we did not write: Step Functions interprets the definition, Lambda runs
//! the very binary, and CloudFormation made both of them, by `bootstrap`.
//!
//! All stories play on one stage, one after another; each has a project of its own.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on says where by panicking"
)]

#[path = "../shell/mod.rs"]
#[allow(dead_code, reason = "the stories of the embedded world use more of it")]
mod shell;

#[path = "../accounts/mod.rs"]
mod accounts;
mod bad_input;
mod doctor;
mod failing;
mod faults;
mod fixture;
mod following;
mod go_clients;
mod invariants;
mod policies;
mod project;
mod refused;
mod release_files;
mod replay_check;
mod succeeding;
