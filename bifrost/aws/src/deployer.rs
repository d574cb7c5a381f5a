//! What a deployer adds to run on AWS.

use crate::AwsSession;
use bifrost_core::deployer::{Deployer, Ports};

/// A deployer that runs on AWS.
pub trait AwsDeployer: Deployer {
    /// Opens its ports in the account and region of the session, under the role that was assumed there: once an attempt
    /// of a task, and for a client that looks.
    fn aws_ports(session: AwsSession) -> Ports<Self>;
}
