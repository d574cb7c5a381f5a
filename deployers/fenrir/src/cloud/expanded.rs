//! Templates after CloudFormation expanded SAM.

use async_trait::async_trait;
use bifrost::cloud::CloudError;
use serde_json::Value;

/// What CloudFormation makes of a template, before it executes it.
#[async_trait]
pub trait ExpandedTemplates: Send + Sync {
    /// The template of a change set after all transforms (`cloudformation:GetTemplate` with the stage `Processed`); `None` if the
    /// change set does not exist. A template that is not JSON is a string.
    ///
    /// # Errors
    /// `CloudError` from CloudFormation.
    async fn expanded_template(&self, stack: &str, change_set: &str) -> Result<Option<Value>, CloudError>;
}
