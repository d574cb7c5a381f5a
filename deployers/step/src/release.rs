//! The fields of a Step release beside the envelope, and the rules that need no cloud.

use crate::rules::{DEFINITION, FUNCTION_NOT_USED, PLACEHOLDER};
use bifrost::asl::{self, MachineType};
use bifrost::findings::Findings;
use bifrost::json;
use bifrost::machine::set_function_version;
use bifrost::name_type;
use bifrost::release::{NameFault, Release, Sha256, check_segment};
use serde_json::Value;

/// A release of Step: the envelope and [`StepFields`].
pub type StepRelease = Release<StepFields>;

/// The file name of the code in the directory of a release.
pub const CODE_FILE: &str = "lambda.zip";

/// The placeholders of a definition, which the client fills in.
pub const PLACEHOLDERS: [&str; 3] = ["{{aws_account}}", "{{aws_region}}", "{{lambda_name}}"];

name_type! {
    /// The name of a Lambda function: at most 64 letters, digits, `-` and `_`.
    FunctionName, "function name", check_function
}

name_type! {
    /// The name of a state machine: at most 80 letters, digits and `+ - = . _ @`.
    MachineName, "state machine name", check_machine
}

fn check_function(name: &str) -> Result<(), NameFault> {
    match name.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_')) {
        Some(other) => Err(NameFault::Character(other, "letters, digits, `-` and `_`; the name, not the ARN")),
        None => check_segment(name, 64),
    }
}

fn check_machine(name: &str) -> Result<(), NameFault> {
    check_segment(name, 80)
}

/// The fields of a Step release beside the envelope (contract §10).
#[bifrost::fields(check = check)]
pub struct StepFields {
    /// The Lambda function.
    pub lambda_name: FunctionName,
    /// SHA-256 of its code, the file `lambda.zip` beside the release in S3.
    pub lambda_sha256: Sha256,
    /// The state machine.
    pub step_fn_name: MachineName,
    /// The definition of the state machine, as text.
    pub state_machine_json: String,
    /// Whether to publish a version of the function, which the definition then names: running executions keep the code that they began
    /// with. Without it they get the new code at their next task.
    #[serde(default, skip_serializing_if = "is_false")]
    pub publish_version: bool,
    /// What was deployed before. Set by `ValidateResources`.
    #[set_by_deployer(cleared_at_end)]
    pub previous: Option<Previous>,
    /// The version that was published. Set by Deploy.
    #[set_by_deployer]
    pub lambda_version: Option<String>,
}

/// What was deployed before, by which Deploy recognizes what it may replace, and what to restore.
#[bifrost::field_type]
pub struct Previous {
    /// SHA-256 of the definition's text, which is a file beside the release in S3.
    pub definition_sha256: Sha256,
    /// SHA-256 of the function's code.
    pub code_sha256: Sha256,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's `skip_serializing_if` passes a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}

/// The ARN of the release's function, without a version.
#[must_use]
pub fn function_arn(release: &StepRelease) -> String {
    let Release { envelope, fields } = release;
    envelope.aws_region.arn("lambda", &envelope.aws_account_id, &format!("function:{}", fields.lambda_name))
}

/// The definition of the release, as JSON.
///
/// # Errors
/// The finding `step/invalid-definition`, if it is not JSON.
pub fn definition(release: &StepRelease) -> Result<Value, Findings> {
    json::parse(release.fields.state_machine_json.as_bytes()).map_err(|error| {
        let mut findings = Findings::default();
        findings.add(DEFINITION, "state_machine_json", error.to_string());
        findings
    })
}

/// Whether a text is the definition of the release, with any version of its function.
pub(crate) fn is_definition_of(release: &StepRelease, text: &str) -> bool {
    let arn = function_arn(release);
    let without_version = |text: &str| {
        let mut definition = json::parse(text.as_bytes()).ok()?;
        set_function_version(&mut definition, &arn, None);
        Some(definition)
    };
    match (without_version(text), without_version(&release.fields.state_machine_json)) {
        (Some(one), Some(other)) => json::same(&one, &other),
        _ => false,
    }
}

/// The rules that need no cloud. The type of the state machine is not known yet: a standard one supports more.
fn check(release: &StepRelease) -> Result<(), Findings> {
    let mut definition = definition(release)?;
    let mut findings = check_definition(&definition, MachineType::Standard);
    let text = &release.fields.state_machine_json;
    for placeholder in PLACEHOLDERS.into_iter().filter(|placeholder| text.contains(placeholder)) {
        let message = format!("{placeholder} is not filled in: deploy with `step-deployer deploy`, or write the value");
        findings.add(PLACEHOLDER, "state_machine_json", message);
    }
    if release.fields.publish_version {
        let arn = function_arn(release);
        let count = set_function_version(&mut definition, &arn, None);
        findings.require(count > 0, FUNCTION_NOT_USED, "publish_version", || {
            format!("no state of the definition names {arn}, so that no execution would run the version: name it, or leave this out")
        });
    }
    findings.into_result()
}

/// The problems of a definition, each at its place.
#[must_use]
pub fn check_definition(definition: &Value, machine_type: MachineType) -> Findings {
    let mut findings = Findings::default();
    if let Err(invalid) = asl::validate(definition, machine_type) {
        for problem in invalid.problems {
            let place = if problem.location.is_empty() { String::new() } else { format!(".{}", problem.location) };
            findings.add(DEFINITION, format!("state_machine_json{place}"), problem.message);
        }
    }
    findings
}
