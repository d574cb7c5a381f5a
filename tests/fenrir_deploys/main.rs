//! Whole deploys by Fenrir's program on an AWS that we did not write: Step Functions interprets the definition, Lambda runs
//! the very binary, CloudFormation made both of them, by `bootstrap`, and makes what is deployed.
//!
//! All stories play on one stage, one after another; each has an application of its own.

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
#[allow(dead_code, reason = "the stories of Odin use more of it")]
mod accounts;
mod application;
mod failing;
mod fixture;
mod succeeding;
