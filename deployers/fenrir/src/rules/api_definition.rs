//! The definition of an API (`DefinitionBody`): what API Gateway calls.
//!
//! In a definition the extensions `x-amazon-apigateway-…` name resources. They are checked at any depth, since an operation, a path, a
//! security scheme and the components can have them.

use super::Facts;
use super::evaluate::{Piece, evaluate};
use super::reference::{self, Kind};
use super::reference_kinds as kinds;
use super::rule_context::RuleContext;
use super::table::refuse_non_literal;
use crate::template::{Content, FindingCode, Node};
use serde_json::Value;

/// The prefix of API Gateway's extensions of `OpenAPI`.
const EXTENSION: &str = "x-amazon-apigateway-";

/// Keys within an extension whose values name a resource.
const NAMES: [(&str, &Kind); 2] = [("providerARNs", &kinds::USER_POOL), ("vpcEndpointIds", &kinds::VPC_ENDPOINT)];

/// Keys within an extension that are refused, with the remedy.
const REFUSED: [(&str, &str); 4] = [
    ("connectionId", "remove it: nothing shows which project the VPC link belongs to"),
    ("integrationTarget", "remove it: nothing shows which project the VPC link belongs to"),
    ("credentials", NO_ROLE),
    ("authorizerCredentials", NO_ROLE),
];
const NO_ROLE: &str =
    "remove it, and let an `AWS::Lambda::Permission` allow the call: Fenrir's role may not pass API Gateway a role";

/// The rule of `DefinitionBody`.
pub(super) fn definition(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    if node.as_mapping().is_none() || node.intrinsic().is_some() {
        refuse_non_literal(context, node, "a definition");
    }
    walk(context, node, false)
}

/// What SAM writes into a definition, which it has to know the version of for that.
const WRITTEN: [&str; 6] = ["Auth", "Cors", "CorsConfiguration", "GatewayResponses", "MergeDefinitions", "Models"];

/// Refuses a `DefinitionBody` that SAM cannot write into.
pub(super) fn require_version(context: &mut RuleContext<'_, '_>, api: &Node) {
    let Some(body) = api.get("DefinitionBody").filter(|body| body.as_mapping().is_some()) else { return };
    let Some(written) = WRITTEN.iter().find(|name| api.get(name).is_some()) else { return };
    let version = |name| body.get(name).and_then(Node::as_str).unwrap_or_default();
    let is_rest = context.check.type_of(context.logical_id()) == Some("AWS::Serverless::Api");
    let has_version = version("openapi").starts_with("3.") || is_rest && !version("swagger").is_empty();
    if !has_version || body.get("paths").and_then(Node::as_mapping).is_none() {
        let message =
            format!("SAM cannot write `{written}` into a definition without a version of OpenAPI and `paths`");
        let help = "add `openapi: 3.0.1` and `paths`";
        context.within("DefinitionBody").refuse(FindingCode::MissingProperty, body.span, message, help);
    }
}

/// Checks a part of a definition, and returns it for CloudFormation.
fn walk(context: &mut RuleContext<'_, '_>, node: &Node, is_extension: bool) -> Value {
    match &node.content {
        Content::Mapping(entries) => {
            let walked = entries.iter().map(|(name, entry)| {
                let mut context = context.within(name);
                (name.clone(), walk_entry(&mut context, &entry.value, is_extension))
            });
            Value::Object(walked.collect())
        }
        Content::Sequence(nodes) => {
            let nodes = nodes.iter().enumerate();
            nodes.map(|(position, node)| walk(&mut context.at(position), node, is_extension)).collect()
        }
        _ => node.into(),
    }
}

fn walk_entry(context: &mut RuleContext<'_, '_>, node: &Node, is_extension: bool) -> Value {
    let name = context.name();
    let is = |known: &str| is_extension && name.eq_ignore_ascii_case(known);
    if let Some((_, kind)) = NAMES.iter().find(|(known, _)| is(known)) {
        return names(kind, context, node);
    }
    if let Some((_, help)) = REFUSED.iter().find(|(known, _)| is(known)) {
        context.refuse(FindingCode::NotAllowed, node.span, format!("`{name}` is not allowed"), *help);
    } else if is("uri") || is("authorizerUri") {
        uri(context, node);
    } else if is("integrationSubtype") {
        refuse_service(context, node);
    }
    let is_extension = is_extension || name.to_ascii_lowercase().starts_with(EXTENSION);
    walk(context, node, is_extension)
}

/// One name, or a list of them.
fn names(kind: &Kind, context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    match node.as_sequence() {
        Some(nodes) => {
            let nodes = nodes.iter().enumerate();
            nodes.map(|(position, node)| reference::walk(kind, &mut context.at(position), node)).collect()
        }
        None => reference::walk(kind, context, node),
    }
}

/// What precedes a service in the ARNs by which API Gateway calls it.
pub(super) fn gateway(facts: &Facts<'_>) -> String {
    format!("arn:{}:apigateway:{}:", facts.region.partition().name(), facts.region)
}

/// What precedes the ARN of a function, and `/invocations`, in the ARN by which API Gateway calls it.
pub(super) fn invocations(facts: &Facts<'_>) -> String {
    format!("{}lambda:path/2015-03-31/functions/", gateway(facts))
}

/// What API Gateway calls: a function or a public URL.
fn uri(context: &mut RuleContext<'_, '_>, node: &Node) {
    let facts = context.facts();
    let pieces = evaluate(facts, node);
    let start = match pieces.first() {
        Some(Piece::Text(start)) => start.as_str(),
        _ => "",
    };
    let gateway = gateway(facts);
    if let Some(function) = invoked(&pieces, &invocations(facts)) {
        reference::walk_pieces(&kinds::FUNCTION, context, node, &function);
    } else if start.starts_with(&gateway) && !start.starts_with(&format!("{gateway}lambda:")) {
        refuse_service(context, node);
    } else if start.starts_with("https://") || start.starts_with("http://") {
        // Anyone may call a public URL.
        for piece in &pieces {
            if let Piece::Text(text) = piece {
                context.check.allow(text);
            }
        }
    } else {
        reference::walk_pieces(&kinds::FUNCTION, context, node, &pieces);
    }
}

/// The function in the ARN of its invocation: `<start><ARN of the function>/invocations`.
fn invoked<'n>(pieces: &[Piece<'n>], start: &str) -> Option<Vec<Piece<'n>>> {
    let mut pieces = pieces.to_vec();
    if let Some(Piece::Text(text)) = pieces.last_mut() {
        *text = text.strip_suffix("/invocations")?.to_owned();
    }
    if let Some(Piece::Text(text)) = pieces.first_mut() {
        *text = text.strip_prefix(start)?.to_owned();
    }
    pieces.retain(|piece| *piece != Piece::Text(String::new()));
    (!pieces.is_empty()).then_some(pieces)
}

/// Another service than Lambda is called with a role. Without one, it decides by policies of the resource that the call names, which
/// can belong to another project.
fn refuse_service(context: &mut RuleContext<'_, '_>, node: &Node) {
    let message =
        "an integration with an AWS service is not allowed: it requires a role, and Fenrir's may not pass one";
    let help = "let a function of this template make the call";
    context.refuse(FindingCode::NotAllowed, node.span, message, help);
}

#[cfg(test)]
#[path = "api_definition_tests.rs"]
mod tests;
