//! Expanded templates with the AWS SDK.

use super::cloud_formation::StacksOnAws;
use super::stack;
use crate::cloud::ExpandedTemplates;
use async_trait::async_trait;
use aws_sdk_cloudformation::types::TemplateStage;
use bifrost::aws::Request;
use bifrost::cloud::{CloudError, found};
use serde_json::Value;

#[async_trait]
impl ExpandedTemplates for StacksOnAws {
    async fn expanded_template(&self, stack: &str, change_set: &str) -> Result<Option<Value>, CloudError> {
        let request = Request::new("cloudformation:GetTemplate", change_set);
        let get = self.client.get_template().stack_name(stack).change_set_name(change_set);
        let get = get.template_stage(TemplateStage::Processed);
        let Some(answer) = found(request.make(&self.session, get.send()).await)? else { return Ok(None) };
        stack::template(answer.template_body, request).map(Some)
    }
}
