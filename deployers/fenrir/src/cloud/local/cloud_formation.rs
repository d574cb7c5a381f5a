//! CloudFormation's requests in the local cloud.

use super::arn::uuid;
use super::change_set::{StoredChangeSet, check_name, create_seconds};
use super::operation::{Kind, Operation};
use super::region::FenrirRegion;
use super::run::CODE;
use super::stack::{DETECTION_SECONDS, StoredStack};
use super::template::Template;
use super::{FenrirAccount, refusal, source, validation_error};
use crate::cloud::{
    ChangeSet, ChangeSetType, CloudFormation, CreatedChangeSet, Drift, ExecutionStatus, NewChangeSet, Stack,
    StackEvent, StackStatus,
};
use async_trait::async_trait;
use bifrost::cloud::CloudError;
use bifrost::lifecycle::Proof;
use bifrost::local::{LocalSession, RegionState, ServiceError, later};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::collections::BTreeMap;

#[async_trait]
impl CloudFormation for LocalSession<FenrirAccount> {
    async fn stack(&self, name: &str) -> Result<Option<Stack>, CloudError> {
        self.call("cloudformation:DescribeStacks", name, |region_state| {
            Ok(region(region_state).found(name).map(|(arn, stack)| stack.describe(arn)))
        })
        .await
    }

    async fn create_change_set(
        &self,
        proof: &Proof,
        change_set: &NewChangeSet,
    ) -> Result<CreatedChangeSet, CloudError> {
        self.change(proof, "cloudformation:CreateChangeSet", &change_set.stack_name, |region_state| {
            create(region_state, change_set)
        })
        .await
    }

    async fn change_set(&self, stack: &str, name: &str) -> Result<Option<ChangeSet>, CloudError> {
        self.call("cloudformation:DescribeChangeSet", name, |region_state| {
            let now = known_by(self, region_state.now);
            let found = region(region_state).found_change_set(stack, name);
            Ok(found.map(|(stack, change_set)| change_set.describe(stack, now)))
        })
        .await
    }

    async fn execute_change_set(&self, proof: &Proof, stack: &str, name: &str, token: &str) -> Result<(), CloudError> {
        self.change(proof, "cloudformation:ExecuteChangeSet", name, |region_state| {
            let known_by = known_by(self, region_state.now);
            execute(region_state, known_by, stack, name, token)
        })
        .await
    }

    async fn delete_change_set(&self, proof: &Proof, stack: &str, name: &str) -> Result<(), CloudError> {
        self.change(proof, "cloudformation:DeleteChangeSet", name, |region_state| {
            let Some((_, stack)) = region(region_state).found_mut(stack) else { return Ok(()) };
            let Some((key, change_set)) = stack.change_set(name) else { return Ok(()) };
            if change_set.execution_status == Some(ExecutionStatus::ExecuteInProgress) {
                let message = format!("ChangeSet [{}] cannot be deleted while it is being executed", change_set.id);
                return Err(refusal("InvalidChangeSetStatus", message));
            }
            let key = key.clone();
            stack.change_sets.remove(&key);
            Ok(())
        })
        .await
    }

    async fn events(&self, stack: &str, since: DateTime<Utc>) -> Result<Vec<StackEvent>, CloudError> {
        self.call("cloudformation:DescribeStackEvents", stack, |region_state| {
            let found = region(region_state).found(stack);
            Ok(found.map_or_else(Vec::new, |(arn, stack)| stack.events_since(arn, since)))
        })
        .await
    }

    async fn cancel_update(&self, proof: &Proof, stack: &str, token: &str) -> Result<(), CloudError> {
        self.change(proof, "cloudformation:CancelUpdateStack", stack, |region_state| {
            let now = region_state.now;
            let region = region(region_state);
            let (arn, found) = region.found_mut(stack).ok_or_else(|| missing(stack))?;
            let arn = arn.clone();
            match found.operation.as_mut().filter(|_| found.status == StackStatus::UpdateInProgress) {
                Some(operation) => {
                    operation.cancelled = true;
                    token.clone_into(&mut operation.token);
                }
                None => return Err(validation_error("CancelUpdateStack cannot be called from current stack status")),
            }
            region.proceed(&arn, now);
            Ok(())
        })
        .await
    }

    async fn delete_stack(&self, proof: &Proof, stack: &str, token: &str) -> Result<(), CloudError> {
        self.change(proof, "cloudformation:DeleteStack", stack, |region_state| delete(region_state, stack, token)).await
    }

    async fn change_set_template(&self, stack: &str, name: &str) -> Result<Option<Value>, CloudError> {
        self.call("cloudformation:GetTemplate", name, |region_state| {
            let found = region(region_state).found_change_set(stack, name);
            Ok(found.map(|(_, change_set)| change_set.template.clone()))
        })
        .await
    }

    /// The local cloud has no early validation.
    async fn validation_failures(&self, _: &str) -> Result<Vec<String>, CloudError> {
        Ok(Vec::new())
    }

    async fn template(&self, stack: &str) -> Result<Option<Value>, CloudError> {
        self.call("cloudformation:GetTemplate", stack, |region_state| {
            Ok(region(region_state).found(stack).and_then(|(_, stack)| stack.template.clone()))
        })
        .await
    }

    async fn detect_drift(&self, stack: &str) -> Result<String, CloudError> {
        self.call("cloudformation:DetectStackDrift", stack, |region_state| {
            let now = region_state.now;
            let (arn, found) = region(region_state).found_mut(stack).ok_or_else(|| missing(stack))?;
            let id = uuid(&format!("{arn}/drift/{}", found.drift_detections.len()));
            found.drift_detections.insert(id.clone(), now);
            Ok(id)
        })
        .await
    }

    async fn drift(&self, stack: &str, detection: &str) -> Result<Option<Drift>, CloudError> {
        self.call("cloudformation:DescribeStackDriftDetectionStatus", detection, |region_state| {
            let now = known_by(self, region_state.now);
            let (_, found) = region(region_state).found(stack).ok_or_else(|| missing(stack))?;
            let started = found
                .drift_detections
                .get(detection)
                .ok_or_else(|| validation_error(format!("Drift detection [{detection}] does not exist")))?;
            Ok((now >= later(*started, DETECTION_SECONDS)).then(|| found.drift()))
        })
        .await
    }
}

/// More seconds than any result takes.
const A_DAY: u32 = 86_400;

/// The time until which results are shown. A client gets them at once, because the clock may stand still while it waits.
fn known_by(session: &LocalSession<FenrirAccount>, now: DateTime<Utc>) -> DateTime<Utc> {
    if session.belongs_to_task() { now } else { later(now, A_DAY) }
}

fn region<'p>(region_state: &'p mut RegionState<'_, FenrirAccount>) -> &'p mut FenrirRegion {
    region_state.resources.regions.entry(region_state.region.clone()).or_default()
}

fn missing(stack: &str) -> ServiceError {
    validation_error(format!("Stack [{stack}] does not exist"))
}

fn not_updatable(arn: &str, stack: &StoredStack) -> ServiceError {
    validation_error(format!("Stack:{arn} is in {} state and can not be updated.", stack.status))
}

impl FenrirRegion {
    /// The stack with that ARN, or the one with that name that is not deleted.
    pub(super) fn found(&self, name: &str) -> Option<(&String, &StoredStack)> {
        let arn = self.arn_of(name)?;
        self.stacks.get_key_value(&arn)
    }

    fn found_mut(&mut self, name: &str) -> Option<(&String, &mut StoredStack)> {
        let arn = self.arn_of(name)?;
        self.stacks.iter_mut().find(|(found, _)| **found == arn)
    }

    /// The ARN of the stack and its change set with that name or ARN. AWS finds a change set that was executed only by its ARN.
    fn found_change_set(&self, stack: &str, name: &str) -> Option<(&String, &StoredChangeSet)> {
        let (arn, stack) = self.found(stack)?;
        let (_, found) = stack.change_set(name)?;
        (found.execution_status.is_none() || found.id == name).then_some((arn, found))
    }

    fn arn_of(&self, name: &str) -> Option<String> {
        let matches = |(arn, stack): &(&String, &StoredStack)| {
            arn.as_str() == name || (!stack.is_deleted() && super::arn::StackArn::of(arn).name == name)
        };
        self.stacks.iter().find(matches).map(|(arn, _)| arn.clone())
    }
}

impl StoredStack {
    /// The change set with that name or ARN.
    pub(super) fn change_set(&self, name: &str) -> Option<(&String, &StoredChangeSet)> {
        self.change_sets.iter().find(|(found, change_set)| *found == name || change_set.id == name)
    }

    /// Starts the execution of the change set of that name.
    fn begin(
        &mut self,
        arn: &str,
        operation: Operation,
        name: String,
        mut executed: StoredChangeSet,
        now: DateTime<Utc>,
    ) {
        let status = match operation.kind {
            Kind::Create => StackStatus::CreateInProgress,
            Kind::Update | Kind::Delete => StackStatus::UpdateInProgress,
        };
        self.become_status(arn, status, Some("User Initiated".into()), Some(&operation.token), now);
        executed.executed_by = Some(operation.token.clone());
        executed.execution_status = Some(ExecutionStatus::ExecuteInProgress);
        self.change_set_id = Some(executed.id.clone());
        self.template = Some(executed.template.clone());
        self.tags.clone_from(&executed.tags);
        // The other change sets were created for the stack as it was before.
        self.change_sets = BTreeMap::from([(name, executed)]);
        self.operation = Some(Box::new(operation));
    }
}

fn create(
    region_state: &mut RegionState<'_, FenrirAccount>,
    new: &NewChangeSet,
) -> Result<CreatedChangeSet, ServiceError> {
    check_name("stackName", &new.stack_name)?;
    check_name("changeSetName", &new.name)?;
    let template = source::read(region_state, &new.template)?;
    let found = region(region_state).found(&new.stack_name);
    let existing = found.and_then(|(arn, stack)| Some((arn, stack.change_set(&new.name)?.1)));
    if let Some((arn, existing)) = existing {
        existing.check_same(new)?;
        return Ok(CreatedChangeSet { id: existing.id.clone(), stack_id: arn.clone() });
    }
    match found {
        Some((arn, stack)) => check_fits(arn, stack, new)?,
        None if new.change_set_type == ChangeSetType::Create => insert_stack(region_state, new),
        None => return Err(missing(&new.stack_name)),
    }
    let id = new_arn(region_state, "changeSet", &new.name);
    let now = region_state.now;
    let region = region(region_state);
    let seconds = create_seconds(&region.behaviour);
    let (arn, stack) = region.found_mut(&new.stack_name).ok_or_else(|| missing(&new.stack_name))?;
    let created = CreatedChangeSet { id: id.clone(), stack_id: arn.clone() };
    let change_set = StoredChangeSet::new(id, new, template, stack, seconds, now);
    stack.change_sets.insert(new.name.clone(), change_set);
    Ok(created)
}

fn new_arn(region_state: &mut RegionState<'_, FenrirAccount>, kind: &str, name: &str) -> String {
    let id = uuid(&region_state.new_id(name));
    region_state.region.arn("cloudformation", region_state.account, &format!("{kind}/{name}/{id}"))
}

/// Creates the stack, in `REVIEW_IN_PROGRESS`, for its first change set.
fn insert_stack(region_state: &mut RegionState<'_, FenrirAccount>, new: &NewChangeSet) {
    let arn = new_arn(region_state, "stack", &new.stack_name);
    let now = region_state.now;
    // It gets its tags when the change set is executed.
    let mut stack = StoredStack { creation_time: now, ..StoredStack::default() };
    stack.become_status(&arn, StackStatus::ReviewInProgress, Some("User Initiated".into()), None, now);
    region(region_state).stacks.insert(arn, stack);
}

/// Checks that the change set fits the status of the stack.
fn check_fits(arn: &str, stack: &StoredStack, new: &NewChangeSet) -> Result<(), ServiceError> {
    match new.change_set_type {
        ChangeSetType::Create if stack.status == StackStatus::ReviewInProgress => Ok(()),
        ChangeSetType::Create => Err(validation_error(format!(
            "Stack [{}] already exists and cannot be created again with the changeSet [{}].",
            new.stack_name, new.name
        ))),
        ChangeSetType::Update if stack.status.can_be_updated() => Ok(()),
        ChangeSetType::Update => Err(not_updatable(arn, stack)),
    }
}

fn execute(
    region_state: &mut RegionState<'_, FenrirAccount>,
    known_by: DateTime<Utc>,
    stack: &str,
    name: &str,
    token: &str,
) -> Result<(), ServiceError> {
    let now = region_state.now;
    let not_found = || refusal("ChangeSetNotFound", format!("ChangeSet [{name}] does not exist"));
    let (arn, found) = region(region_state).found(stack).ok_or_else(|| missing(stack))?;
    let (key, change_set) = found.change_set(name).ok_or_else(not_found)?;
    if change_set.executed_by.as_deref() == Some(token) {
        return Ok(());
    }
    change_set.check_executable(known_by)?;
    let kind = if found.status == StackStatus::ReviewInProgress { Kind::Create } else { Kind::Update };
    if kind == Kind::Update && !found.status.can_be_updated() {
        return Err(not_updatable(arn, found));
    }
    let (arn, key, change_set) = (arn.clone(), key.clone(), change_set.clone());
    // The template was processed without errors when the change set was created.
    let target = Template::process(&change_set.template, region_state.region.partition()).map_err(validation_error)?;
    let without_code = without_code(region_state, &target);
    let region = region(region_state);
    if let Some(stack) = region.stacks.get_mut(&arn) {
        let operation = Operation::apply(kind, token, stack, target, without_code);
        stack.begin(&arn, operation, key, change_set, now);
    }
    region.proceed(&arn, now);
    Ok(())
}

/// The functions, layers and APIs whose code or definition does not exist in S3, with their service's error.
fn without_code(region_state: &RegionState<'_, FenrirAccount>, target: &Template) -> BTreeMap<String, String> {
    let fault = |definition: &Value| {
        let properties = definition.get("Properties")?;
        let at = CODE.into_iter().find_map(|name| properties.get(name))?;
        let text = |names: [&str; 2]| names.iter().find_map(|name| at.get(*name)).and_then(Value::as_str);
        let (bucket, key) = (text(["S3Bucket", "Bucket"])?, text(["S3Key", "Key"])?);
        let reason = "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.";
        region_state
            .object(bucket, key)
            .is_none()
            .then(|| format!("Resource handler returned message: \"{reason}\" (HandlerErrorCode: InvalidRequest)"))
    };
    target.resources.iter().filter_map(|(name, definition)| Some((name.clone(), fault(definition)?))).collect()
}

fn delete(region_state: &mut RegionState<'_, FenrirAccount>, stack: &str, token: &str) -> Result<(), ServiceError> {
    let now = region_state.now;
    let region = region(region_state);
    let Some((arn, found)) = region.found_mut(stack) else { return Ok(()) };
    if found.is_deleted() || found.status == StackStatus::DeleteInProgress {
        return Ok(());
    }
    if found.status.is_in_progress() && found.status.as_str().starts_with("UPDATE") {
        return Err(validation_error(format!("Stack [{arn}] cannot be deleted while in status {}", found.status)));
    }
    let arn = arn.clone();
    found.operation = Some(Box::new(Operation::delete(token, found)));
    found.become_status(&arn, StackStatus::DeleteInProgress, Some("User Initiated".into()), Some(token), now);
    region.proceed(&arn, now);
    Ok(())
}
