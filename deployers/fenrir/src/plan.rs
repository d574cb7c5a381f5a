//! What a deploy would change, according to a change set that is never executed.

use crate::Fenrir;
use crate::cloud::{
    Change, ChangeAction, ChangeSet, ChangeSetStatus, CloudFormation, Drift, FenrirPorts, NewChangeSet, Replacement,
    Stack, StackStatus, TemplateSource,
};
use crate::errors::{StackError, TemplateRefused};
use crate::handlers::may_change;
use crate::impact::{is_stateful, refused_replacement, traffic_shifts};
use crate::names::stack_name;
use crate::new_change_set::build;
use crate::release::{FenrirFields, FenrirRelease};
use crate::resolve::{RESOLVED_FILE, ReleaseTemplateError, TEMPLATE_FILE, facts, resolve};
use crate::template::{self, Node, Severity, TemplateFinding};
use bifrost::client::{Action, Body, ClientContext, DeployPlan, PlanFinding, PlannedChange, Prepared};
use bifrost::cloud::{CloudError, Objects};
use bifrost::error_code::Coded;
use bifrost::json;
use bifrost::lifecycle::Proof;
use serde_json::Value;
use std::time::Duration;
use tokio::time::sleep;

/// How often to poll CloudFormation.
const MAX_POLLS: u32 = 150;

const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// Why it is not known what a deploy would change.
#[derive(Debug, thiserror::Error, Coded)]
pub(crate) enum PlanError {
    /// Another operation is changing the stack.
    #[error(
        "stack {stack} is in {status}: another operation is changing it; wait until that has ended, then plan again"
    )]
    #[code("fenrir/stack-busy", "wait until the other operation has ended, then plan again")]
    Busy { stack: String, status: StackStatus },
    /// The change set of `plan` was deleted by another operation.
    #[error("another operation deleted change set {change_set} of stack {stack}; plan again")]
    #[code("fenrir/plan-interrupted", "plan again when no deploy is running")]
    Interrupted { stack: String, change_set: String },
    /// CloudFormation did not finish the change set of `plan` in five minutes.
    #[error("CloudFormation did not finish change set {change_set} of stack {stack} in 5 minutes; plan again later")]
    #[code("fenrir/plan-timeout", "plan again later; see the AWS Health Dashboard if it repeats")]
    Timeout { stack: String, change_set: String },
    /// The release has no template.
    #[error(transparent)]
    #[code(source)]
    NoTemplate(#[from] ReleaseTemplateError),
    /// The template is refused.
    #[error(transparent)]
    #[code(source)]
    Template(#[from] TemplateRefused),
    /// CloudFormation could not create the change set.
    #[error(transparent)]
    #[code(source)]
    Stack(#[from] StackError),
    /// A call to AWS failed.
    #[error(transparent)]
    #[code(source)]
    Cloud(#[from] CloudError),
}

/// What a deploy of the release would change. Creates a change set to find out, and deletes it.
///
/// # Errors
/// [`PlanError`].
pub(crate) async fn plan(
    context: &ClientContext<Fenrir>,
    prepared: &Prepared<FenrirFields>,
) -> Result<DeployPlan, PlanError> {
    let FenrirPorts { stacks, lookups, .. } = &context.ports;
    let release = &prepared.release;
    let template = read(prepared)?;
    let checked = resolve(lookups.as_ref(), &template, &facts(release)).await?;
    let mut plan = DeployPlan::default();
    for finding in checked.findings.all() {
        if finding.severity == Severity::Error {
            plan.findings.push(plan_finding(finding));
        } else {
            plan.notes.push(finding.to_string());
        }
    }
    if checked.findings.refuse() {
        return Ok(plan);
    }
    compare(stacks.as_ref(), context.account.objects.as_ref(), release, &checked.template, &mut plan).await?;
    if plan.findings.is_empty() {
        let shifts = traffic_shifts(&template).into_iter();
        plan.notes.extend(shifts.map(|(name, how)| format!("{name}: {how}")));
    }
    Ok(plan)
}

fn plan_finding(finding: &TemplateFinding) -> PlanFinding {
    let help = finding.help.as_ref().map_or_else(String::new, |help| format!("; {help}"));
    PlanFinding::new(finding.code.code(), &*finding.path, format!("{}{help}", finding.message))
}

/// Adds to the plan the changes to the stack, or the finding that forbids them.
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
        return Err(PlanError::Busy { stack: name.clone(), status: status.clone() });
    }
    if let Some(Err(refusal)) = stack.as_ref().map(|stack| may_change(stack, &release.envelope)) {
        plan.findings.push(PlanFinding::new(refusal.code(), "", refusal.to_string()));
        return Ok(());
    }
    let Some(stack) = stack.filter(|stack| !stack.status.needs_creation()) else {
        plan.changes = additions(template);
        return Ok(());
    };
    plan.changes = changes(stacks, objects, release, &stack, template).await?;
    let replaced = plan.changes.iter().filter(|change| change.action == Action::Replace);
    plan.notes.extend(replaced.filter_map(|change| refused_replacement(&change.resource, &change.kind)));
    // The plan is complete without this.
    let not_known =
        |error: CloudError| vec![format!("drift: cannot check for changes outside of CloudFormation: {error}")];
    plan.notes.extend(drift(stacks, &stack).await.unwrap_or_else(not_known));
    Ok(())
}

/// The template of a release that is not uploaded yet.
fn read(prepared: &Prepared<FenrirFields>) -> Result<Node, PlanError> {
    let of_file = || {
        let file = prepared.attachments.iter().find(|file| file.name == TEMPLATE_FILE)?;
        let Body::Bytes(bytes) = &file.body else { return None };
        json::from_slice(bytes).ok()
    };
    let template = prepared.release.fields.template.clone().or_else(of_file).ok_or(ReleaseTemplateError::Missing)?;
    Ok(template::of_release(&template).map_err(TemplateRefused)?)
}

/// All resources of the template, for a stack that does not exist yet. Which resources SAM generates of them only
/// CloudFormation knows.
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

/// The changes of a change set that is created for that and deleted again.
async fn changes(
    stacks: &dyn CloudFormation,
    objects: &dyn Objects,
    release: &FenrirRelease,
    stack: &Stack,
    template: &Value,
) -> Result<Vec<PlannedChange>, PlanError> {
    let mut new = build(stacks, objects, release, Some(stack), template).await?;
    new.name = format!("plan-{}", new.name);
    new.token.clone_from(&new.name);
    // No deploy uses a change set of this name.
    let proof = Proof::of_client();
    let created = create(stacks, &proof, &new).await;
    let deleted = stacks.delete_change_set(&proof, &stack.name, &new.name).await;
    if let TemplateSource::Url(_) = new.template {
        let envelope = &release.envelope;
        objects.delete(&envelope.bucket, &envelope.release_dir().file(RESOLVED_FILE)).await?;
    }
    let change_set = created?;
    deleted?;
    if change_set.status == ChangeSetStatus::Failed && !change_set.is_empty() {
        return Err(StackError::ChangeSet(change_set.status_reason.unwrap_or_default()).into());
    }
    // If anything else changes, each resource also gets a new tag `ReleaseID`, which is not worth a line.
    let only_tags = change_set.changes.iter().all(Change::is_of_tags_alone);
    Ok(change_set.changes.iter().filter(|change| only_tags || !change.is_of_tags_alone()).map(planned).collect())
}

/// Creates the change set, and waits until CloudFormation has computed its changes.
async fn create(stacks: &dyn CloudFormation, proof: &Proof, new: &NewChangeSet) -> Result<ChangeSet, PlanError> {
    stacks.create_change_set(proof, new).await?;
    let names = || (new.stack_name.clone(), new.name.clone());
    let mut exists = false;
    for _ in 0..MAX_POLLS {
        match stacks.change_set(&new.stack_name, &new.name).await? {
            Some(found) if matches!(found.status, ChangeSetStatus::CreateComplete | ChangeSetStatus::Failed) => {
                return Ok(found);
            }
            None if exists => {
                let (stack, change_set) = names();
                return Err(PlanError::Interrupted { stack, change_set });
            }
            found => exists |= found.is_some(),
        }
        sleep(POLL_INTERVAL).await;
    }
    let (stack, change_set) = names();
    Err(PlanError::Timeout { stack, change_set })
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
        details.push("may be replaced: CloudFormation decides during the deploy".into());
    }
    if change.keeps_data() {
        details.push("the old resource is kept".into());
    }
    details
}

/// Changes that were made outside of CloudFormation. A deploy may undo them, or keep them.
async fn drift(stacks: &dyn CloudFormation, stack: &Stack) -> Result<Vec<String>, CloudError> {
    let detection = stacks.detect_drift(&stack.name).await?;
    for _ in 0..MAX_POLLS {
        if let Some(drift) = stacks.drift(&stack.name, &detection).await? {
            return Ok(drifted(&drift));
        }
        sleep(POLL_INTERVAL).await;
    }
    Ok(vec!["drift: CloudFormation did not finish its check for changes outside of CloudFormation in 5 minutes".into()])
}

fn drifted(drift: &Drift) -> Vec<String> {
    let lines = drift.resources.iter().flat_map(|resource| {
        let summary = format!("drift: {} ({}) is {}", resource.logical_id, resource.resource_type, resource.status);
        let differences = resource.differences.iter().map(|(property, expected, actual)| {
            format!("drift: {}: {property} is {actual}, but the template says {expected}", resource.logical_id)
        });
        std::iter::once(summary).chain(differences.collect::<Vec<_>>())
    });
    lines.collect()
}
