//! EC2 launch templates on the AWS SDK.

use super::Service;
use super::ec2::{carrying, pairs, tag_specification};
use super::template_data::template_data;
use crate::cloud::{LaunchTemplate, LaunchTemplates, NewLaunchTemplate};
use async_trait::async_trait;
use aws_sdk_ec2::{Client, types};
use bifrost::aws::{Request, pages};
use bifrost::cloud::CloudError;

/// How many templates a page may have.
const PAGE_LIMIT: i32 = 200;

#[async_trait]
impl LaunchTemplates for Service<Client> {
    async fn launch_templates(&self, tags: &[(&str, &str)]) -> Result<Vec<LaunchTemplate>, CloudError> {
        let request = Request::new("ec2:DescribeLaunchTemplates", "");
        let filters = carrying(tags);
        let found = pages(async |token| {
            let describe = self.client.describe_launch_templates().set_filters(Some(filters.clone()));
            let describe = describe.max_results(PAGE_LIMIT).set_next_token(token);
            let page = request.make(&self.session, describe.send()).await?;
            Ok((page.launch_templates.unwrap_or_default(), page.next_token))
        });
        let found = found.await?.into_iter().map(|template| launch_template(template, request));
        let mut found = found.collect::<Result<Vec<_>, _>>()?;
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    async fn create_launch_template(&self, template: &NewLaunchTemplate) -> Result<LaunchTemplate, CloudError> {
        let request = Request::new("ec2:CreateLaunchTemplate", &template.name);
        let create = self.client.create_launch_template().launch_template_name(&template.name);
        let create =
            create.client_token(&template.client_token).launch_template_data(template_data(template, request)?);
        let tags = tag_specification(types::ResourceType::LaunchTemplate, &template.tags);
        let answer = request.make(&self.session, create.set_tag_specifications(tags).send()).await?;
        launch_template(request.field("LaunchTemplate", answer.launch_template)?, request)
    }

    async fn delete_launch_template(&self, name: &str) -> Result<(), CloudError> {
        let delete = self.client.delete_launch_template().launch_template_name(name);
        Request::new("ec2:DeleteLaunchTemplate", name).make(&self.session, delete.send()).await.map(drop)
    }
}

fn launch_template(template: types::LaunchTemplate, request: Request<'_>) -> Result<LaunchTemplate, CloudError> {
    let name = request.field("LaunchTemplateName", template.launch_template_name)?;
    let answer = request.about(&name);
    Ok(LaunchTemplate {
        id: answer.field("LaunchTemplateId", template.launch_template_id)?,
        create_time: answer.time("CreateTime", template.create_time)?,
        tags: answer.tags(pairs(template.tags))?,
        name: name.clone(),
    })
}
