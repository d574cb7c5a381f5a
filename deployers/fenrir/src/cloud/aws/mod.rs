//! Fenrir's ports on the AWS SDK.
//!
//! Each request goes through the session's call middleware, under its AWS name and with the same resource as in the local
//! cloud. If a field is missing that AWS always sets, that is an error.

mod change_set;
mod cloud_formation;
mod drift;
mod expanded;
mod lookup_request;
mod lookups;
mod stack;

use super::FenrirPorts;
use crate::machine::Fenrir;
use bifrost::aws::{AwsDeployer, AwsSession};
use cloud_formation::StacksOnAws;
use lookups::LookupsOnAws;
use std::sync::Arc;

impl AwsDeployer for Fenrir {
    fn aws_ports(session: AwsSession) -> FenrirPorts {
        ports(&session)
    }
}

/// Fenrir's ports for the account and region of a session.
#[must_use]
pub fn ports(session: &AwsSession) -> FenrirPorts {
    let stacks = Arc::new(StacksOnAws::new(session));
    FenrirPorts {
        stacks: Arc::clone(&stacks) as Arc<_>,
        expansions: stacks,
        lookups: Arc::new(LookupsOnAws::new(session)),
    }
}
