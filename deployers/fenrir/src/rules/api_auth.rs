//! `Auth` of an API: what SAM requires of its authorizers.

use super::combinations::{exclude, given, is_true};
use super::routes::require_authorizer;
use super::rule_context::RuleContext;
use crate::template::{FindingCode, Node};

/// What an authorizer of a type of API has.
#[derive(Clone, Copy)]
pub(super) struct Authorizers {
    /// The check of one.
    check: fn(&mut RuleContext<'_, '_>, &Node),
    /// The property that lets `AWS_IAM` be the default. None if it always may.
    iam: Option<&'static str>,
}

/// Of a REST API: Cognito, or a function that gets a token or the request.
pub(super) const REST: Authorizers = Authorizers { check: check_rest, iam: None };
/// Of an HTTP API: OAuth 2, or a function.
pub(super) const HTTP: Authorizers = Authorizers { check: check_http, iam: Some("EnableIamAuthorizer") };

/// Checks the authorizers of an API, and that the default is one of them.
pub(super) fn check(context: &mut RuleContext<'_, '_>, api: &Node, of: Authorizers) {
    let Some(auth) = given(api, "Auth") else { return };
    let mut context = context.within("Auth");
    for (name, entry) in auth.get("Authorizers").and_then(Node::as_mapping).into_iter().flatten() {
        (of.check)(&mut context.within("Authorizers").within(name), &entry.value);
    }
    let Some(default) = given(auth, "DefaultAuthorizer") else { return };
    let Some(name) = default.as_str().filter(|name| !name.is_empty()) else { return };
    let has_iam = of.iam.is_none_or(|property| is_true(auth, property));
    if name != "AWS_IAM" || !has_iam {
        require_authorizer(&mut context.within("DefaultAuthorizer"), Some(auth), default, name);
    }
}

fn check_rest(context: &mut RuleContext<'_, '_>, authorizer: &Node) {
    if given(authorizer, "UserPoolArn").is_none() {
        require(context, authorizer, "FunctionArn", "a user pool or a function", "`FunctionArn` or `UserPoolArn`");
    }
    let of_request = authorizer.get("FunctionPayloadType").and_then(Node::as_str) == Some("REQUEST");
    let sources = ["Headers", "QueryStrings", "StageVariables", "Context"];
    let identity = authorizer.get("Identity");
    let has_source = identity.is_some_and(|identity| sources.iter().any(|name| given(identity, name).is_some()));
    // Without an identity, nothing is cached, and each request calls the function.
    let is_uncached = identity.and_then(|identity| identity.get("ReauthorizeEvery")).is_some_and(is_zero);
    if of_request && !has_source && !is_uncached {
        let message =
            "an authorizer of requests requires `Identity` with one of Headers, QueryStrings, StageVariables, Context";
        let help = "add what identifies the caller, such as `Identity: {Headers: [Authorization]}`";
        context.refuse(FindingCode::MissingProperty, authorizer.span, message, help);
    }
}

fn is_zero(node: &Node) -> bool {
    matches!(serde_json::Value::from(node), serde_json::Value::Number(number) if number.as_i64() == Some(0))
}

fn check_http(context: &mut RuleContext<'_, '_>, authorizer: &Node) {
    let of_function =
        ["FunctionArn", "FunctionInvokeRole", "AuthorizerPayloadFormatVersion", "EnableSimpleResponses", "Identity"];
    if of_function.iter().any(|name| given(authorizer, name).is_some()) {
        for name in ["FunctionArn", "AuthorizerPayloadFormatVersion"] {
            require(context, authorizer, name, "a function", &format!("`{name}`"));
        }
        for name in ["JwtConfiguration", "IdentitySource", "AuthorizationScopes"] {
            exclude(context, authorizer, "FunctionArn", name);
        }
    } else {
        for name in ["JwtConfiguration", "IdentitySource"] {
            require(context, authorizer, name, "OAuth 2", &format!("`{name}`"));
        }
    }
}

fn require(context: &mut RuleContext<'_, '_>, authorizer: &Node, name: &str, of: &str, what: &str) {
    if given(authorizer, name).is_none() && authorizer.as_mapping().is_some() {
        let message = format!("an authorizer with {of} requires {what}");
        context.refuse(FindingCode::MissingProperty, authorizer.span, message, format!("add {what}"));
    }
}
