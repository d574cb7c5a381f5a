//! A framework for deployers.

pub mod asl;
