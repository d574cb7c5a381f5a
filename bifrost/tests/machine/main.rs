//! The macros, the definitions that they make, and the dispatch of tasks. One binary: each more would link all of
//! `bifrost` again.

mod refused;
