//! What a deploy would change.

use bifrost_core::findings::Finding;
use serde::Serialize;
use std::fmt;

/// What a deploy of a release would change, if nothing else changes until then.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DeployPlan {
    /// The changes, in the order in which to read them. Empty if the release is deployed already.
    pub changes: Vec<PlannedChange>,
    /// Why the deploy would be refused. `changes` then lists what is known all the same.
    pub findings: Vec<PlanFinding>,
    /// Further notes, of one line or more each.
    pub notes: Vec<String>,
}

impl DeployPlan {
    /// A plan of these changes, without findings and notes.
    pub fn of(changes: impl IntoIterator<Item = PlannedChange>) -> Self {
        Self { changes: changes.into_iter().collect(), ..Self::default() }
    }
}

/// One reason why a deploy would be refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanFinding {
    /// The stable code of the error, such as `release/unknown-field`.
    pub code: String,
    /// The JSON path in the release; empty if it is not about one place.
    pub path: String,
    /// What is wrong, and what to do.
    pub message: String,
}

impl PlanFinding {
    /// A finding at a place of the release.
    pub fn new(code: impl Into<String>, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), path: path.into(), message: message.into() }
    }
}

impl From<&Finding> for PlanFinding {
    fn from(Finding { code, path, message }: &Finding) -> Self {
        Self::new(*code, path, message)
    }
}

impl fmt::Display for PlanFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, message, .. } = self;
        if path.is_empty() { f.write_str(message) } else { write!(f, "{path}: {message}") }
    }
}

/// One resource that a deploy would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedChange {
    /// What happens to the resource.
    pub action: Action,
    /// The name of the resource.
    pub resource: String,
    /// Its type, such as `AWS::DynamoDB::Table`.
    pub kind: String,
    /// What changes, one line each.
    pub details: Vec<String>,
    /// Whether it holds data that are lost when it is replaced or removed.
    pub is_stateful: bool,
}

/// What happens to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is created.
    Add,
    /// It is changed in place.
    Modify,
    /// A new resource is created, and the old one is deleted.
    Replace,
    /// It is deleted.
    Remove,
}

impl PlannedChange {
    /// The change of a resource without data of its own from its present content, one line, to the new one. `None` if they are the
    /// same.
    #[must_use]
    pub fn between(kind: &str, resource: &str, now: Option<&str>, new: &str) -> Option<Self> {
        let (action, detail) = match now {
            Some(now) if now == new => return None,
            Some(now) => (Action::Modify, format!("{now} → {new}")),
            None => (Action::Add, new.to_owned()),
        };
        let (resource, kind, details) = (resource.to_owned(), kind.to_owned(), vec![detail]);
        Some(Self { action, resource, kind, details, is_stateful: false })
    }

    /// Whether the change loses data.
    #[must_use]
    pub fn loses_data(&self) -> bool {
        self.is_stateful && matches!(self.action, Action::Replace | Action::Remove)
    }
}
