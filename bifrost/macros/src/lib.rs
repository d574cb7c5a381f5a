//! The macros of `bifrost`. Use them through that crate.
