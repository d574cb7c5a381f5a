//! What a deployer reports of a deploy and of what is deployed.

use bifrost_core::release::Envelope;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The progress of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// The service.
    pub name: String,
    /// Instances that are wanted and not launched yet.
    pub waiting: u32,
    /// Instances that are booting, or not healthy yet.
    pub starting: u32,
    /// Instances that are healthy according to the group and all of its balancers.
    pub healthy: u32,
    /// Instances that are terminating.
    pub terminating: u32,
    /// How many healthy instances are needed; 0 for a group that is being deleted.
    pub enough: u32,
}

/// The resources that a deploy created and deleted, named as in messages, with notes for its end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// The resources that the deploy created.
    pub created: Vec<String>,
    /// The resources that the deploy deleted.
    pub deleted: Vec<String>,
    /// The outputs of what is deployed, such as the URL of an API. Shown after a success only.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, String>,
    /// Notes of one line or more: for a failed deploy what failed first, why, and what was rolled back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// The severity of a line, which sets its colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogSeverity {
    /// Progress.
    #[default]
    Plain,
    /// Something completed.
    Good,
    /// Something needs attention but stops nothing.
    Warn,
    /// Something failed, or data will be lost.
    Bad,
}

/// What a deployed resource does for the users of its service. While a deploy runs, and after one that failed, a service may have
/// several resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeployedState {
    /// It serves.
    Serving,
    /// It does not serve yet: nothing of it is healthy.
    Starting,
    /// It gets no new connections, and finishes those that it has.
    Draining,
    /// It runs, but gets no connections any more.
    Detached,
    /// It has nothing that could serve, and is meant to have nothing.
    Empty,
    /// It is being deleted.
    Deleting,
}

impl DeployedState {
    /// The word for people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Serving => "serving",
            Self::Starting => "starting",
            Self::Draining => "draining",
            Self::Detached => "detached",
            Self::Empty => "empty",
            Self::Deleting => "being deleted",
        }
    }
}

/// A service that is deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployed {
    /// The service.
    pub service: String,
    /// The release that created it.
    pub release_id: String,
    /// When it was created.
    pub since: DateTime<Utc>,
    /// Its resource, such as the name of an auto-scaling group.
    pub resource: String,
    /// What the resource does. `None` if the deployer does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<DeployedState>,
    /// The parts of the resource with their states, such as `i-0123 InService Healthy`.
    pub parts: Vec<String>,
}

impl Deployed {
    /// A release without a resource of its own in the target account.
    #[must_use]
    pub fn of(envelope: &Envelope) -> Self {
        let Envelope { project_name, release_id, created_at, .. } = envelope;
        let (service, release_id) = (project_name.to_string(), release_id.to_string());
        let (resource, since) = ("release".into(), *created_at);
        Self { service, release_id, since, resource, state: None, parts: Vec::new() }
    }
}
