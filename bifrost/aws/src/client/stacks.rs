//! The port for stacks, on CloudFormation.

use crate::AwsSession;
use crate::error::Incomplete;
use async_trait::async_trait;
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{Capability, Parameter, Stack, StackEvent as SdkEvent, TemplateStage};
use bifrost_core::cloud::{CloudError, DeployedStack, NewStack, StackEvent, StackUpdate, Stacks};
use std::collections::BTreeMap;

const DESCRIBE: &str = "cloudformation:DescribeStacks";

/// The stacks of the session's account and region.
pub(super) struct CloudFormationStacks {
    session: AwsSession,
    client: Client,
}

impl CloudFormationStacks {
    pub(super) fn new(session: AwsSession) -> Self {
        Self { client: Client::new(session.config()), session }
    }

    /// Describes a stack. `None` if it does not exist.
    async fn describe(&self, name: &str) -> Result<Option<Stack>, CloudError> {
        let describe = self.client.describe_stacks().stack_name(name);
        match self.session.call(DESCRIBE, name, describe.send()).await {
            Ok(output) => {
                let stack = output.stacks.and_then(|stacks| stacks.into_iter().next());
                stack.present(DESCRIBE, name, "Stacks").map(Some)
            }
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl Stacks for CloudFormationStacks {
    async fn status(&self, name: &str) -> Result<Option<String>, CloudError> {
        let Some(stack) = self.describe(name).await? else { return Ok(None) };
        stack.stack_status.present(DESCRIBE, name, "StackStatus").map(|status| Some(status.as_str().to_owned()))
    }

    async fn deployed(&self, name: &str) -> Result<Option<DeployedStack>, CloudError> {
        const OPERATION: &str = "cloudformation:GetTemplate";
        let Some(stack) = self.describe(name).await? else { return Ok(None) };
        let get = self.client.get_template().stack_name(name).template_stage(TemplateStage::Original);
        let output = self.session.call(OPERATION, name, get.send()).await?;
        let template = output.template_body.present(OPERATION, name, "TemplateBody")?;
        Ok(Some(DeployedStack { template, parameters: values(stack.parameters.unwrap_or_default()) }))
    }

    async fn create(&self, stack: &NewStack) -> Result<(), CloudError> {
        let create = self.client.create_stack().stack_name(&stack.name).template_body(&stack.template);
        let create = create.capabilities(Capability::CapabilityNamedIam).set_parameters(Some(parameters(stack)));
        self.session.call("cloudformation:CreateStack", &stack.name, create.send()).await.map(drop)
    }

    async fn update(&self, stack: &NewStack) -> Result<StackUpdate, CloudError> {
        let update = self.client.update_stack().stack_name(&stack.name).template_body(&stack.template);
        let update = update.capabilities(Capability::CapabilityNamedIam).set_parameters(Some(parameters(stack)));
        match self.session.call("cloudformation:UpdateStack", &stack.name, update.send()).await {
            Ok(_) => Ok(StackUpdate::Started),
            // CloudFormation has no error code for this.
            Err(error) if error.message.contains("No updates are to be performed") => Ok(StackUpdate::Nothing),
            Err(error) => Err(error),
        }
    }

    async fn delete(&self, name: &str) -> Result<(), CloudError> {
        let delete = self.client.delete_stack().stack_name(name);
        self.session.call("cloudformation:DeleteStack", name, delete.send()).await.map(drop)
    }

    /// CloudFormation returns the newest event first, so reading stops at the page with the last known event.
    async fn events(&self, name: &str, after: Option<&str>) -> Result<Vec<StackEvent>, CloudError> {
        const OPERATION: &str = "cloudformation:DescribeStackEvents";
        let (mut events, mut token) = (Vec::new(), None);
        loop {
            let describe = self.client.describe_stack_events().stack_name(name).set_next_token(token);
            let page = match self.session.call(OPERATION, name, describe.send()).await {
                Ok(page) => page,
                Err(error) if error.is_not_found() => return Ok(Vec::new()),
                Err(error) => return Err(error),
            };
            for sent in page.stack_events.unwrap_or_default() {
                let event = event(sent);
                if after == Some(event.id.as_str()) {
                    events.reverse();
                    return Ok(events);
                }
                events.push(event);
            }
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                events.reverse();
                return Ok(events);
            }
        }
    }
}

fn parameters(stack: &NewStack) -> Vec<Parameter> {
    let parameters = stack.parameters.iter();
    parameters.map(|(key, value)| Parameter::builder().parameter_key(key).parameter_value(value).build()).collect()
}

fn values(parameters: Vec<Parameter>) -> BTreeMap<String, String> {
    parameters.into_iter().filter_map(|sent| Some((sent.parameter_key?, sent.parameter_value?))).collect()
}

fn event(sent: SdkEvent) -> StackEvent {
    StackEvent {
        id: sent.event_id.unwrap_or_default(),
        logical_id: sent.logical_resource_id.unwrap_or_default(),
        resource_type: sent.resource_type.unwrap_or_default(),
        status: sent.resource_status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
        reason: sent.resource_status_reason,
    }
}
