//! Step's executions as a specification, in a local cloud.

#![allow(unreachable_pub, reason = "a test binary has no public interface")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers outside of test functions fail by panicking, too"
)]

mod every_call;
mod failing;
mod fixture;
mod go_client;
mod refused;
mod states;
mod succeeding;
