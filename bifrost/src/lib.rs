//! A framework for deployers.

pub mod json;
pub mod release;
