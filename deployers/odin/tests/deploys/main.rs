//! Odin's executions as a specification: each test tells a story, asserts the whole path, and after each execution the
//! invariants are checked over the world, the calls and the history (`invariants`, `journal`).
//!
//! One binary, because linking costs more than running.

#![allow(unreachable_pub, reason = "nothing of a test binary can be reached from outside")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what stands between the tests is of the tests, too: a panic is how they fail"
)]

mod calls;
mod crashes;
mod created;
mod failing;
mod fixture;
mod go_odin;
mod invariants;
mod journal;
mod malformed;
mod partitions;
mod paths;
mod plan;
mod policies;
mod random;
mod refused;
mod rolling_out;
mod rules;
mod sample_cloud;
mod succeeding;
