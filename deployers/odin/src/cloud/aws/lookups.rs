//! IAM and SNS on the AWS SDK.

use super::Service;
use crate::cloud::{Iam, InstanceProfile, Role, Topics};
use async_trait::async_trait;
use bifrost::aws::{Request, found};
use bifrost::cloud::CloudError;

#[async_trait]
impl Iam for Service<aws_sdk_iam::Client> {
    async fn instance_profile(&self, name: &str) -> Result<Option<InstanceProfile>, CloudError> {
        let request = Request::new("iam:GetInstanceProfile", name);
        let get = self.client.get_instance_profile().instance_profile_name(name);
        let Some(answer) = found(request.make(&self.session, get.send()).await)? else { return Ok(None) };
        let profile = request.field("InstanceProfile", answer.instance_profile)?;
        Ok(Some(InstanceProfile { arn: request.text("Arn", profile.arn)?, path: request.text("Path", profile.path)? }))
    }

    async fn role(&self, name: &str) -> Result<Option<Role>, CloudError> {
        let request = Request::new("iam:GetRole", name);
        let get = self.client.get_role().role_name(name);
        let Some(answer) = found(request.make(&self.session, get.send()).await)? else { return Ok(None) };
        let role = request.field("Role", answer.role)?;
        Ok(Some(Role { arn: request.text("Arn", role.arn)? }))
    }
}

#[async_trait]
impl Topics for Service<aws_sdk_sns::Client> {
    async fn topic_arn(&self, name: &str) -> Result<Option<String>, CloudError> {
        let arn = self.session.region().arn("sns", self.session.account(), name);
        let request = Request::new("sns:GetTopicAttributes", name);
        let get = self.client.get_topic_attributes().topic_arn(&arn);
        Ok(found(request.make(&self.session, get.send()).await)?.map(|_| arn))
    }
}
