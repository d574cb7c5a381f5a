//! Compares the role of a target account and the permissions boundary with AWS's own tables: the actions that CloudFormation's
//! handlers need for each type, and the resource types and condition keys of each action.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod boundary;
mod evaluation;
mod exceptions;
mod resources;
mod role;
mod tables;
