//! The Merkle log: writers at once, crashes, lost answers, damage, and agreement with the formats' own library.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and says when it is skipped"
)]

mod check;
mod crashes;
mod damage;
mod go;
mod sizes;
mod store;
mod writers;
