//! What a template says of itself: whose it is and where it goes.

use crate::template::{Findings, Node, Severity, TemplateFinding};
use bifrost::release::{AccountId, ConfigName, InvalidName, ProjectName, Region};
use std::str::FromStr;

/// What Fenrir adds to SAM's templates, at the top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// `ProjectName`.
    pub project: ProjectName,
    /// `ConfigName`.
    pub config: ConfigName,
    /// `AwsAccountID`: the target account, if not the deployer's.
    pub account: Option<AccountId>,
    /// `AwsRegion`: the target region, if not the deployer's.
    pub region: Option<Region>,
}

/// The names that [`header`] reads.
pub(super) const NAMES: [&str; 4] = ["ProjectName", "ConfigName", "AwsAccountID", "AwsRegion"];

/// Reads the header of a template.
///
/// # Errors
/// All that is wrong with it: `ProjectName` and `ConfigName` have to be there, and each has to be a text and a name of
/// its kind.
pub fn header(template: &Node) -> Result<Header, Findings> {
    let mut findings = Findings::default();
    let header = (
        required(template, "ProjectName", &mut findings),
        required(template, "ConfigName", &mut findings),
        optional(template, "AwsAccountID", &mut findings),
        optional(template, "AwsRegion", &mut findings),
    );
    match header {
        (Some(project), Some(config), account, region) if !findings.refuse() => {
            Ok(Header { project, config, account, region })
        }
        _ => Err(findings),
    }
}

fn required<T: FromStr<Err = InvalidName>>(template: &Node, name: &str, findings: &mut Findings) -> Option<T> {
    if template.get(name).is_none() {
        let help = format!("write it at the top of the template, such as `{name}: {}`", example(name));
        findings.push(finding("", template, format!("`{name}` is missing"), Some(help)));
    }
    optional(template, name, findings)
}

fn optional<T: FromStr<Err = InvalidName>>(template: &Node, name: &str, findings: &mut Findings) -> Option<T> {
    let node = template.get(name)?;
    let Some(text) = node.as_str() else {
        let message = format!("should be a text, but is {}", node.kind());
        let help = format!("write it between quotes, such as `{name}: {}`", example(name));
        findings.push(finding(name, node, message, Some(help)));
        return None;
    };
    text.parse().map_err(|invalid: InvalidName| findings.push(finding(name, node, invalid.to_string(), None))).ok()
}

fn example(name: &str) -> &'static str {
    match name {
        "ProjectName" => "\"org/name\"",
        "ConfigName" => "\"development\"",
        "AwsAccountID" => "\"000000000000\"",
        _ => "\"us-east-1\"",
    }
}

fn finding(path: &str, node: &Node, message: String, help: Option<String>) -> TemplateFinding {
    TemplateFinding { severity: Severity::Error, path: path.to_owned(), span: node.span, message, help }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn refused(template: &Value) -> String {
        header(&template.into()).unwrap_err().to_string()
    }

    #[test]
    fn a_header_says_project_and_config_and_may_say_account_and_region() {
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
    fn all_that_is_wrong_is_said_at_once() {
        let said = refused(&json!({"ConfigName": "../x", "AwsAccountID": 12, "AwsRegion": {"Ref": "AWS::Region"}}));
        for expected in [
            "`ProjectName` is missing; write it at the top",
            "ConfigName: \"../x\" is no config name",
            "AwsAccountID: should be a text, but is a number; write it between quotes",
            "AwsRegion: should be a text, but is an intrinsic function",
        ] {
            assert!(said.contains(expected), "{said}");
        }
        assert!(refused(&json!("no template")).contains("`ConfigName` is missing"));
    }
}
