//! Lifecycle hooks: notify a topic when an instance launches or terminates, and may make it wait.

use super::{HookName, ResourceName};
use serde::{Deserialize, Serialize};

/// A lifecycle hook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// When Auto Scaling notifies the topic.
    pub transition: Transition,
    /// Name of the IAM role with which Auto Scaling publishes.
    pub role: ResourceName,
    /// Name of the SNS topic that it publishes to.
    pub sns: ResourceName,
    /// How long an instance waits for an answer, in seconds. AWS's default is an hour.
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

/// When a hook notifies its topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Transition {
    /// An instance launches.
    #[serde(rename = "autoscaling:EC2_INSTANCE_LAUNCHING")]
    Launching,
    /// An instance terminates.
    #[serde(rename = "autoscaling:EC2_INSTANCE_TERMINATING")]
    Terminating,
}

impl Transition {
    /// AWS's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Launching => "autoscaling:EC2_INSTANCE_LAUNCHING",
            Self::Terminating => "autoscaling:EC2_INSTANCE_TERMINATING",
        }
    }
}
