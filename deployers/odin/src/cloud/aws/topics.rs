//! SNS on the AWS SDK.

use super::Service;
use crate::cloud::Topics;
use async_trait::async_trait;
use aws_sdk_sns::Client;
use bifrost::aws::{Request, found};
use bifrost::cloud::CloudError;

#[async_trait]
impl Topics for Service<Client> {
    async fn topic_arn(&self, name: &str) -> Result<Option<String>, CloudError> {
        let (region, account) = (self.session.region(), self.session.account());
        let arn = format!("arn:aws:sns:{region}:{account}:{name}");
        let request = Request::new("sns:GetTopicAttributes", name);
        let get = self.client.get_topic_attributes().topic_arn(&arn);
        Ok(found(request.make(&self.session, get.send()).await)?.map(|_| arn))
    }
}
