//! Packages applications in temporary folders, with stand-ins for tools that may not be installed. `make` is the real one.

#![cfg(all(feature = "cli", unix))]
#![allow(unreachable_pub, reason = "no other crate uses a test binary")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests fail by panicking")]

mod compilers;
mod dependencies;
mod docker;
mod fixture;
mod installers;
mod makefiles;
mod refusals;
mod unchanged;
mod zips;
