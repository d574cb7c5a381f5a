//! What is under way with a stack: which of its resources wait, and which are being made, changed or deleted.

use super::order::{Needs, needs_of, reversed};
use super::stack::{StoredResource, StoredStack};
use super::template::Template;
use crate::rules::Tags;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What is under way with a stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    pub(super) kind: Kind,
    pub(super) phase: Phase,
    /// The token of the request that it came by.
    pub(super) token: String,
    /// What the stack is to become.
    pub(super) target: Template,
    /// What the stack was.
    pub(super) before: PreviousStack,
    /// Resources whose code is not where the template says, and what the service says of that.
    pub(super) without_code: BTreeMap<String, String>,
    /// What is to be done in this phase, and has not begun.
    pub(super) waiting: BTreeMap<String, Task>,
    /// What has begun.
    pub(super) progress: BTreeMap<String, ResourceProgress>,
    /// The resources that were changed, or tried to be.
    pub(super) touched: BTreeSet<String>,
    /// Real resources that are no longer, or never became, those of their logical ids: the next clean-up deletes them.
    pub(super) orphans: BTreeMap<String, StoredResource>,
    /// What has failed in this phase.
    pub(super) failed: Vec<(String, ResourceOperation)>,
    /// Whether somebody has called it off.
    pub(super) cancelled: bool,
}

/// What is done with a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    Create,
    Update,
    Delete,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Phase {
    /// On its way to what it is to become.
    Forward,
    /// There; what is no longer needed is deleted.
    CleanUp,
    /// On its way back to what it was.
    Back,
    /// Back; what is no longer needed is deleted.
    BackCleanUp,
}

/// What a stack was before.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct PreviousStack {
    pub(super) resources: BTreeMap<String, StoredResource>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) template: Option<Value>,
    pub(super) tags: Tags,
}

/// Something to be done with a resource, once nothing is left to be done with those before it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Task {
    pub(super) after: BTreeSet<String>,
    pub(super) goal: Goal,
}

/// What is to be done with a resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Goal {
    /// It is to be as the target says.
    Make,
    /// This one is to go.
    Remove(Box<StoredResource>),
    /// It is to be this one again.
    Restore(Box<StoredResource>),
}

/// What that comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ResourceOperation {
    Create,
    Update,
    Replace,
    Restore,
    Remove,
}

impl ResourceOperation {
    /// The beginning of the statuses that its events have.
    pub(super) fn verb(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update | Self::Replace | Self::Restore => "UPDATE",
            Self::Remove => "DELETE",
        }
    }
}

/// Something that is being done with a resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ResourceProgress {
    pub(super) operation: ResourceOperation,
    /// When it ends.
    pub(super) due: DateTime<Utc>,
    /// Why it fails then, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<String>,
    /// The resource as it is to be, or the one that goes.
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

    /// To make the stack as the template says, or to change it so.
    pub(super) fn to(
        kind: Kind,
        token: &str,
        stack: &StoredStack,
        target: Template,
        without_code: BTreeMap<String, String>,
    ) -> Self {
        let needs = needs_of(target.resources.iter());
        let waiting = needs.into_iter().map(|(name, after)| (name, Task { after, goal: Goal::Make })).collect();
        Self { target, without_code, waiting, ..Self::new(kind, token, stack) }
    }

    /// To delete the stack.
    pub(super) fn delete(token: &str, stack: &StoredStack) -> Self {
        let waiting = removal(stack.resources.clone());
        Self { waiting, ..Self::new(Kind::Delete, token, stack) }
    }

    /// When the next of what is being done ends.
    pub(super) fn next_due(&self) -> Option<DateTime<Utc>> {
        self.progress.values().map(|progress| progress.due).min()
    }
}

/// To delete these, each before those that it needs.
pub(super) fn removal(resources: BTreeMap<String, StoredResource>) -> BTreeMap<String, Task> {
    let needs: Needs = needs_of(resources.iter().map(|(name, resource)| (name, &resource.definition)));
    let mut after = reversed(&needs);
    let mut task = |name: &String, resource| Task {
        after: after.remove(name).unwrap_or_default(),
        goal: Goal::Remove(Box::new(resource)),
    };
    resources.into_iter().map(|(name, resource)| (name.clone(), task(&name, resource))).collect()
}
