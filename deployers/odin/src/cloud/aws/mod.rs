//! Odin's ports on the AWS SDK.
//!
//! Each request goes through the session's call middleware under its AWS name, with the same resource as in the local
//! cloud. Responses are checked: a missing field that AWS always sets is an error.

mod auto_scaling;
mod compute;
mod ec2;
mod elastic_load_balancing;
mod group;
mod lookups;
mod new_group;
mod templates;

use super::OdinPorts;
use crate::machine::Odin;
use aws_types::SdkConfig;
use bifrost::aws::{AwsDeployer, AwsSession};
use std::sync::Arc;

impl AwsDeployer for Odin {
    fn aws_ports(session: AwsSession) -> OdinPorts {
        ports(&session)
    }
}

/// Odin's ports into the account and region of a session.
#[must_use]
pub fn ports(session: &AwsSession) -> OdinPorts {
    let ec2 = Arc::new(Service::new(session, aws_sdk_ec2::Client::new));
    OdinPorts {
        groups: Arc::new(Service::new(session, aws_sdk_autoscaling::Client::new)),
        compute: Arc::clone(&ec2) as Arc<_>,
        templates: ec2,
        balancers: Arc::new(Service::new(session, aws_sdk_elasticloadbalancing::Client::new)),
        target_groups: Arc::new(Service::new(session, aws_sdk_elasticloadbalancingv2::Client::new)),
        iam: Arc::new(Service::new(session, aws_sdk_iam::Client::new)),
        topics: Arc::new(Service::new(session, aws_sdk_sns::Client::new)),
        alarms: Arc::new(Service::new(session, aws_sdk_cloudwatch::Client::new)),
    }
}

/// The SDK client of an AWS service, and the session whose call middleware runs its requests.
struct Service<C> {
    session: AwsSession,
    client: C,
}

impl<C> Service<C> {
    fn new(session: &AwsSession, client: impl FnOnce(&SdkConfig) -> C) -> Self {
        Self { session: session.clone(), client: client(session.config()) }
    }
}
