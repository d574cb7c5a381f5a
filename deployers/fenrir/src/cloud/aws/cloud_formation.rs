//! CloudFormation on the AWS SDK.

use super::{change_set, drift, stack};
use crate::cloud::{
    ChangeSet, ChangeSetType, CloudFormation, CreatedChangeSet, Drift, DriftedResource, NewChangeSet, Stack,
    StackEvent, TemplateSource,
};
use async_trait::async_trait;
use aws_sdk_cloudformation::types::{
    Capability, EventFilter, OperationEvent, StackResourceDriftStatus, Tag, TemplateStage,
};
use aws_sdk_cloudformation::{Client, types};
use bifrost::aws::{AwsSession, Request, pages};
use bifrost::cloud::{CloudError, found};
use bifrost::lifecycle::Proof;
use chrono::{DateTime, Utc};
use serde_json::Value;

/// How many drifted resources a page may have.
const PAGE_LIMIT: i32 = 100;

/// The stacks of a session's account and region.
pub(super) struct StacksOnAws {
    pub(super) session: AwsSession,
    pub(super) client: Client,
}

impl StacksOnAws {
    pub(super) fn new(session: &AwsSession) -> Self {
        Self { session: session.clone(), client: Client::new(session.config()) }
    }
}

#[async_trait]
impl CloudFormation for StacksOnAws {
    async fn stack(&self, name: &str) -> Result<Option<Stack>, CloudError> {
        let request = Request::new("cloudformation:DescribeStacks", name);
        let describe = self.client.describe_stacks().stack_name(name);
        let Some(answer) = found(request.make(&self.session, describe.send()).await)? else { return Ok(None) };
        let described = answer.stacks.and_then(|stacks| stacks.into_iter().next());
        stack::stack(request.field("Stack", described)?, request).map(Some)
    }

    /// Leaves out `OnStackFailure`, so that a failed stack is rolled back and kept: the deployer reads the reason from it
    /// before it deletes the stack.
    async fn create_change_set(
        &self,
        proof: &Proof,
        change_set: &NewChangeSet,
    ) -> Result<CreatedChangeSet, CloudError> {
        let request = Request::new("cloudformation:CreateChangeSet", &change_set.stack_name);
        let create = self.client.create_change_set().stack_name(&change_set.stack_name);
        let create = create.change_set_name(&change_set.name).description(&change_set.description);
        let create = create.change_set_type(change_set_type(change_set.change_set_type));
        let create = create.capabilities(Capability::CapabilityIam).client_token(&change_set.token);
        let create = create.set_tags(Some(tags(change_set)));
        let create = match &change_set.template {
            TemplateSource::Body(body) => create.template_body(body),
            TemplateSource::Url(url) => create.template_url(url),
        };
        let answer = request.change(&self.session, proof, create.send()).await?;
        let (id, stack_id) = (request.field("Id", answer.id)?, request.field("StackId", answer.stack_id)?);
        Ok(CreatedChangeSet { id, stack_id })
    }

    async fn change_set(&self, stack: &str, name: &str) -> Result<Option<ChangeSet>, CloudError> {
        let request = Request::new("cloudformation:DescribeChangeSet", name);
        let describe = |token| {
            let describe = self.client.describe_change_set().stack_name(stack).change_set_name(name);
            request.make(&self.session, describe.set_next_token(token).send())
        };
        let Some(mut first) = found(describe(None).await)? else { return Ok(None) };
        let mut changes = first.changes.take().unwrap_or_default();
        let mut token = first.next_token.take();
        while let Some(next) = token.filter(|token| !token.is_empty()) {
            let page = describe(Some(next)).await?;
            changes.extend(page.changes.unwrap_or_default());
            token = page.next_token;
        }
        change_set::change_set(first, changes, request).map(Some)
    }

    /// Without `RetainExceptOnCreate`, a new table with `DeletionPolicy: Retain` would be kept when its stack is rolled back
    /// and deleted, and would have the name that the next deploy needs.
    async fn execute_change_set(&self, proof: &Proof, stack: &str, name: &str, token: &str) -> Result<(), CloudError> {
        let execute = self.client.execute_change_set().stack_name(stack).change_set_name(name);
        let execute = execute.client_request_token(token).disable_rollback(false).retain_except_on_create(true);
        let request = Request::new("cloudformation:ExecuteChangeSet", name);
        request.change(&self.session, proof, execute.send()).await.map(drop)
    }

    async fn delete_change_set(&self, proof: &Proof, stack: &str, name: &str) -> Result<(), CloudError> {
        let delete = self.client.delete_change_set().stack_name(stack).change_set_name(name);
        let request = Request::new("cloudformation:DeleteChangeSet", name);
        found(request.change(&self.session, proof, delete.send()).await).map(drop)
    }

    /// AWS sends the newest events first, so the page that reaches back past `since` is the last one that is needed.
    async fn events(&self, stack: &str, since: DateTime<Utc>) -> Result<Vec<StackEvent>, CloudError> {
        let request = Request::new("cloudformation:DescribeStackEvents", stack);
        let (mut events, mut token) = (Vec::new(), None);
        loop {
            let describe = self.client.describe_stack_events().stack_name(stack).set_next_token(token);
            let Some(page) = found(request.make(&self.session, describe.send()).await)? else { return Ok(Vec::new()) };
            let sent = page.stack_events.unwrap_or_default().into_iter();
            let read = sent.map(|event| stack::event(event, request)).collect::<Result<Vec<_>, _>>()?;
            let is_last = read.iter().any(|event| event.timestamp < since);
            events.extend(read.into_iter().filter(|event| event.timestamp >= since));
            token = page.next_token.filter(|token| !token.is_empty());
            if is_last || token.is_none() {
                events.reverse();
                return Ok(events);
            }
        }
    }

    async fn cancel_update(&self, proof: &Proof, stack: &str, token: &str) -> Result<(), CloudError> {
        let cancel = self.client.cancel_update_stack().stack_name(stack).client_request_token(token);
        let request = Request::new("cloudformation:CancelUpdateStack", stack);
        request.change(&self.session, proof, cancel.send()).await.map(drop)
    }

    async fn delete_stack(&self, proof: &Proof, stack: &str, token: &str) -> Result<(), CloudError> {
        let delete = self.client.delete_stack().stack_name(stack).client_request_token(token);
        let request = Request::new("cloudformation:DeleteStack", stack);
        found(request.change(&self.session, proof, delete.send()).await).map(drop)
    }

    async fn template(&self, stack: &str) -> Result<Option<Value>, CloudError> {
        let request = Request::new("cloudformation:GetTemplate", stack);
        let get = self.client.get_template().stack_name(stack).template_stage(TemplateStage::Original);
        let Some(answer) = found(request.make(&self.session, get.send()).await)? else { return Ok(None) };
        stack::template(answer.template_body, request).map(Some)
    }

    async fn change_set_template(&self, stack: &str, name: &str) -> Result<Option<Value>, CloudError> {
        let request = Request::new("cloudformation:GetTemplate", name);
        let get = self.client.get_template().stack_name(stack).change_set_name(name);
        let get = get.template_stage(TemplateStage::Original);
        let Some(answer) = found(request.make(&self.session, get.send()).await)? else { return Ok(None) };
        stack::template(answer.template_body, request).map(Some)
    }

    /// Reads only the first page: one failure is enough to explain a failed change set.
    async fn validation_failures(&self, change_set_id: &str) -> Result<Vec<String>, CloudError> {
        let request = Request::new("cloudformation:DescribeEvents", change_set_id);
        let failed = EventFilter::builder().failed_events(true).build();
        let describe = self.client.describe_events().change_set_name(change_set_id).filters(failed);
        let answer = request.make(&self.session, describe.send()).await?;
        Ok(answer.operation_events.unwrap_or_default().into_iter().filter_map(validation_failure).collect())
    }

    async fn detect_drift(&self, stack: &str) -> Result<String, CloudError> {
        let request = Request::new("cloudformation:DetectStackDrift", stack);
        let detect = self.client.detect_stack_drift().stack_name(stack);
        let answer = request.make(&self.session, detect.send()).await?;
        request.field("StackDriftDetectionId", answer.stack_drift_detection_id)
    }

    async fn drift(&self, stack: &str, detection: &str) -> Result<Option<Drift>, CloudError> {
        let request = Request::new("cloudformation:DescribeStackDriftDetectionStatus", stack);
        let describe = self.client.describe_stack_drift_detection_status().stack_drift_detection_id(detection);
        let answer = request.make(&self.session, describe.send()).await?;
        let Some(status) = drift::found_status(answer, request)? else { return Ok(None) };
        let resources = self.drifted_resources(stack).await?;
        Ok(Some(Drift { status, resources }))
    }
}

impl StacksOnAws {
    async fn drifted_resources(&self, stack: &str) -> Result<Vec<DriftedResource>, CloudError> {
        let request = Request::new("cloudformation:DescribeStackResourceDrifts", stack);
        let drifted = [StackResourceDriftStatus::Deleted, StackResourceDriftStatus::Modified];
        let found = pages(async |token| {
            let describe = self.client.describe_stack_resource_drifts().stack_name(stack);
            let describe = describe.set_stack_resource_drift_status_filters(Some(drifted.to_vec()));
            let describe = describe.max_results(PAGE_LIMIT).set_next_token(token);
            let page = request.make(&self.session, describe.send()).await?;
            Ok((page.stack_resource_drifts.unwrap_or_default(), page.next_token))
        });
        found.await?.into_iter().map(|resource| drift::resource(resource, request)).collect()
    }
}

fn change_set_type(change_set_type: ChangeSetType) -> types::ChangeSetType {
    match change_set_type {
        ChangeSetType::Create => types::ChangeSetType::Create,
        ChangeSetType::Update => types::ChangeSetType::Update,
    }
}

/// What early validation found about a resource, if the event is about that.
fn validation_failure(event: OperationEvent) -> Option<String> {
    let reason = event.validation_status_reason?;
    let (name, path) = (event.logical_resource_id.unwrap_or_default(), event.validation_path.unwrap_or_default());
    let kind = event.resource_type.unwrap_or_default();
    Some(format!("{kind} {name} {path} {reason}").split_whitespace().collect::<Vec<_>>().join(" "))
}

fn tags(change_set: &NewChangeSet) -> Vec<Tag> {
    change_set.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}
