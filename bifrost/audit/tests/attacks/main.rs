//! Attacks on the audit log. Each is caught and named, and an untouched log of any shape verifies.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::type_complexity,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod bad_input;
mod bundles;
mod chains;
mod honest;
mod objects;
mod people;
mod receipts;
mod tree;
mod uncommitted;
mod untouched;
