//! Findings about the files beside a template: code that does not exist or cannot be packaged, and what its zip should not contain.

use super::attach::artifact;
use crate::package::{self, ArtifactError, ArtifactWarning, ArtifactWarningKind};
use crate::rules::{CodeReference, code_references};
use crate::template::{FindingCode, Findings, Node, Severity, TemplateFinding};
use std::path::Path;

/// The findings about the files that a template refers to, as far as they are known without a build. A fault that several
/// resources share, because its value is in `Globals`, is reported once.
pub(super) fn check(file: &Path, template: &Node) -> Findings {
    let mut findings = Findings::default();
    // The caller has read the template from this folder.
    let references = code_references(template);
    let artifacts: Vec<_> = references.iter().cloned().map(artifact).collect();
    let Ok(results) = package::inspect(file, &artifacts) else { return findings };
    for (reference, result) in references.iter().zip(results) {
        let found = match result {
            Ok(warnings) => {
                let applies = |warning: &ArtifactWarning| {
                    warning.kind != ArtifactWarningKind::NotInstalled || !reference.has_layers
                };
                warnings.into_iter().filter(applies).map(|warning| of_warning(reference, warning)).collect()
            }
            // The rules check logical ids.
            Err(ArtifactError::LogicalId) => Vec::new(),
            Err(error) => vec![of_error(template, reference, &error)],
        };
        for finding in found {
            let is_same = |other: &TemplateFinding| (other.span, &other.message) == (finding.span, &finding.message);
            if !findings.all().iter().any(is_same) {
                findings.push(finding);
            }
        }
    }
    findings
}

fn of_error(template: &Node, reference: &CodeReference, error: &ArtifactError) -> TemplateFinding {
    let code = match error {
        ArtifactError::Missing { .. } | ArtifactError::WrongKind { .. } => FindingCode::MissingCode,
        ArtifactError::Method { .. }
        | ArtifactError::OfSam { .. }
        | ArtifactError::OtherRuntime { .. }
        | ArtifactError::NoVersion { .. } => FindingCode::BuildMethod,
        _ => FindingCode::NotPackaged,
    };
    let (path, span) = match metadata(template, reference, "BuildMethod") {
        Some(value) if code == FindingCode::BuildMethod => ("Metadata.BuildMethod".to_owned(), value.span),
        _ => (format!("Properties.{}", reference.property), reference.span),
    };
    let path = format!("Resources.{}.{path}", reference.logical_id);
    let text = error.to_string();
    // As in all of our errors, the remedy follows the fault.
    let (message, help) = text.split_once("; ").map_or((&*text, None), |(message, help)| (message, Some(help)));
    let (message, help) = (message.to_owned(), help.map(str::to_owned));
    TemplateFinding { severity: Severity::Error, code, path, span, message, help }
}

fn of_warning(reference: &CodeReference, ArtifactWarning { kind, message, help }: ArtifactWarning) -> TemplateFinding {
    let code = match kind {
        ArtifactWarningKind::Secret => FindingCode::SecretFile,
        ArtifactWarningKind::NotInstalled => FindingCode::NotInstalled,
        ArtifactWarningKind::NotPinned => FindingCode::NotPinned,
    };
    let path = format!("Resources.{}.Properties.{}", reference.logical_id, reference.property);
    TemplateFinding { severity: Severity::Warning, code, path, span: reference.span, message, help: Some(help) }
}

fn metadata<'t>(template: &'t Node, reference: &CodeReference, name: &str) -> Option<&'t Node> {
    template.get("Resources")?.get(&reference.logical_id)?.get("Metadata")?.get(name)
}
