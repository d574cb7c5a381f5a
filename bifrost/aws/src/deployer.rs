//! The trait of deployers that run on AWS.

use crate::AwsSession;
use bifrost_core::deployer::{Deployer, Ports};

/// A deployer that runs on AWS.
pub trait AwsDeployer: Deployer {
    /// Opens the deployer's ports in the account and region of the session, with the permissions of the assumed role.
    /// It is called once in an attempt of a task, and by clients that read.
    fn aws_ports(session: AwsSession) -> Ports<Self>;
}
