//! Properties of JSON and releases, checked with random values.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic, also in a function that is no test itself"
)]

mod json_laws;
mod release_laws;
mod values;
