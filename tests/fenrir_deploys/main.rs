//! End-to-end tests of Fenrir's program on moto, an emulator of AWS from another project. `bootstrap` installs the
//! deployer by CloudFormation, Step Functions interprets the definition, Lambda runs the real binary, and
//! CloudFormation deploys the stacks.
//!
//! All tests share one fixture and run one after another. Each test has its own application.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../shell/mod.rs"]
#[allow(dead_code, reason = "the tests of the local cloud use more of it")]
mod shell;

#[path = "../accounts/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the tests of Odin use more of it")]
mod accounts;
mod application;
mod failing;
mod fencing;
mod fixture;
mod succeeding;
