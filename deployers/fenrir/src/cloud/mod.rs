//! What Fenrir needs of AWS in a target account: small ports in AWS's words, with plain types.
//!
//! Handlers see these traits and nothing else of a cloud. Each method says which AWS operations it is; where AWS pages or
//! limits what one request may name, the method hides it.

#[cfg(feature = "lambda")]
pub mod aws;
mod cloud_formation;
#[cfg(feature = "local")]
pub mod local;
mod lookups;
mod status;

#[cfg(feature = "cli")]
pub(crate) use cloud_formation::LARGEST_BODY;
pub use cloud_formation::{
    Change, ChangeAction, ChangeSet, ChangeSetType, CloudFormation, Drift, DriftedResource, NewChangeSet, Replacement,
    Stack, StackEvent, TemplateSource,
};
pub use lookups::Lookups;
pub use status::{ChangeSetStatus, ExecutionStatus, StackStatus};

use std::sync::Arc;

/// Everything that Fenrir may do in one account and region, under the one role there.
#[derive(Clone)]
pub struct FenrirPorts {
    /// CloudFormation.
    pub stacks: Arc<dyn CloudFormation>,
    /// What templates refer to.
    pub lookups: Arc<dyn Lookups>,
}
