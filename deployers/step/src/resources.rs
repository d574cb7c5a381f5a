//! The function and the state machine of a release, and whether they opted in to it.

use crate::cloud::{Function, StateMachine, StepPorts, Tags};
use crate::release::StepRelease;
use crate::rules::{NOT_FOUND, NOT_OPTED_IN, NOT_READY, PACKAGE};
use bifrost::cloud::CloudError;
use bifrost::findings::Findings;
use bifrost::release::{Envelope, StepOptIn};
use tokio::try_join;

/// What a release updates.
#[derive(Debug, Clone)]
pub struct Found {
    /// The function.
    pub function: Function,
    /// Its tags.
    pub function_tags: Tags,
    /// The state machine.
    pub state_machine: StateMachine,
    /// Its tags; empty if its role has the path that opts in.
    pub machine_tags: Tags,
}

/// Looks up the function and the state machine of a release.
///
/// # Errors
/// [`CloudError`] from AWS. That one does not exist is a finding.
pub async fn look_up(ports: &StepPorts, release: &StepRelease) -> Result<Result<Found, Findings>, CloudError> {
    let (function, state_machine) = (release.fields.lambda_name.as_str(), release.fields.step_fn_name.as_str());
    let with_tags = async {
        let Some(found) = ports.functions.function(function, None).await? else { return Ok::<_, CloudError>(None) };
        Ok(Some((found, ports.functions.tags(function).await?)))
    };
    let machine_with_tags = async {
        let Some(found) = ports.state_machines.state_machine(state_machine).await? else { return Ok(None) };
        let opted_in = role_path(&found.role_arn) == expected_path(&release.envelope);
        let tags = if opted_in { Tags::new() } else { ports.state_machines.tags(state_machine).await? };
        Ok(Some((found, tags)))
    };
    let found = match try_join!(with_tags, machine_with_tags)? {
        (Some((function, function_tags)), Some((state_machine, machine_tags))) => {
            Ok(Found { function, function_tags, state_machine, machine_tags })
        }
        (found_function, found_machine) => {
            let mut missing = Findings::default();
            missing.require(found_function.is_some(), NOT_FOUND, "lambda_name", || {
                not_found("function", function, release)
            });
            missing.require(found_machine.is_some(), NOT_FOUND, "step_fn_name", || {
                not_found("state machine", state_machine, release)
            });
            Err(missing)
        }
    };
    Ok(found)
}

fn not_found(kind: &str, name: &str, release: &StepRelease) -> String {
    let Envelope { aws_account_id, aws_region, .. } = &release.envelope;
    format!(
        "{kind} {name} does not exist in account {aws_account_id}, {aws_region}: correct the name, or create it (for a deployer: `bootstrap --apply`)"
    )
}

/// Whether both opted in to the release's project and config, and can be updated.
#[must_use]
pub fn check(release: &StepRelease, found: &Found) -> Findings {
    let mut findings = Findings::default();
    let (function, machine) = (&release.fields.lambda_name, &release.fields.step_fn_name);
    for (tag, expected, has) in wrong_tags(&release.envelope, &found.function_tags) {
        findings.add(
            NOT_OPTED_IN,
            "lambda_name",
            format!("function {function} needs the tag {tag}={expected}, and has {has}"),
        );
    }
    let (path, expected) = (role_path(&found.state_machine.role_arn), expected_path(&release.envelope));
    if path != expected && !wrong_tags(&release.envelope, &found.machine_tags).is_empty() {
        let Envelope { project_name, config_name, .. } = &release.envelope;
        findings.add(
            NOT_OPTED_IN,
            "step_fn_name",
            format!(
                "the role of state machine {machine} needs the path {expected}, and has {path}; or tag the state machine with \
                 ProjectName={project_name}, ConfigName={config_name} and DeployWith={}",
                StepOptIn::DEPLOY_WITH
            ),
        );
    }
    findings.append(check_ready(release, found));
    findings
}

fn check_ready(release: &StepRelease, found: &Found) -> Findings {
    let mut findings = Findings::default();
    let (name, function) = (&release.fields.lambda_name, &found.function);
    findings.require(function.package_type == "Zip", PACKAGE, "lambda_name", || {
        format!("function {name} is a container image, and this deployer updates functions with code in a zip file")
    });
    findings.require(function.state != "Failed", NOT_READY, "lambda_name", || {
        format!("function {name} is in the state Failed: see its StateReason in the target account, and repair it")
    });
    findings.require(found.state_machine.status == "ACTIVE", NOT_READY, "step_fn_name", || {
        format!("state machine {} is {}", release.fields.step_fn_name, found.state_machine.status)
    });
    findings
}

/// The tags that do not opt in to the release: key, expected value, and the value that it has.
fn wrong_tags(envelope: &Envelope, tags: &Tags) -> Vec<(&'static str, String, String)> {
    let opt_in = StepOptIn { project: envelope.project_name.clone(), config: envelope.config_name.clone() };
    let wrong = opt_in.tags().into_iter().filter_map(|(key, expected)| {
        let has = tags.get(key).map_or("none", String::as_str);
        (has != expected).then(|| (key, expected.to_owned(), has.to_owned()))
    });
    wrong.collect()
}

/// The path of a role: `/step/coinbase/odin/production/` for `arn:aws:iam::000000000000:role/step/coinbase/odin/production/machine`.
fn role_path(arn: &str) -> String {
    let resource = arn.split(':').nth(5).unwrap_or_default();
    let path = resource.strip_prefix("role").unwrap_or_default();
    path.rfind('/').and_then(|end| path.get(..=end)).unwrap_or_default().to_owned()
}

fn expected_path(envelope: &Envelope) -> String {
    format!("/step/{}/{}/", envelope.project_name, envelope.config_name)
}

#[cfg(test)]
mod tests {
    use super::role_path;

    #[test]
    fn path_of_a_role_is_between_type_and_name() {
        for (arn, path) in [
            ("arn:aws:iam::000000000000:role/step/coinbase/odin/production/machine", "/step/coinbase/odin/production/"),
            ("arn:aws-us-gov:iam::000000000000:role/machine", "/"),
            ("arn:aws:iam::000000000000:user/step/a/b/c", ""),
            ("machine", ""),
        ] {
            assert_eq!(role_path(arn), path, "{arn}");
        }
    }
}
