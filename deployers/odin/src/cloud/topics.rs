//! SNS topics, which lifecycle hooks publish to.

use async_trait::async_trait;
use bifrost::cloud::CloudError;

/// SNS.
#[async_trait]
pub trait Topics: Send + Sync {
    /// ARN of the topic of that name in this account and region; `None` if there is none (`sns:GetTopicAttributes`).
    ///
    /// # Errors
    /// Whatever SNS answers, save `NotFound`.
    async fn topic_arn(&self, name: &str) -> Result<Option<String>, CloudError>;
}
