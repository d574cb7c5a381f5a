//! Odin's ports on the AWS SDK.
//!
//! Responses are checked: a missing field that AWS always sets is an error.

mod activity;
mod alarms;
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
use bifrost::aws::{AwsClient, AwsDeployer, AwsSession};
use std::sync::Arc;

impl AwsDeployer for Odin {
    fn aws_ports(session: AwsSession) -> OdinPorts {
        ports(&session)
    }
}

/// Odin's ports into the account and region of a session.
#[must_use]
pub fn ports(session: &AwsSession) -> OdinPorts {
    let ec2 = Arc::new(AwsClient::new(session, aws_sdk_ec2::Client::new));
    OdinPorts {
        groups: Arc::new(AwsClient::new(session, aws_sdk_autoscaling::Client::new)),
        compute: Arc::clone(&ec2) as Arc<_>,
        templates: ec2,
        balancers: Arc::new(AwsClient::new(session, aws_sdk_elasticloadbalancing::Client::new)),
        target_groups: Arc::new(AwsClient::new(session, aws_sdk_elasticloadbalancingv2::Client::new)),
        iam: Arc::new(AwsClient::new(session, aws_sdk_iam::Client::new)),
        topics: Arc::new(AwsClient::new(session, aws_sdk_sns::Client::new)),
        alarms: Arc::new(AwsClient::new(session, aws_sdk_cloudwatch::Client::new)),
    }
}
