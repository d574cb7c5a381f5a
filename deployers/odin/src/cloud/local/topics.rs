//! SNS on the embedded world.

use super::{OdinAccount, request};
use crate::cloud::Topics;
use async_trait::async_trait;
use bifrost::cloud::CloudError;
use bifrost::local::Session;
use serde::{Deserialize, Serialize};

/// A topic.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoredTopic {
    /// After how many seconds its subscriber completes the lifecycle action of a hook that published to it. If none,
    /// nobody does, and the hook's heartbeat runs out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completes_after_seconds: Option<u32>,
}

#[async_trait]
impl Topics for Session<OdinAccount> {
    async fn topic_arn(&self, name: &str) -> Result<Option<String>, CloudError> {
        request(self, "sns:GetTopicAttributes", name, |region, here| {
            Ok(region.topics.contains_key(name).then(|| here.topic_arn(name)))
        })
        .await
    }
}
