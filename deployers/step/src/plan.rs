//! What a deploy would change: states and transitions of the definition, and the code.

use crate::cloud::Diagnostic;
use crate::handlers::{check, diagnostics};
use crate::machine::Step;
use crate::release::{CODE_FILE, StepFields, StepRelease, definition, function_arn};
use crate::resources::{Found, look_up};
use bifrost::asl::DefinitionDiff;
use bifrost::client::{Action, Body, ClientContext, DeployPlan, PlanFinding, PlannedChange, Prepared};
use bifrost::error_code::CodedError;
use bifrost::json;
use bifrost::machine::set_function_version;
use bifrost::release::Sha256;
use serde_json::Value;

/// Looks everything up as `ValidateResources` does, and lists what Deploy would change.
pub(crate) async fn plan(
    context: &ClientContext<Step>,
    prepared: &Prepared<StepFields>,
) -> Result<DeployPlan, CodedError> {
    let release = &prepared.release;
    let found = match look_up(&context.ports, release).await? {
        Ok(found) => found,
        Err(missing) => {
            return Ok(DeployPlan {
                findings: missing.iter().map(PlanFinding::from).collect(),
                ..DeployPlan::default()
            });
        }
    };
    let diagnostics = diagnostics(&context.ports, release, &found).await?;
    let code = code(prepared);
    let mut plan = DeployPlan { notes: notes(release, &found, &diagnostics), ..DeployPlan::default() };
    plan.findings = check(release, &found, code, diagnostics).iter().map(PlanFinding::from).collect();
    plan.changes.extend(definition_change(release, &found));
    plan.changes.extend(code_change(release, &found, code));
    Ok(plan)
}

/// The code that would be uploaded.
fn code(prepared: &Prepared<StepFields>) -> &[u8] {
    let file = prepared.attachments.iter().find(|file| file.name == CODE_FILE);
    match file.map(|file| &file.body) {
        Some(Body::Bytes(bytes)) => bytes,
        Some(Body::File { .. }) | None => &[],
    }
}

/// The difference of the definitions, whichever version of the function they name.
fn definition_change(release: &StepRelease, found: &Found) -> Option<PlannedChange> {
    let arn = function_arn(release);
    let without_version = |mut definition: Value| {
        set_function_version(&mut definition, &arn, None);
        definition
    };
    let new = without_version(definition(release).unwrap_or_default());
    let old = without_version(json::parse(found.state_machine.definition.as_bytes()).unwrap_or_default());
    let details: Vec<String> =
        DefinitionDiff::between(&old, &new).into_iter().map(|change| change.to_string()).collect();
    let name = release.fields.step_fn_name.to_string();
    (!details.is_empty()).then(|| modified(name, "AWS::StepFunctions::StateMachine", details))
}

fn code_change(release: &StepRelease, found: &Found, code: &[u8]) -> Option<PlannedChange> {
    let new = release.fields.lambda_sha256;
    if found.function.code_sha256 == Some(new) {
        return None;
    }
    let old = found.function.code_sha256.map_or_else(|| "unknown".to_owned(), |sha256| shortened(&sha256));
    let details = vec![
        format!("code {old} → {}", shortened(&new)),
        format!("size {} → {} bytes", found.function.code_size_bytes, code.len()),
    ];
    Some(modified(release.fields.lambda_name.to_string(), "AWS::Lambda::Function", details))
}

fn modified(resource: String, kind: &str, details: Vec<String>) -> PlannedChange {
    PlannedChange { action: Action::Modify, resource, kind: kind.to_owned(), details, is_stateful: false }
}

/// The first 12 digits of a hash.
fn shortened(sha256: &Sha256) -> String {
    sha256.to_string().chars().take(12).collect()
}

fn notes(release: &StepRelease, found: &Found, diagnostics: &[Diagnostic]) -> Vec<String> {
    let warnings = diagnostics.iter().filter(|diagnostic| !diagnostic.is_error);
    let mut notes: Vec<String> = warnings
        .map(|Diagnostic { code, message, location, .. }| format!("Step Functions warns: {code}: {message} {location}"))
        .collect();
    if release.fields.publish_version {
        notes.push("a version of the function is published, so running executions keep their code".to_owned());
    } else if found.function.code_sha256 != Some(release.fields.lambda_sha256) {
        notes.push(
            "running executions get the new code at their next task; with `publish_version` they keep their code"
                .to_owned(),
        );
    }
    notes
}
