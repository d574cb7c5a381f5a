//! Lifecycle hooks: notify a topic when an instance launches or terminates, and may make it wait.

use super::{HookName, ResourceName};

/// A lifecycle hook.
#[bifrost::field_type]
#[derive(Eq)]
pub struct Hook {
    /// When Auto Scaling notifies the topic.
    pub transition: Transition,
    /// Name of the IAM role with which Auto Scaling publishes.
    pub role: ResourceName,
    /// Name of the SNS topic that it publishes to.
    pub sns: ResourceName,
    /// How long an instance waits for an answer, in seconds. AWS's default is an hour.
    pub heartbeat_timeout: Option<u32>,
    /// Its name. Set by Validate.
    #[set_by_deployer]
    pub name: Option<HookName>,
    /// ARN of the role. Set by `ValidateResources`.
    #[set_by_deployer]
    pub role_arn: Option<String>,
    /// ARN of the topic. Set by `ValidateResources`.
    #[set_by_deployer]
    pub notification_target_arn: Option<String>,
}

/// When a hook notifies its topic.
#[bifrost::field_type]
#[derive(Copy, Eq)]
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
