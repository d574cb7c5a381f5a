//! Packages applications in folders of their own, with stand-ins for the tools that are not everywhere. `make` is the real one.

#![cfg(all(feature = "cli", unix))]
#![allow(unreachable_pub, reason = "nothing of a test binary can be reached from outside")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what stands between the tests is of the tests, too: a panic is how they fail"
)]

mod compilers;
mod docker;
mod fixture;
mod makefiles;
mod refusals;
mod unchanged;
mod zips;
