//! The macros, the definitions that they expand to, and the dispatch of tasks. One binary: each additional one would link all
//! of `bifrost` again.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod cloud;
mod courier;
mod definition;
mod dispatch;
mod fields;
mod lints;
mod names;
mod port;
mod refused;
mod shape;
mod standard;
