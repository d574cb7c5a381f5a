//! The file of a `DefinitionUri`: API Gateway reads it itself, so that neither the tables nor SAM's expansion show its content.
//!
//! The file is YAML or JSON, and the function has no reader for YAML. Therefore the check reads its text. It refuses what could hide a
//! name (escape sequences, binary tags), and every ARN that is not one of a function of the template. A definition that needs more
//! belongs into `DefinitionBody`, where references and tags count.

use super::arns::arn;
use super::{Facts, api_definition};
use crate::template::{FindingCode, Findings, Severity, TemplateFinding};
use serde_json::Value;
use std::collections::BTreeSet;

const BODY: &str = "write the definition as `DefinitionBody`, where Fenrir checks references and tags";

/// The logical ids and the `s3://` URIs of the definitions that a template for CloudFormation reads from files.
#[must_use]
pub fn definition_files(template: &Value) -> Vec<(&str, &str)> {
    let resources = template.get("Resources").and_then(Value::as_object).into_iter().flatten();
    resources
        .filter(|(_, resource)| resource.get("Type").is_some_and(|kind| kind == "AWS::Serverless::Api"))
        .filter_map(|(logical_id, resource)| {
            Some((logical_id.as_str(), resource.get("Properties")?.get("DefinitionUri")?.as_str()?))
        })
        .collect()
}

/// Checks the file of a definition. `template` is the one for CloudFormation, which has the names of the functions.
#[must_use]
pub fn check_definition_file(logical_id: &str, file: &[u8], template: &Value, facts: &Facts<'_>) -> Findings {
    let mut findings = Findings::default();
    let mut refuse = |message: String| {
        findings.push(TemplateFinding {
            severity: Severity::Error,
            code: FindingCode::NotAllowed,
            path: format!("Resources.{logical_id}.Properties.DefinitionUri"),
            span: None,
            message: format!("the file of the definition {message}"),
            help: Some(BODY.to_owned()),
        });
    };
    let Ok(text) = std::str::from_utf8(file) else {
        refuse("is not UTF-8".to_owned());
        return findings;
    };
    if has_hidden_text(text) {
        refuse("has escape sequences or binary values, which could hide a name".to_owned());
    }
    let lower = text.to_ascii_lowercase();
    for word in ["vpc_link", "vpcendpointids"] {
        if lower.contains(word) {
            refuse(format!("contains `{word}`: nothing shows which project the endpoint belongs to"));
        }
    }
    if starts_with_variable(&lower) {
        refuse("has a value that begins with a stage variable, which could be any resource".to_owned());
    }
    let functions = functions(template);
    let foreign: BTreeSet<&str> = arns(text).filter(|arn| !is_own(arn, &functions, facts)).collect();
    for arn in foreign {
        refuse(format!("contains `{arn}`, which is not a function of the template"));
    }
    findings
}

/// Whether a quoted string can contain other text than it shows.
fn has_hidden_text(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        // A backslash takes the next character with it, so that `\\u` is a backslash and a letter.
        if c == '\\' && chars.next().is_some_and(|next| matches!(next, 'u' | 'U' | 'x' | '\n' | '\r')) {
            return true;
        }
    }
    ["!binary", "!!binary", "%tag", "tag:yaml.org"].iter().any(|tag| lower.contains(tag))
}

/// Whether a value may begin with a stage variable: after a quote or white space. Within a URL it is harmless.
fn starts_with_variable(lower: &str) -> bool {
    let is_start = |before: Option<char>| before.is_none_or(|c| c.is_whitespace() || matches!(c, '"' | '\''));
    lower
        .match_indices("${stagevariables")
        .any(|(at, _)| is_start(lower.get(..at).and_then(|text| text.chars().last())))
}

/// The ARNs in a text, in any case, up to the next character that is in no ARN.
fn arns(text: &str) -> impl Iterator<Item = &str> {
    const START: &str = "arn:";
    let lower = text.to_ascii_lowercase();
    let starts: Vec<usize> = lower.match_indices(START).map(|(at, _)| at).collect();
    let is_inner = move |at: usize| text.get(..at).is_some_and(|before| before.ends_with("functions/"));
    starts.into_iter().filter(move |at| !is_inner(*at)).filter_map(move |at| {
        let rest = text.get(at..)?;
        let end = rest.find(|c: char| c.is_whitespace() || "\"'`,;<>()[]{}\\|&".contains(c)).unwrap_or(rest.len());
        rest.get(..end)
    })
}

/// The names that Fenrir generated for the functions of a template.
fn functions(template: &Value) -> BTreeSet<&str> {
    let resources = template.get("Resources").and_then(Value::as_object).into_iter().flatten();
    resources.filter_map(|(_, resource)| resource.get("Properties")?.get("FunctionName")?.as_str()).collect()
}

/// Whether it is the ARN of a function of the template, also in that of its invocation, or of the API itself in its policy.
fn is_own(text: &str, functions: &BTreeSet<&str>, facts: &Facts<'_>) -> bool {
    let invocation = text.strip_prefix(&api_definition::invocations(facts));
    let invoked = invocation.and_then(|rest| rest.strip_suffix("/invocations")).unwrap_or(text);
    let name = invoked.strip_prefix(&arn(facts, "lambda", "function:"));
    let name = name.and_then(|name| name.split(':').next());
    name.is_some_and(|name| functions.contains(name)) || text.starts_with(&arn(facts, "execute-api", ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::fixture::facts_of;
    use serde_json::json;

    fn findings(file: &str) -> Vec<String> {
        let template = json!({"Resources": {"hello": {
            "Type": "AWS::Serverless::Function", "Properties": {"FunctionName": "fenrir-org-shop-development-hello"},
        }}});
        let found = facts_of("org/shop", |facts| check_definition_file("api", file.as_bytes(), &template, facts));
        found.all().iter().map(|finding| finding.message.clone()).collect()
    }

    const INVOCATIONS: &str = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions";
    const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function";

    #[test]
    fn own_functions_and_public_urls_are_accepted() {
        for file in [
            format!("uri: {INVOCATIONS}/{FUNCTION}:fenrir-org-shop-development-hello/invocations\n"),
            format!(r#"{{"uri": "{INVOCATIONS}/{FUNCTION}:fenrir-org-shop-development-hello:live/invocations"}}"#),
            "uri: https://example.com/${stageVariables.path}\n".to_owned(),
            r#"{"pattern": "^[\\w\\u]+\"$", "Resource": "arn:aws:execute-api:us-east-1:000000000000:*"}"#.to_owned(),
        ] {
            assert_eq!(findings(&file), [""; 0], "{file}");
        }
    }

    #[test]
    fn other_names_are_refused() {
        for file in [
            format!("uri: {INVOCATIONS}/{FUNCTION}:victim/invocations\n"),
            format!("uri: {INVOCATIONS}/{FUNCTION}:fenrir-org-shop-development-hello2/invocations\n"),
            "uri: ARN:aws:apigateway:us-east-1:sqs:path/000000000000/victim\n".to_owned(),
            "credentials: 'arn:aws:iam::000000000000:role/victim'\n".to_owned(),
            r#"{"uri": "\u0061rn:aws:lambda"}"#.to_owned(),
            "uri: \"ar\\\nn:aws:lambda\"\n".to_owned(),
            "uri: !!binary YXJuOmF3cw==\n".to_owned(),
            "connectionType: VPC_LINK\n".to_owned(),
            "uri: ${stageVariables.uri}\n".to_owned(),
        ] {
            assert_eq!(findings(&file).len(), 1, "{file}");
        }
        let found = facts_of("org/shop", |facts| check_definition_file("api", &[0xff], &json!({}), facts));
        assert_eq!(found.all().len(), 1);
    }

    #[test]
    fn files_are_those_of_apis() {
        let template = json!({"Resources": {
            "api": {"Type": "AWS::Serverless::Api", "Properties": {"DefinitionUri": "s3://bucket/api.json"}},
            "body": {"Type": "AWS::Serverless::Api", "Properties": {"DefinitionBody": {}}},
            "jobs": {"Type": "AWS::SQS::Queue"},
        }});
        assert_eq!(definition_files(&template), [("api", "s3://bucket/api.json")]);
    }
}
