//! What a deploy would do: CloudFormation's own answer, by a change set that is never executed.

use crate::cloud::{
    Change, ChangeAction, ChangeSet, ChangeSetStatus, CloudFormation, Drift, FenrirPorts, NewChangeSet, Replacement,
    Stack, TemplateSource,
};
use crate::handlers::may_change;
use crate::impact::{is_stateful, refused_replacement, traffic_shifts};
use crate::names::stack_name;
use crate::new_change_set::build;
use crate::release::{FenrirFields, FenrirRelease};
use crate::resolve::{RESOLVED_FILE, TEMPLATE_FILE, facts, resolve};
use crate::template::{self, Node, Severity};
use bifrost::client::Prepared;
use bifrost::client::{Action, Body, DeployPlan, PlanError, PlannedChange};
use bifrost::cloud::Objects;
use serde_json::Value;
use std::time::Duration;
use tokio::time::sleep;

/// How long CloudFormation may take, in looks.
const LOOKS: u32 = 150;

/// How long to wait between two looks.
const BETWEEN: Duration = Duration::from_secs(2);

/// What a deploy of the release would do.
///
/// # Errors
/// If AWS does not say, or the template cannot be read.
pub(crate) async fn plan(
    ports: &FenrirPorts,
    objects: &dyn Objects,
    prepared: &Prepared<FenrirFields>,
) -> Result<Option<DeployPlan>, PlanError> {
    let release = &prepared.release;
    let template = read(prepared)?;
    let outcome = resolve(ports.lookups.as_ref(), &template, &facts(release)).await?;
    let mut plan = DeployPlan::default();
    for finding in outcome.findings.all() {
        let told = if finding.severity == Severity::Error { &mut plan.findings } else { &mut plan.notes };
        told.push(finding.to_string());
    }
    if outcome.findings.refuse() {
        return Ok(Some(plan));
    }
    compare(ports.stacks.as_ref(), objects, release, &outcome.template, &mut plan).await?;
    if plan.findings.is_empty() {
        let shifts = traffic_shifts(&template).into_iter();
        plan.notes.extend(shifts.map(|(name, how)| format!("{name}: {how}")));
    }
    Ok(Some(plan))
}

/// Enters into the plan what of the stack would change, or why nothing of it may be.
async fn compare(
    stacks: &dyn CloudFormation,
    objects: &dyn Objects,
    release: &FenrirRelease,
    template: &Value,
    plan: &mut DeployPlan,
) -> Result<(), PlanError> {
    let stack = stacks.stack(&stack_name(&release.envelope)).await?;
    if let Some(Stack { name, status, .. }) = &stack
        && status.is_in_progress()
        && !status.needs_creation()
    {
        return Err(PlanError::Refused(format!("stack {name} is in {status}: plan again when that is over")));
    }
    if let Some(Err(refusal)) = stack.as_ref().map(|stack| may_change(stack, &release.envelope)) {
        plan.findings.push(refusal.to_string());
        return Ok(());
    }
    let Some(stack) = stack.filter(|stack| !stack.status.needs_creation()) else {
        plan.changes = additions(template);
        return Ok(());
    };
    plan.changes = changes(stacks, objects, release, &stack, template).await?;
    let replaced = plan.changes.iter().filter(|change| change.action == Action::Replace);
    plan.notes.extend(replaced.filter_map(|change| refused_replacement(&change.resource, &change.kind)));
    // What would change is known even if this is not.
    let not_known = |error| vec![format!("whether the stack was changed past CloudFormation is not known: {error}")];
    plan.notes.extend(drift(stacks, &stack).await.unwrap_or_else(not_known));
    Ok(())
}

/// The template of a release that is not uploaded yet.
fn read(prepared: &Prepared<FenrirFields>) -> Result<Node, PlanError> {
    let of_file = || {
        let file = prepared.attachments.iter().find(|file| file.name == TEMPLATE_FILE)?;
        let Body::Bytes(bytes) = &file.body else { return None };
        serde_json::from_slice(bytes).ok()
    };
    let template = prepared.release.fields.template.clone().or_else(of_file);
    let template = template.ok_or_else(|| PlanError::Refused("the release has no template".into()))?;
    template::of_release(&template).map_err(|findings| PlanError::Refused(findings.to_string()))
}

/// Everything, for a stack that is not there yet. What SAM makes of it only CloudFormation knows.
fn additions(template: &Value) -> Vec<PlannedChange> {
    let resources = template.get("Resources").and_then(Value::as_object).into_iter().flatten();
    let kind = |resource: &Value| resource.get("Type").and_then(Value::as_str).unwrap_or_default().to_owned();
    resources
        .map(|(name, resource)| PlannedChange {
            action: Action::Add,
            resource: name.clone(),
            is_stateful: is_stateful(&kind(resource)),
            kind: kind(resource),
            details: Vec::new(),
        })
        .collect()
}

/// What a change set would change, which is removed again.
async fn changes(
    stacks: &dyn CloudFormation,
    objects: &dyn Objects,
    release: &FenrirRelease,
    stack: &Stack,
    template: &Value,
) -> Result<Vec<PlannedChange>, PlanError> {
    let mut change_set = build(stacks, objects, release, Some(stack), template).await?;
    change_set.name = format!("plan-{}", change_set.name);
    change_set.token.clone_from(&change_set.name);
    let made = look(stacks, &change_set).await;
    let removed = stacks.delete_change_set(&stack.name, &change_set.name).await;
    if let TemplateSource::Url(_) = change_set.template {
        let envelope = &release.envelope;
        objects.delete(&envelope.bucket, &envelope.release_dir().file(RESOLVED_FILE)).await?;
    }
    let made = made?;
    removed?;
    if made.status == ChangeSetStatus::Failed && !made.is_empty() {
        return Err(PlanError::Refused(format!(
            "CloudFormation refuses the template: {}",
            made.status_reason.unwrap_or_default()
        )));
    }
    // All resources get the tag of the release with whatever else changes.
    let is_of_tags = made.changes.iter().all(Change::is_of_tags_alone);
    Ok(made.changes.iter().filter(|change| is_of_tags || !change.is_of_tags_alone()).map(planned).collect())
}

/// Makes the change set, and waits until CloudFormation knows what it would change.
async fn look(stacks: &dyn CloudFormation, new: &NewChangeSet) -> Result<ChangeSet, PlanError> {
    stacks.create_change_set(new).await?;
    let mut seen = false;
    for _ in 0..LOOKS {
        match stacks.change_set(&new.stack_name, &new.name).await? {
            Some(made) if matches!(made.status, ChangeSetStatus::CreateComplete | ChangeSetStatus::Failed) => {
                return Ok(made);
            }
            None if seen => return Err(PlanError::Refused("a deploy changed the stack meanwhile; plan again".into())),
            found => seen |= found.is_some(),
        }
        sleep(BETWEEN).await;
    }
    Err(PlanError::Refused("CloudFormation takes too long to compare; try again later".into()))
}

fn planned(change: &Change) -> PlannedChange {
    PlannedChange {
        action: match (change.action, change.replacement) {
            (ChangeAction::Add | ChangeAction::Import, _) => Action::Add,
            (ChangeAction::Remove, _) => Action::Remove,
            (_, Some(Replacement::True | Replacement::Conditional)) => Action::Replace,
            _ => Action::Modify,
        },
        resource: change.logical_id.clone(),
        kind: change.resource_type.clone(),
        details: details(change),
        is_stateful: is_stateful(&change.resource_type) && !change.keeps_data(),
    }
}

fn details(change: &Change) -> Vec<String> {
    let mut details = change.scope.clone();
    if change.replacement == Some(Replacement::Conditional) {
        details.push("whether it is replaced is known only then".into());
    }
    if change.keeps_data() {
        details.push("the old one is kept".into());
    }
    details
}

/// What somebody changed past CloudFormation: a deploy may undo it, or leave it.
async fn drift(stacks: &dyn CloudFormation, stack: &Stack) -> Result<Vec<String>, PlanError> {
    let detection = stacks.detect_drift(&stack.name).await?;
    for _ in 0..LOOKS {
        if let Some(drift) = stacks.drift(&stack.name, &detection).await? {
            return Ok(drifted(&drift));
        }
        sleep(BETWEEN).await;
    }
    Ok(vec!["whether the stack was changed past CloudFormation is not known: looking takes too long".into()])
}

fn drifted(drift: &Drift) -> Vec<String> {
    let lines = drift.resources.iter().flat_map(|resource| {
        let head = format!("drift: {} ({}) is {}", resource.logical_id, resource.resource_type, resource.status);
        let differences = resource.differences.iter().map(|(property, expected, actual)| {
            format!("drift: {}: {property} should be {expected} and is {actual}", resource.logical_id)
        });
        std::iter::once(head).chain(differences.collect::<Vec<_>>())
    });
    lines.collect()
}
