//! Odin's executions as a specification: each test asserts the whole path of an execution. After each execution, the
//! invariants are checked on the local cloud, the calls and the history (`invariants`, `journal`).
//!
//! All tests are in one binary, because linking takes longer than running them.

#![allow(unreachable_pub, reason = "a test binary has no public interface")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers outside of test functions fail by panicking, too"
)]

mod alarms;
mod audit;
mod calls;
mod crashes;
mod created;
mod day;
mod demand;
mod durations;
mod explained;
mod failing;
mod fencing;
mod fixture;
mod go_client;
mod go_odin;
mod halted_retry;
mod hooks;
mod invariants;
mod invocations;
mod journal;
mod leftovers;
mod lenient;
mod malformed;
mod partitions;
mod paths;
mod plan;
mod policies;
mod propagating;
mod random;
mod refused;
mod rolling_out;
mod rules;
mod same_release;
mod sample_cloud;
mod states;
mod succeeding;
mod switch;
mod waits;
