//! Applies the rules to the template of a release, with look-ups in the target account.

use crate::cloud::{FenrirPorts, Lookups};
use crate::errors::TemplateRefused;
use crate::release::FenrirRelease;
use crate::rules::{self, Answers, CheckedTemplate, Facts};
use crate::template::{self, FindingCode, Findings, Node, Severity, TemplateFinding};
use bifrost::cloud::{CloudError, limit_bytes};
use bifrost::error_code::Coded;
use bifrost::json;
use bifrost::lifecycle::{BadRelease, Context, ValidateFailure, read_file};
use bifrost::release::{Replay, Sha256};
use serde_json::Value;

/// The file in the release dir of a template that is too large for the release.
pub const TEMPLATE_FILE: &str = "template";

/// The file in the release dir of the template that CloudFormation gets, if it is too large for a request.
pub const RESOLVED_FILE: &str = "template.resolved";

/// Why a release has no template.
#[derive(Debug, thiserror::Error, Coded)]
pub(crate) enum ReleaseTemplateError {
    /// The release has no template.
    #[error("the release has neither template nor template_sha256; deploy with the client, which adds the template")]
    #[code("template/missing", "deploy a template file with the client, which adds the template to the release")]
    Missing,
    /// The release has the template twice: in itself and as a file.
    #[error("the release has both template and template_sha256; remove one of them")]
    #[code("template/given-twice", "remove `template` or `template_sha256` from the release")]
    Twice,
    /// The template file of the release is not JSON.
    #[error("{TEMPLATE_FILE} in the release dir is not valid JSON: {0}; deploy with the client, which uploads it")]
    #[code("template/invalid-file", "deploy with the client, which uploads the template")]
    Json(#[source] json::ParseError),
}

/// What the rules need to know about a release.
#[must_use]
pub fn facts(release: &FenrirRelease) -> Facts<'_> {
    Facts {
        project: &release.envelope.project_name,
        config: &release.envelope.config_name,
        account: &release.envelope.aws_account_id,
        region: &release.envelope.aws_region,
        bucket: &release.envelope.bucket,
        files: Some(&release.fields.s3_uris_sha256s),
        today: release.envelope.created_at.date_naive(),
    }
}

/// Applies the rules, and makes the look-ups that they ask for. A look-up without an answer is a finding.
///
/// # Errors
/// A look-up failed.
pub async fn resolve(lookups: &dyn Lookups, template: &Node, facts: &Facts<'_>) -> Result<CheckedTemplate, CloudError> {
    let mut answers = Answers::new();
    loop {
        let mut outcome = rules::apply(template, facts, &answers);
        if outcome.needs.is_empty() {
            return Ok(outcome);
        }
        let known = answers.len();
        answers.extend(lookups.look_up(&outcome.needs).await?);
        // An answer may lead to another look-up, but never to the same one.
        if answers.len() == known {
            outcome.needs.iter().for_each(|need| outcome.findings.push(unanswered(&format!("{need:?}"))));
            return Ok(outcome);
        }
    }
}

fn unanswered(need: &str) -> TemplateFinding {
    TemplateFinding {
        severity: Severity::Error,
        code: FindingCode::NoAnswer,
        path: String::new(),
        span: None,
        message: format!("AWS gave no answer about {need}"),
        help: Some("run the command again; if it fails again, report a bug of Fenrir".to_owned()),
    }
}

/// The template that CloudFormation gets for a release, as [`checked`].
///
/// # Errors
/// As [`checked`].
pub async fn resolved(
    context: &Context<FenrirPorts>,
    ports: &FenrirPorts,
    release: &FenrirRelease,
) -> Result<Value, ValidateFailure> {
    Ok(checked(context, ports, release).await?.template)
}

/// The result of the rules for a release. Reads the template and looks up all names each time: a resource may
/// have changed since the last task.
///
/// # Errors
/// [`ValidateFailure::BadRelease`], with all findings.
pub async fn checked(
    context: &Context<FenrirPorts>,
    ports: &FenrirPorts,
    release: &FenrirRelease,
) -> Result<CheckedTemplate, ValidateFailure> {
    let template = read(context, release).await?;
    let outcome = resolve(ports.lookups.as_ref(), &template, &facts(release)).await;
    let outcome = outcome.map_err(|error| {
        ValidateFailure::not_checked("cannot look up the resources that the template refers to", error)
    })?;
    if outcome.findings.refuse() {
        return Err(ValidateFailure::rule(TemplateRefused(outcome.findings)));
    }
    let findings = definitions(context, release, &outcome.template).await?;
    if findings.refuse() {
        return Err(ValidateFailure::rule(TemplateRefused(findings)));
    }
    Ok(outcome)
}

/// The findings in the files that define APIs.
async fn definitions(
    context: &Context<FenrirPorts>,
    release: &FenrirRelease,
    template: &Value,
) -> Result<Findings, ValidateFailure> {
    let envelope = &release.envelope;
    let mut findings = Findings::default();
    for (logical_id, uri) in rules::definition_files(template) {
        // The rules refuse other URIs.
        let Ok(key) = envelope.project_dir().object(&envelope.bucket, uri) else { continue };
        let file = context.account.objects.get(&envelope.bucket, &key, limit_bytes::FILE).await;
        let file = file.map_err(|error| ValidateFailure::not_checked("cannot read the definition of an API", error))?;
        let name = format!("s3_uris_sha256s.{uri}");
        let Some(file) = file else {
            return Err(BadRelease::FileMissing { name, bucket: envelope.bucket.clone(), key }.into());
        };
        let found = Sha256::of(&file.body);
        if let Some(stated) = release.fields.s3_uris_sha256s.get(uri).copied().filter(|stated| *stated != found) {
            return Err(BadRelease::from(Replay::File { file: name, stated, found }).into());
        }
        findings.extend(rules::check_definition_file(logical_id, &file.body, template, &facts(release)));
    }
    Ok(findings)
}

/// Reads the template of a release.
async fn read(context: &Context<FenrirPorts>, release: &FenrirRelease) -> Result<Node, ValidateFailure> {
    let fields = &release.fields;
    let document = match (&fields.template, &fields.template_sha256) {
        (Some(template), None) => template.clone(),
        (None, Some(sha256)) => {
            let text = read_file(context, release, TEMPLATE_FILE, sha256, limit_bytes::FILE).await?;
            json::parse(&text).map_err(|error| ValidateFailure::rule(ReleaseTemplateError::Json(error)))?
        }
        (Some(_), Some(_)) => return Err(ValidateFailure::rule(ReleaseTemplateError::Twice)),
        (None, None) => return Err(ValidateFailure::rule(ReleaseTemplateError::Missing)),
    };
    template::of_release(&document).map_err(|findings| ValidateFailure::rule(TemplateRefused(findings)))
}
