//! Events that are routes of an API: what SAM requires of the route and of its API.
//!
//! SAM writes the routes into the definition of the API, except into one of a file or of a `DefinitionBody` that does not merge.

use super::combinations::{given, is_true};
use super::rule_context::RuleContext;
use crate::template::{Content, FindingCode, Mapping, Node, nearest};

/// What a route is known by: the logical id of its API, the path, and the method in lower case.
pub(super) type Route = (String, String, String);

/// The methods that API Gateway knows.
const METHODS: [&str; 8] = ["get", "post", "put", "patch", "delete", "head", "options", "any"];

/// How the names of request parameters begin.
const PARAMETERS: [&str; 3] = ["method.request.querystring.", "method.request.path.", "method.request.header."];

/// Checks a route: the properties of an event of the type `Api` or `HttpApi`.
pub(super) fn check(context: &mut RuleContext<'_, '_>, kind: &str, route: &Node) {
    check_method(context, kind, route);
    check_path(context, route);
    check_parameters(context, route);
    let api_id = route.get(if kind == "Api" { "RestApiId" } else { "ApiId" });
    let reference = api_id.and_then(Node::intrinsic).filter(|function| function.name == "Ref");
    let Some(api_id) = reference.and_then(|function| function.argument.as_str()) else { return };
    let none = Node::new(Content::Mapping(Mapping::new()));
    let Some(api) = context.check.resources.get(api_id) else { return };
    let api = api.value.get("Properties").unwrap_or(&none);
    let has_definition = given(api, "DefinitionUri").is_some() || given(api, "DefinitionBody").is_some();
    if has_definition && !is_true(api, "MergeDefinitions") {
        return;
    }
    check_once(context, api_id, route);
    check_authorizer(context, kind, api, route);
    if kind == "Api" {
        check_scopes(context, api, route);
        check_model(context, api, route);
    }
}

fn check_method(context: &mut RuleContext<'_, '_>, kind: &str, route: &Node) {
    let Some((node, method)) = literal(route, "Method") else { return };
    let is_any = kind == "HttpApi" && method == "*";
    if !is_any && !METHODS.contains(&method.to_ascii_lowercase().as_str()) {
        let help = match nearest(method, METHODS) {
            Some(known) => format!("did you mean `{known}`?"),
            None => format!("write one of {}", METHODS.join(", ")),
        };
        let message = format!("`{method}` is not a method of an API");
        context.within("Method").refuse(FindingCode::InvalidValue, node.span, message, help);
    }
}

fn check_path(context: &mut RuleContext<'_, '_>, route: &Node) {
    let Some((node, path)) = literal(route, "Path") else { return };
    if !path.starts_with('/') && path != "$default" {
        let help = format!("write `/{path}`");
        let message = format!("the path `{path}` does not begin with `/`");
        context.within("Path").refuse(FindingCode::InvalidValue, node.span, message, help);
    }
}

/// Refuses a path and method that an earlier event has already.
fn check_once(context: &mut RuleContext<'_, '_>, api_id: &str, route: &Node) {
    let (path, method) = match (literal(route, "Path"), literal(route, "Method")) {
        (Some((_, path)), Some((_, method))) => (path, method.to_ascii_lowercase()),
        (None, None) if route.get("Path").is_none() && route.get("Method").is_none() => ("$default", "any".to_owned()),
        _ => return,
    };
    if !context.check.routes.insert((api_id.to_owned(), path.to_owned(), method.clone())) {
        let message = format!("`{api_id}` has the method `{method}` for the path `{path}` already");
        let help = "remove one of the two events, or change its path or method";
        context.refuse(FindingCode::Conflict, route.span, message, help);
    }
}

/// Refuses an authorizer that the API does not have.
fn check_authorizer(context: &mut RuleContext<'_, '_>, kind: &str, api: &Node, route: &Node) {
    let Some((node, name)) = route.get("Auth").and_then(|auth| literal(auth, "Authorizer")) else { return };
    let auth = api.get("Auth");
    let is_built_in =
        name == "AWS_IAM" && (kind == "Api" || auth.is_some_and(|auth| is_true(auth, "EnableIamAuthorizer")));
    if name == "NONE" {
        // Of an HTTP API, Fenrir leaves it out for SAM where there is no default.
        let has_default = auth.is_some_and(|auth| given(auth, "DefaultAuthorizer").is_some());
        if kind == "Api" && !has_default {
            let message = "`NONE` is only allowed where it overrides a `DefaultAuthorizer`";
            let mut auth = context.within("Auth");
            let context = &mut auth.within("Authorizer");
            context.refuse(FindingCode::InvalidValue, node.span, message, "remove it: the API has no default");
        }
    } else if !is_built_in {
        require_authorizer(&mut context.within("Auth").within("Authorizer"), auth, node, name);
    }
}

/// Refuses the name of an authorizer that is not in `Auth.Authorizers` of the API.
pub(super) fn require_authorizer(context: &mut RuleContext<'_, '_>, auth: Option<&Node>, node: &Node, name: &str) {
    let authorizers = auth.and_then(|auth| auth.get("Authorizers"));
    require_defined(context, authorizers, node, name, ("authorizer", "Auth.Authorizers"));
}

/// Refuses the name of something that the API does not define. `what` is its kind, and the property for it.
fn require_defined(
    context: &mut RuleContext<'_, '_>,
    defined: Option<&Node>,
    node: &Node,
    name: &str,
    (what, property): (&str, &str),
) {
    let defined = defined.and_then(Node::as_mapping);
    if defined.is_none_or(|defined| !defined.contains_key(name)) {
        let names = defined.into_iter().flatten().map(|(name, _)| name.as_str());
        let help = match nearest(name, names) {
            Some(known) => format!("did you mean `{known}`?"),
            None => format!("add `{name}` to `{property}` of the API, or fix the name"),
        };
        context.refuse(FindingCode::InvalidValue, node.span, format!("the API has no {what} `{name}`"), help);
    }
}

fn check_scopes(context: &mut RuleContext<'_, '_>, api: &Node, route: &Node) {
    let Some(auth) = route.get("Auth") else { return };
    let mut context = context.within("Auth");
    let scopes = given(auth, "AuthorizationScopes").filter(|scopes| scopes.as_sequence() != Some(&[]));
    if let (Some(scopes), None) = (scopes, given(auth, "Authorizer")) {
        let message = "`AuthorizationScopes` requires `Authorizer`";
        let context = &mut context.within("AuthorizationScopes");
        context.refuse(
            FindingCode::MissingProperty,
            scopes.span,
            message,
            "add `Authorizer` with the name of an authorizer",
        );
    }
    let without_key = auth.get("ApiKeyRequired").filter(|key| key.content == Content::Boolean(false));
    if let Some(key) = without_key.filter(|_| !api.get("Auth").is_some_and(|auth| is_true(auth, "ApiKeyRequired"))) {
        let message = "`ApiKeyRequired: false` is only allowed where the API requires a key";
        let context = &mut context.within("ApiKeyRequired");
        context.refuse(FindingCode::InvalidValue, key.span, message, "remove it");
    }
}

/// Refuses a model that the API does not have.
fn check_model(context: &mut RuleContext<'_, '_>, api: &Node, route: &Node) {
    let Some(request) = route.get("RequestModel") else { return };
    let mut context = context.within("RequestModel");
    if let Some((node, name)) = literal(request, "Model") {
        require_defined(&mut context.within("Model"), api.get("Models"), node, name, ("model", "Models"));
    }
    for name in ["ValidateBody", "ValidateParameters"] {
        if let Some(value) = given(request, name).filter(|value| !matches!(value.content, Content::Boolean(_))) {
            let message = "should be a boolean that is written out, because SAM reads it";
            context.within(name).refuse(FindingCode::NotALiteral, value.span, message, "write true or false");
        }
    }
}

fn check_parameters(context: &mut RuleContext<'_, '_>, route: &Node) {
    let Some(parameters) = route.get("RequestParameters").and_then(Node::as_sequence) else { return };
    let mut context = context.within("RequestParameters");
    for (position, parameter) in parameters.iter().enumerate() {
        let names = parameter.as_mapping().into_iter().flatten().map(|(name, _)| name.as_str());
        for name in names.chain(parameter.as_str()) {
            if !PARAMETERS.iter().any(|start| name.starts_with(start)) {
                let message = format!("`{name}` is not a request parameter");
                let help = format!("begin it with {}", PARAMETERS.join(" or "));
                context.at(position).refuse(FindingCode::InvalidValue, parameter.span, message, help);
            }
        }
    }
}

/// A property that is a string, with its value.
fn literal<'n>(node: &'n Node, name: &str) -> Option<(&'n Node, &'n str)> {
    let value = node.get(name)?;
    Some((value, value.as_str().filter(|text| !text.is_empty())?))
}

#[cfg(test)]
mod tests {
    use crate::rules::fixture::{RulesFixture, function};
    use crate::template::FindingCode;
    use serde_json::{Value, json};

    const ROUTE: &str = "hello.Properties.Events.get.Properties";

    /// A function with a route of a REST API, both with more properties.
    fn rest(api: &Value, route: &Value) -> Value {
        let mut properties = json!({"RestApiId": {"Ref": "api"}, "Path": "/x", "Method": "get"});
        properties.as_object_mut().unwrap().extend(route.as_object().unwrap().clone());
        let mut of_api = json!({"StageName": "live"});
        of_api.as_object_mut().unwrap().extend(api.as_object().unwrap().clone());
        json!({
            "api": {"Type": "AWS::Serverless::Api", "Properties": of_api},
            "hello": function(json!({"Events": {"get": {"Type": "Api", "Properties": properties}}})),
        })
    }

    #[test]
    fn method_and_path_are_those_of_an_api() {
        for (property, value) in [("Method", "fetch"), ("Method", "*"), ("Path", "x")] {
            let path = format!("{ROUTE}.{property}");
            RulesFixture::default().refuses(
                rest(&json!({}), &json!({property: value})),
                &path,
                FindingCode::InvalidValue,
            );
        }
        for method in ["GET", "any", "Patch"] {
            RulesFixture::default().accepts(rest(&json!({}), &json!({"Method": method})));
        }
    }

    #[test]
    fn path_and_method_occur_once() {
        let mut resources = rest(&json!({}), &json!({}));
        let again = |method: &str| {
            let properties = json!({"RestApiId": {"Ref": "api"}, "Path": "/x", "Method": method});
            function(json!({"Events": {"again": {"Type": "Api", "Properties": properties}}}))
        };
        resources["other"] = again("GET");
        let path = "other.Properties.Events.again.Properties";
        RulesFixture::default().refuses(resources.clone(), path, FindingCode::Conflict);
        resources["other"] = again("any");
        RulesFixture::default().accepts(resources);
    }

    #[test]
    fn authorizer_is_one_of_the_api() {
        let api = json!({"Auth": {"Authorizers": {"own": {"FunctionArn": {"Fn::GetAtt": ["hello", "Arn"]}}}}});
        let by = |name: &str| json!({"Auth": {"Authorizer": name}});
        RulesFixture::default().accepts(rest(&api, &by("own")));
        RulesFixture::default().accepts(rest(&json!({}), &by("AWS_IAM")));
        let path = &format!("{ROUTE}.Auth.Authorizer");
        RulesFixture::default().proposes(rest(&api, &by("owns")), path, FindingCode::InvalidValue, "own");
        RulesFixture::default().refuses(rest(&json!({}), &by("own")), path, FindingCode::InvalidValue);
        RulesFixture::default().refuses(rest(&api, &by("NONE")), path, FindingCode::InvalidValue);
        let by_default = json!({"Auth": {"DefaultAuthorizer": "AWS_IAM"}});
        RulesFixture::default().accepts(rest(&by_default, &by("NONE")));
    }

    #[test]
    fn default_authorizer_is_one_of_the_api() {
        let api = json!({"Auth": {"DefaultAuthorizer": "own"}});
        let path = "api.Properties.Auth.DefaultAuthorizer";
        RulesFixture::default().refuses(rest(&api, &json!({})), path, FindingCode::InvalidValue);
    }

    #[test]
    fn scopes_keys_models_and_parameters_fit_the_api() {
        for (route, path, code) in [
            (json!({"Auth": {"AuthorizationScopes": ["a"]}}), "Auth.AuthorizationScopes", FindingCode::MissingProperty),
            (json!({"Auth": {"ApiKeyRequired": false}}), "Auth.ApiKeyRequired", FindingCode::InvalidValue),
            (json!({"RequestModel": {"Model": "Pet"}}), "RequestModel.Model", FindingCode::InvalidValue),
            (json!({"RequestParameters": ["header.x"]}), "RequestParameters.0", FindingCode::InvalidValue),
            (json!({"RequestParameters": [{"query.x": {}}]}), "RequestParameters.0", FindingCode::InvalidValue),
        ] {
            RulesFixture::default().refuses(rest(&json!({}), &route), &format!("{ROUTE}.{path}"), code);
        }
        let api = json!({"Models": {"Pet": {"type": "object"}}, "Auth": {"ApiKeyRequired": true}});
        RulesFixture::default().accepts(rest(
            &api,
            &json!({
                "Auth": {"ApiKeyRequired": false}, "RequestModel": {"Model": "Pet", "ValidateBody": true},
                "RequestParameters": ["method.request.header.x", {"method.request.path.y": {"Required": true}}],
            }),
        ));
        let computed = json!({"RequestModel": {"Model": "Pet", "ValidateBody": "true"}});
        let path = &format!("{ROUTE}.RequestModel.ValidateBody");
        RulesFixture::default().refuses(rest(&api, &computed), path, FindingCode::NotALiteral);
    }
}
