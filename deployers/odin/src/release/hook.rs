//! Lifecycle hooks: something outside is told when an instance comes or goes, and may let it wait.

use super::{HookName, ResourceName};
use serde::{Deserialize, Serialize};

/// A lifecycle hook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// When it is called.
    pub transition: Transition,
    /// Name of the IAM role under which Auto Scaling publishes.
    pub role: ResourceName,
    /// Name of the SNS topic that it publishes to.
    pub sns: ResourceName,
    /// How long an instance waits for an answer, in seconds. Without it AWS chooses (an hour).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat_timeout: Option<u32>,
    /// Its name. Set by Validate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<HookName>,
    /// ARN of the role. Set by `ValidateResources`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// ARN of the topic. Set by `ValidateResources`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification_target_arn: Option<String>,
}

impl Hook {
    pub(super) fn clear_deployer_fields(&mut self) {
        self.name = None;
        self.role_arn = None;
        self.notification_target_arn = None;
    }
}

/// When a hook is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Transition {
    /// An instance comes.
    #[serde(rename = "autoscaling:EC2_INSTANCE_LAUNCHING")]
    Launching,
    /// An instance goes.
    #[serde(rename = "autoscaling:EC2_INSTANCE_TERMINATING")]
    Terminating,
}

impl Transition {
    /// AWS's name of it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Launching => "autoscaling:EC2_INSTANCE_LAUNCHING",
            Self::Terminating => "autoscaling:EC2_INSTANCE_TERMINATING",
        }
    }
}
