//! What a deploy would do.

use bifrost_core::cloud::CloudError;
use serde::Serialize;

/// What a deploy of a release would do, if nothing changes until then.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DeployPlan {
    /// What it would change, in the order that a person should read it. Nothing, if what is deployed is what is asked for.
    pub changes: Vec<PlannedChange>,
    /// Why it would be refused, a line or more each, with the place in the release. What is in `changes` all the same is
    /// what is known.
    pub findings: Vec<String>,
    /// What else to know.
    pub notes: Vec<String>,
}

/// One resource that a deploy would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedChange {
    /// What happens to it.
    pub action: Action,
    /// What it is called.
    pub resource: String,
    /// What it is, such as `AWS::DynamoDB::Table`.
    pub kind: String,
    /// What of it changes, a line each.
    pub details: Vec<String>,
    /// Whether it holds data that are lost when it is replaced or removed.
    pub is_stateful: bool,
}

/// What happens to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is made.
    Add,
    /// It is changed, and stays.
    Modify,
    /// Another is made, and takes its place.
    Replace,
    /// It is removed.
    Remove,
}

impl PlannedChange {
    /// Whether data are lost by it.
    #[must_use]
    pub fn loses_data(&self) -> bool {
        self.is_stateful && matches!(self.action, Action::Replace | Action::Remove)
    }
}

/// It could not be found out what a deploy would do.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// AWS refused, or did not answer.
    #[error(transparent)]
    Cloud(#[from] CloudError),
    /// The deployer says why.
    #[error("{0}")]
    Refused(String),
}
