//! Reads change sets from CloudFormation's answers.

use crate::cloud::{Change, ChangeAction, ChangeSet, Replacement};
use aws_sdk_cloudformation::operation::describe_change_set::DescribeChangeSetOutput;
use aws_sdk_cloudformation::types::{self, ResourceAttribute};
use bifrost::aws::Request;
use bifrost::cloud::CloudError;
use std::collections::BTreeSet;

/// Reads a change set from the first page of an answer and the changes of all pages.
///
/// # Errors
/// If a field is missing that every change set has, or an action is unknown.
pub(super) fn change_set(
    answer: DescribeChangeSetOutput,
    changes: Vec<types::Change>,
    request: Request<'_>,
) -> Result<ChangeSet, CloudError> {
    Ok(ChangeSet {
        id: request.field("ChangeSetId", answer.change_set_id)?,
        stack_id: request.field("StackId", answer.stack_id)?,
        status: request.field("Status", answer.status)?.as_str().into(),
        status_reason: answer.status_reason,
        execution_status: request.field("ExecutionStatus", answer.execution_status)?.as_str().into(),
        tags: answer.tags.unwrap_or_default().into_iter().filter_map(|tag| Some((tag.key?, tag.value?))).collect(),
        changes: changes.into_iter().map(|sent| change(sent, request)).collect::<Result<_, _>>()?,
    })
}

fn change(change: types::Change, request: Request<'_>) -> Result<Change, CloudError> {
    let change = request.field("ResourceChange", change.resource_change)?;
    let scope = scope(&change);
    Ok(Change {
        action: request.field("Action", change.action.as_ref().and_then(action))?,
        logical_id: request.field("LogicalResourceId", change.logical_resource_id)?,
        physical_id: change.physical_resource_id,
        resource_type: request.field("ResourceType", change.resource_type)?,
        replacement: change.replacement.as_ref().map(replacement),
        scope,
        policy_action: change.policy_action.map(|action| action.as_str().to_owned()),
    })
}

fn action(action: &types::ChangeAction) -> Option<ChangeAction> {
    match action {
        types::ChangeAction::Add => Some(ChangeAction::Add),
        types::ChangeAction::Modify => Some(ChangeAction::Modify),
        types::ChangeAction::Remove => Some(ChangeAction::Remove),
        types::ChangeAction::Import => Some(ChangeAction::Import),
        types::ChangeAction::Dynamic => Some(ChangeAction::Dynamic),
        _ => None,
    }
}

/// An unknown value may mean a replacement.
fn replacement(replacement: &types::Replacement) -> Replacement {
    match replacement {
        types::Replacement::True => Replacement::True,
        types::Replacement::False => Replacement::False,
        _ => Replacement::Conditional,
    }
}

/// The names of the properties and attributes (`Tags`, `DeletionPolicy` …) that change, each once. AWS lists a property once
/// for each cause.
fn scope(change: &types::ResourceChange) -> Vec<String> {
    let changed = |detail: &types::ResourceChangeDetail| {
        let target = detail.target()?;
        let attribute = target.attribute().filter(|attribute| **attribute != ResourceAttribute::Properties);
        attribute.map(ResourceAttribute::as_str).or(target.name()).map(ToOwned::to_owned)
    };
    let changed: BTreeSet<String> = change.details().iter().filter_map(changed).collect();
    changed.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_cloudformation::types::{
        ChangeSetStatus, ExecutionStatus, ResourceChangeDetail, ResourceTargetDefinition,
    };

    const REQUEST: &str = "cloudformation:DescribeChangeSet";

    fn detail(attribute: ResourceAttribute, name: Option<&str>) -> ResourceChangeDetail {
        let target = ResourceTargetDefinition::builder().attribute(attribute).set_name(name.map(Into::into));
        ResourceChangeDetail::builder().target(target.build()).build()
    }

    fn function() -> types::builders::ResourceChangeBuilder {
        types::ResourceChange::builder()
            .action(types::ChangeAction::Modify)
            .logical_resource_id("hello")
            .resource_type("AWS::Lambda::Function")
            .replacement(types::Replacement::False)
    }

    fn read(change: types::ResourceChange) -> Result<Change, CloudError> {
        let sent = types::Change::builder().resource_change(change).build();
        super::change(sent, Request::new(REQUEST, "web"))
    }

    #[test]
    fn changed_property_is_listed_once() {
        let modified = function()
            .details(detail(ResourceAttribute::Properties, Some("Code")))
            .details(detail(ResourceAttribute::Properties, Some("Code")))
            .details(detail(ResourceAttribute::Tags, None));
        assert_eq!(read(modified.build()).unwrap().scope, ["Code", "Tags"]);
    }

    #[test]
    fn unknown_replacement_is_conditional() {
        let replacement = |sent: &str| read(function().replacement(sent.into()).build()).unwrap().replacement;
        assert_eq!(replacement("False"), Some(Replacement::False));
        assert_eq!(replacement("SometimesPerhaps"), Some(Replacement::Conditional));
        assert_eq!(read(function().set_replacement(None).build()).unwrap().replacement, None);
    }

    #[test]
    fn unknown_action_is_an_error() {
        let error = read(function().action("Explode".into()).build()).unwrap_err();
        assert_eq!(error.code, "IncompleteAnswer");
        assert!(error.message.ends_with("Action"), "{error}");
    }

    #[test]
    fn failed_change_set_has_its_reason() {
        let answer = DescribeChangeSetOutput::builder()
            .change_set_id("arn:changes")
            .stack_id("arn:web")
            .status(ChangeSetStatus::Failed)
            .status_reason("The submitted information didn't contain changes.")
            .execution_status(ExecutionStatus::Unavailable);
        let failed = change_set(answer.build(), Vec::new(), Request::new(REQUEST, "web")).unwrap();
        assert_eq!((failed.status.as_str(), failed.execution_status.as_str()), ("FAILED", "UNAVAILABLE"));
        assert!(failed.status_reason.unwrap().contains("didn't contain changes"));
    }
}
