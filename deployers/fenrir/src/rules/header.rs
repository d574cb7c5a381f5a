//! The header of a template: its project and config, and the target account and region.

use crate::template::{FindingCode, Findings, Node, Severity, TemplateFinding};
use bifrost::release::{AccountId, ConfigName, InvalidName, ProjectName, Region};
use std::str::FromStr;

/// The keys that Fenrir adds to the top level of SAM's templates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// `ProjectName`.
    pub project: ProjectName,
    /// `ConfigName`.
    pub config: ConfigName,
    /// `AwsAccountID`: the target account. The deployer's, if None.
    pub account: Option<AccountId>,
    /// `AwsRegion`: the target region. The deployer's, if None.
    pub region: Option<Region>,
}

/// The keys that [`header`] reads.
pub(super) const NAMES: [&str; 4] = ["ProjectName", "ConfigName", "AwsAccountID", "AwsRegion"];

/// The valid keys of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderParts {
    /// `ProjectName`.
    pub project: Option<ProjectName>,
    /// `ConfigName`.
    pub config: Option<ConfigName>,
    /// `AwsAccountID`.
    pub account: Option<AccountId>,
    /// `AwsRegion`.
    pub region: Option<Region>,
}

/// Reads the header of a template.
///
/// # Errors
/// [`FindingCode::MissingSection`] if `ProjectName` or `ConfigName` is missing, [`FindingCode::WrongType`] or
/// [`FindingCode::InvalidName`] for other faults, all of them at once.
pub fn header(template: &Node) -> Result<Header, Findings> {
    match header_parts(template) {
        (HeaderParts { project: Some(project), config: Some(config), account, region }, findings)
            if !findings.refuse() =>
        {
            Ok(Header { project, config, account, region })
        }
        (_, findings) => Err(findings),
    }
}

/// Reads the valid keys of the header of a template. The findings are about the others.
#[must_use]
pub fn header_parts(template: &Node) -> (HeaderParts, Findings) {
    let mut findings = Findings::default();
    let parts = HeaderParts {
        project: required(template, "ProjectName", &mut findings),
        config: required(template, "ConfigName", &mut findings),
        account: optional(template, "AwsAccountID", &mut findings),
        region: optional(template, "AwsRegion", &mut findings),
    };
    (parts, findings)
}

fn required<T: FromStr<Err = InvalidName>>(template: &Node, name: &str, findings: &mut Findings) -> Option<T> {
    if template.get(name).is_none() {
        let help = format!("add it at the top level of the template, such as `{name}: {}`", example(name));
        findings.push(finding(FindingCode::MissingSection, "", template, format!("`{name}` is missing"), help));
    }
    optional(template, name, findings)
}

fn optional<T: FromStr<Err = InvalidName>>(template: &Node, name: &str, findings: &mut Findings) -> Option<T> {
    let node = template.get(name)?;
    let Some(text) = node.as_str() else {
        let message = format!("should be a string, but is {}", node.kind());
        let help = format!("write a quoted string, such as `{name}: {}`", example(name));
        findings.push(finding(FindingCode::WrongType, name, node, message, help));
        return None;
    };
    let invalid = |invalid: InvalidName| {
        let help = format!("write a valid name, such as `{name}: {}`", example(name));
        findings.push(finding(FindingCode::InvalidName, name, node, invalid.to_string(), help));
    };
    text.parse().map_err(invalid).ok()
}

fn example(name: &str) -> &'static str {
    match name {
        "ProjectName" => "\"org/name\"",
        "ConfigName" => "\"development\"",
        "AwsAccountID" => "\"000000000000\"",
        _ => "\"us-east-1\"",
    }
}

fn finding(code: FindingCode, path: &str, node: &Node, message: String, help: String) -> TemplateFinding {
    let (severity, path, help) = (Severity::Error, path.to_owned(), Some(help));
    TemplateFinding { severity, code, path, span: node.span, message, help }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn refused(template: &Value) -> Vec<(String, FindingCode)> {
        let findings = header(&template.into()).unwrap_err();
        findings.all().iter().map(|finding| (finding.path.clone(), finding.code)).collect()
    }

    #[test]
    fn account_and_region_are_optional() {
        let template = json!({
            "ProjectName": "org/shop", "ConfigName": "development",
            "AwsAccountID": "000000000000", "AwsRegion": "us-east-1",
        });
        let Header { project, config, account, region } = header(&(&template).into()).unwrap();
        assert_eq!((project.as_str(), config.as_str()), ("org/shop", "development"));
        assert_eq!(account.unwrap().as_str(), "000000000000");
        assert_eq!(region.unwrap().as_str(), "us-east-1");
        let least = json!({"ProjectName": "org/shop", "ConfigName": "development"});
        assert_eq!(header(&(&least).into()).unwrap().account, None);
    }

    #[test]
    fn all_faults_are_reported_at_once() {
        let found = refused(&json!({"ConfigName": "../x", "AwsAccountID": 12, "AwsRegion": {"Ref": "AWS::Region"}}));
        let expected = [
            ("", FindingCode::MissingSection),
            ("ConfigName", FindingCode::InvalidName),
            ("AwsAccountID", FindingCode::WrongType),
            ("AwsRegion", FindingCode::WrongType),
        ];
        assert_eq!(found, expected.map(|(path, code)| (path.to_owned(), code)));
        assert_eq!(refused(&json!("no template")).len(), 2);
    }
}
