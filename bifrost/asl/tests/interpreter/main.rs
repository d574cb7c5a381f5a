//! Tests of the interpreter through its public interface.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test a panic is the failure"
)]
#![allow(clippy::needless_pass_by_value, reason = "so that json!(…) can be given as it is")]

mod choices;
mod concurrency;
mod data;
mod errors;
mod fixture;
mod limits;
mod resume;
mod time;
