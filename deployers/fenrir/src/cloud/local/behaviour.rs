//! What shall go wrong with the resources of stacks: what a world file may say of them.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a resource behaves where that is not as usual.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// When it fails; if not said, it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fails: Option<Stage>,
    /// The reason that its event gives then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Seconds that anything with it takes, failing included; as its type has it if not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
}

/// What is done with a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It is made, for the first time or in the place of another.
    Create,
    /// It is changed.
    Update,
    /// It is deleted, other than on the way back.
    Delete,
    /// What was done with it is undone.
    Rollback,
}

impl Behaviour {
    /// What the world says of a resource: of itself before its type, and of that before all.
    pub(super) fn of(all: &BTreeMap<String, Self>, logical_id: &str, resource_type: &str) -> Self {
        [logical_id, resource_type, "*"].into_iter().find_map(|key| all.get(key)).cloned().unwrap_or_default()
    }

    /// The reason why it fails at that stage, if it does.
    pub(super) fn failure(&self, stage: Stage) -> Option<String> {
        let reason = || self.reason.clone().unwrap_or_else(|| "Internal Failure".into());
        self.fails.filter(|fails| *fails == stage).map(|_| reason())
    }
}
