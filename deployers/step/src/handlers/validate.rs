//! The state `ValidateResources`.

use super::{Context, PREVIOUS_FILE};
use crate::cloud::{Diagnostic, StepPorts};
use crate::package::{self, MAX_ZIP_BYTES};
use crate::release::{CODE_FILE, Previous, StepRelease, check_definition, definition};
use crate::resources::{self, Found, look_up};
use crate::rules::{PACKAGE, REFUSED_BY_AWS};
use bifrost::cloud::{CloudError, Encryption};
use bifrost::findings::Findings;
use bifrost::lifecycle::{BadRelease, TaskFailure, ValidateFailure, read_file};
use bifrost::release::Sha256;
use tokio::join;

/// Checks that function and state machine opted in to this release, and that its code and definition can run there. Then records what
/// is deployed now, so that Deploy can restore it.
///
/// # Errors
/// `BadReleaseError`, with everything that is wrong.
pub async fn validate_resources(context: &Context, mut release: StepRelease) -> Result<StepRelease, TaskFailure> {
    let ports = context.target(&release.envelope).await.map_err(not_checked)?;
    let (found, code) = join!(look_up(&ports, &release), read_code(context, &release));
    let found = found.map_err(not_checked)?.map_err(BadRelease::rule)?;
    let diagnostics = diagnostics(&ports, &release, &found).await.map_err(not_checked)?;
    check(&release, &found, &code?, diagnostics).into_result().map_err(BadRelease::rule)?;
    release.fields.previous = Some(record(context, &release, &found).await?);
    Ok(release)
}

fn not_checked(error: CloudError) -> BadRelease {
    BadRelease::not_checked("cannot look up the function and the state machine of the release", error)
}

/// The code of the release.
pub(super) async fn read_code(context: &Context, release: &StepRelease) -> Result<Vec<u8>, ValidateFailure> {
    read_file(context, release, CODE_FILE, &release.fields.lambda_sha256, MAX_ZIP_BYTES).await
}

/// What Step Functions says of the release's definition.
pub(crate) async fn diagnostics(
    ports: &StepPorts,
    release: &StepRelease,
    found: &Found,
) -> Result<Vec<Diagnostic>, CloudError> {
    ports.state_machines.validate(&release.fields.state_machine_json, found.state_machine.machine_type).await
}

/// Everything that is wrong with a release, according to what it would update.
pub(crate) fn check(release: &StepRelease, found: &Found, code: &[u8], diagnostics: Vec<Diagnostic>) -> Findings {
    let mut findings = resources::check(release, found);
    match definition(release) {
        Ok(definition) => findings.append(check_definition(&definition, found.state_machine.machine_type)),
        Err(invalid) => findings.append(invalid),
    }
    // Ours say the same, with the words of the language.
    let ours_accept = findings.iter().all(|finding| !finding.path.starts_with("state_machine_json"));
    for Diagnostic { code, message, location, .. } in diagnostics.into_iter().filter(|it| it.is_error && ours_accept) {
        let message = format!("Step Functions refuses the definition: {code}: {message}");
        findings.add(REFUSED_BY_AWS, format!("state_machine_json{}", location.replace('/', ".")), message);
    }
    if found.function.package_type == "Zip" {
        findings.append(package::check(code, &found.function));
    }
    findings.require(
        found.function.code_sha256.is_some() || found.function.package_type != "Zip",
        PACKAGE,
        "lambda_name",
        || "Lambda reports no SHA-256 of the function's code, so that it could not be restored".into(),
    );
    findings
}

/// Saves the definition that is deployed now.
async fn record(context: &Context, release: &StepRelease, found: &Found) -> Result<Previous, TaskFailure> {
    let definition = found.state_machine.definition.clone().into_bytes();
    let code_sha256 = found.function.code_sha256.unwrap_or(release.fields.lambda_sha256);
    let previous = Previous { definition_sha256: Sha256::of(&definition), code_sha256 };
    let key = release.envelope.release_dir().file(PREVIOUS_FILE);
    context.account.objects.put(&release.envelope.bucket, &key, definition, Encryption::Bucket).await?;
    Ok(previous)
}
