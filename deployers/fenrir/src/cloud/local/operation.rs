//! The operation in progress on a stack: which resources wait, and which are being created, changed or deleted.

use super::order::reversed;
use super::stack::{StoredResource, StoredStack};
use super::template::Template;
use crate::rules::Tags;
use crate::sam::{Needs, needs_of};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The operation in progress on a stack.
///
/// Files of local clouds have its JSON: fields that were renamed keep their first name there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    pub(super) kind: Kind,
    pub(super) phase: Phase,
    /// The token of the request that started it.
    pub(super) token: String,
    /// The template to reach.
    pub(super) target: Template,
    /// The stack before the operation.
    pub(super) before: PreviousStack,
    /// Resources whose code does not exist in S3, with their service's error.
    pub(super) without_code: BTreeMap<String, String>,
    /// The tasks of this phase that have not started.
    pub(super) waiting: BTreeMap<String, Task>,
    /// The tasks that have started.
    #[serde(rename = "running")]
    pub(super) progress: BTreeMap<String, ResourceProgress>,
    /// The resources that were changed, with or without success.
    pub(super) touched: BTreeSet<String>,
    /// Resources that were replaced, or whose replacement failed: the next clean-up deletes them.
    #[serde(rename = "leavings")]
    pub(super) orphans: BTreeMap<String, StoredResource>,
    /// What failed in this phase.
    pub(super) failed: Vec<(String, ResourceOperation)>,
    /// Whether it was cancelled.
    pub(super) cancelled: bool,
}

/// The kind of operation on a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    Create,
    Update,
    Delete,
}

/// The phase of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Phase {
    /// The template is applied.
    Forward,
    /// The template is applied, and resources that are no longer needed are deleted.
    CleanUp,
    /// The stack is rolled back.
    Back,
    /// The stack is rolled back, and resources that are no longer needed are deleted.
    BackCleanUp,
}

/// A stack before an operation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct PreviousStack {
    pub(super) resources: BTreeMap<String, StoredResource>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) template: Option<Value>,
    pub(super) tags: Tags,
}

/// Work on a resource, which starts once the work on the resources in `after` is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Task {
    pub(super) after: BTreeSet<String>,
    #[serde(rename = "aim")]
    pub(super) goal: Goal,
}

/// What a task does to a resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Goal {
    /// Create or change it as the template says.
    #[serde(rename = "Make")]
    Apply,
    /// Delete this resource.
    Remove(Box<StoredResource>),
    /// Restore this resource.
    Restore(Box<StoredResource>),
}

/// The operation on a resource that a task needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ResourceOperation {
    Create,
    Update,
    Replace,
    Restore,
    Remove,
}

impl ResourceOperation {
    /// The prefix of the statuses in its events.
    pub(super) fn verb(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update | Self::Replace | Self::Restore => "UPDATE",
            Self::Remove => "DELETE",
        }
    }
}

/// An operation on a resource in progress.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ResourceProgress {
    #[serde(rename = "deed")]
    pub(super) operation: ResourceOperation,
    /// When it ends.
    pub(super) due: DateTime<Utc>,
    /// The reason for its failure, if it fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<String>,
    /// The resource as it will be, or the one that is deleted.
    pub(super) resource: StoredResource,
}

impl Operation {
    fn new(kind: Kind, token: &str, stack: &StoredStack) -> Self {
        let before = PreviousStack {
            resources: stack.resources.clone(),
            template: stack.template.clone(),
            tags: stack.tags.clone(),
        };
        Self {
            kind,
            phase: Phase::Forward,
            token: token.into(),
            target: Template::default(),
            before,
            without_code: BTreeMap::new(),
            waiting: BTreeMap::new(),
            progress: BTreeMap::new(),
            touched: BTreeSet::new(),
            orphans: BTreeMap::new(),
            failed: Vec::new(),
            cancelled: false,
        }
    }

    /// Creates or updates the stack as the template says.
    pub(super) fn apply(
        kind: Kind,
        token: &str,
        stack: &StoredStack,
        target: Template,
        without_code: BTreeMap<String, String>,
    ) -> Self {
        let needs = needs_of(target.resources.iter());
        let waiting = needs.into_iter().map(|(name, after)| (name, Task { after, goal: Goal::Apply })).collect();
        Self { target, without_code, waiting, ..Self::new(kind, token, stack) }
    }

    /// Deletes the stack.
    pub(super) fn delete(token: &str, stack: &StoredStack) -> Self {
        let waiting = removal(stack.resources.clone());
        Self { waiting, ..Self::new(Kind::Delete, token, stack) }
    }

    /// When the next operation on a resource ends.
    pub(super) fn next_due(&self) -> Option<DateTime<Utc>> {
        self.progress.values().map(|progress| progress.due).min()
    }
}

/// Tasks that delete these resources, each before its dependencies.
pub(super) fn removal(resources: BTreeMap<String, StoredResource>) -> BTreeMap<String, Task> {
    let needs: Needs = needs_of(resources.iter().map(|(name, resource)| (name, &resource.definition)));
    let mut after = reversed(&needs);
    let mut task = |name: &String, resource| Task {
        after: after.remove(name).unwrap_or_default(),
        goal: Goal::Remove(Box::new(resource)),
    };
    resources.into_iter().map(|(name, resource)| (name.clone(), task(&name, resource))).collect()
}
