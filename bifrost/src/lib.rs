//! A framework for deployers.

pub mod asl;
pub mod interpreter;
