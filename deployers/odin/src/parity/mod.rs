//! What differs between the deployed releases of two configs of a project, so that staging and production stay alike.
//!
//! [`differences`] compares two releases, [`deployed`] finds the ones that are deployed.

mod compare;
mod deployed;

pub use compare::{Difference, differences};
pub use deployed::{ConfigAddress, DeployedConfig, ParityError, deployed};
