//! A release's template, held against the rules and against what the target account says.

use crate::cloud::{FenrirPorts, Lookups};
use crate::release::FenrirRelease;
use crate::rules::{self, Answers, CheckedTemplate, Facts};
use crate::template::{self, Findings, Node, Severity, TemplateFinding};
use bifrost::cloud::CloudError;
use bifrost::json;
use bifrost::task::Context;
use bifrost::validate::{ValidateFailure, read_file};
use serde_json::Value;

/// The file of a template that is too large to travel, in the release dir.
pub const TEMPLATE_FILE: &str = "template";

/// The template as CloudFormation reads it, where it is too large for a request; in the release dir.
pub const RESOLVED_FILE: &str = "template.resolved";

/// What the rules have to know of a release.
#[must_use]
pub fn facts(release: &FenrirRelease) -> Facts<'_> {
    Facts {
        project: &release.envelope.project_name,
        config: &release.envelope.config_name,
        account: &release.envelope.aws_account_id,
        region: &release.envelope.aws_region,
        bucket: &release.envelope.bucket,
        files: Some(&release.fields.s3_uris_sha256s),
    }
}

/// Applies the rules, and looks up whatever they ask for. What cannot be answered is a finding.
///
/// # Errors
/// Whatever the look-ups answer.
pub async fn resolve(lookups: &dyn Lookups, template: &Node, facts: &Facts<'_>) -> Result<CheckedTemplate, CloudError> {
    let mut answers = Answers::new();
    loop {
        let mut outcome = rules::apply(template, facts, &answers);
        if outcome.needs.is_empty() {
            return Ok(outcome);
        }
        let known = answers.len();
        answers.extend(lookups.look_up(&outcome.needs).await?);
        // What is found may raise another question, but not the same one again.
        if answers.len() == known {
            outcome.needs.iter().for_each(|need| outcome.findings.push(unanswered(&format!("{need:?}"))));
            return Ok(outcome);
        }
    }
}

fn unanswered(need: &str) -> TemplateFinding {
    TemplateFinding {
        severity: Severity::Error,
        path: String::new(),
        span: None,
        message: format!("AWS does not say whether there is {need}"),
        help: None,
    }
}

/// The template that CloudFormation gets for a release: read anew from where the release has it, with every name
/// resolved anew.
///
/// # Errors
/// [`ValidateFailure::BadRelease`] says all that is wrong with it.
pub async fn resolved(
    context: &Context<FenrirPorts>,
    ports: &FenrirPorts,
    release: &FenrirRelease,
) -> Result<Value, ValidateFailure> {
    let template = read(context, release).await?;
    let outcome =
        resolve(ports.lookups.as_ref(), &template, &facts(release)).await.map_err(|error| not_looked_up(&error))?;
    if outcome.findings.refuse() { Err(refused(&outcome.findings)) } else { Ok(outcome.template) }
}

/// The template as the release has it.
async fn read(context: &Context<FenrirPorts>, release: &FenrirRelease) -> Result<Node, ValidateFailure> {
    let fields = &release.fields;
    let document = match (&fields.template, &fields.template_sha256) {
        (Some(template), None) => template.clone(),
        (None, Some(sha256)) => {
            let text = read_file(context, release, TEMPLATE_FILE, sha256).await?;
            json::parse(&text).map_err(|error| bad(format!("{TEMPLATE_FILE}: {error}")))?
        }
        (Some(_), Some(_)) => {
            return Err(bad("template and template_sha256: a release has one of them, not both".into()));
        }
        (None, None) => {
            return Err(bad("template: it is missing; deploy a template with the client, which enters it".into()));
        }
    };
    template::of_release(&document).map_err(|findings| refused(&findings))
}

fn bad(message: String) -> ValidateFailure {
    ValidateFailure::BadRelease(message)
}

fn refused(findings: &Findings) -> ValidateFailure {
    bad(format!("the template is refused:\n{findings}"))
}

fn not_looked_up(error: &CloudError) -> ValidateFailure {
    bad(format!("what the template refers to cannot be looked up: {error}"))
}
