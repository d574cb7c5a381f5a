//! What a deployer tells a person of a deploy, and of what is deployed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How far a service has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// The service.
    pub name: String,
    /// Instances that are wanted and do not exist yet.
    pub waiting: u32,
    /// Instances that boot, or are not healthy yet.
    pub starting: u32,
    /// Instances that everybody calls healthy.
    pub healthy: u32,
    /// Instances that go.
    pub terminating: u32,
    /// How many healthy instances are enough; 0 for what is to go.
    pub enough: u32,
}

/// What a deploy made and removed, each named as a person would, and what else a person should know at its end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// What it made.
    pub created: Vec<String>,
    /// What it removed.
    pub deleted: Vec<String>,
    /// What it gives to whoever uses what is deployed, such as the URL of an API; told of a success only.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, String>,
    /// What to know of it, a line or more each: of a failure what failed first, why, and what was rolled back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What a line of a deployer's log means to who reads it, which gives it its colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogSeverity {
    /// It goes on.
    #[default]
    Plain,
    /// Something is done.
    Good,
    /// Something needs a look, and stops nothing.
    Warn,
    /// Something failed, or will be lost.
    Bad,
}

/// A service that is deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployed {
    /// The service.
    pub service: String,
    /// The release that it came with.
    pub release_id: String,
    /// Since when it is there.
    pub since: DateTime<Utc>,
    /// The resource that carries it, such as the name of an auto-scaling group.
    pub resource: String,
    /// What it consists of, each with its state, such as `i-0123 InService Healthy`.
    pub parts: Vec<String>,
}
