//! A framework for deployers.
