//! IAM and SNS on the AWS SDK.

use crate::cloud::{AwsIam, AwsTopics, InstanceProfile, Role};
use bifrost::aws::AwsCall;
use bifrost::cloud::{CloudError, found};

impl AwsIam for aws_sdk_iam::Client {
    async fn instance_profile(&self, call: AwsCall<'_>, name: &str) -> Result<Option<InstanceProfile>, CloudError> {
        let get = self.get_instance_profile().instance_profile_name(name);
        let Some(answer) = found(call.send(get.send()).await)? else { return Ok(None) };
        let profile = call.field("InstanceProfile", answer.instance_profile)?;
        Ok(Some(InstanceProfile { arn: call.text("Arn", profile.arn)?, path: call.text("Path", profile.path)? }))
    }

    async fn role(&self, call: AwsCall<'_>, name: &str) -> Result<Option<Role>, CloudError> {
        let Some(answer) = found(call.send(self.get_role().role_name(name).send()).await)? else { return Ok(None) };
        let role = call.field("Role", answer.role)?;
        Ok(Some(Role { arn: call.text("Arn", role.arn)? }))
    }
}

impl AwsTopics for aws_sdk_sns::Client {
    async fn topic_arn(&self, call: AwsCall<'_>, name: &str) -> Result<Option<String>, CloudError> {
        let arn = call.arn("sns", name);
        let get = self.get_topic_attributes().topic_arn(&arn);
        Ok(found(call.send(get.send()).await)?.map(|_| arn))
    }
}
