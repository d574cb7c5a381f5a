//! `AWS::Serverless::HttpApi`: only with an explicit authorizer.
//!
//! An HTTP API is public by default. Therefore each route needs an explicit decision: `Auth.DefaultAuthorizer` of the API, or
//! `Auth.Authorizer` of the event. `NONE` makes a route public. The routes of a `DefinitionBody` are not known, so that its
//! API needs a `DefaultAuthorizer`.

use super::api::{NO_DOMAIN, check_stage};
use super::resource::ResourceType;
use super::rule_context::RuleContext;
use super::table::Shape::{
    Any, Boolean, Either, Integer, List, Map, Names, Number, Object, Plain, Refused, Rule, Text,
};
use super::table::{Table, walk};
use super::{
    api_auth, api_definition, api_role, combinations, implicit_api, local, names, reference_kinds as kinds, tags,
};
use crate::template::{FindingCode, Node};
use serde_json::{Map as JsonMap, Value, json};

pub(super) const TYPE: ResourceType = ResourceType {
    name: HTTP_API,
    table: PROPERTIES,
    named: Some(("Name", names::API)),
    finish,
    deletion_policy: None,
};

const HTTP_API: &str = "AWS::Serverless::HttpApi";

const PROPERTIES: Table = &[
    (
        "AccessLogSettings",
        Refused("remove it: API Gateway would need permission to change the policies of all log groups of the account"),
    ),
    ("Auth", Object(AUTH)),
    ("CorsConfiguration", Either(&Boolean, &Object(CORS_CONFIGURATION))),
    ("DefaultRouteSettings", Object(ROUTE_SETTINGS)),
    ("DefinitionBody", Rule(api_definition::definition)),
    (
        "DefinitionUri",
        Refused("use `DefinitionBody`: SAM takes no `Auth` with it, and without `Auth` the API is public"),
    ),
    ("Description", Text),
    ("DisableExecuteApiEndpoint", Boolean),
    ("Domain", Refused(NO_DOMAIN)),
    ("FailOnWarnings", Boolean),
    ("Name", Refused("Fenrir generates the name; remove the property")),
    ("PropagateTags", Boolean),
    ("RouteSettings", Map(&Object(ROUTE_SETTINGS))),
    ("StageName", Text),
    ("StageVariables", Map(&Text)),
    ("Tags", tags::MAP),
];
const AUTH: Table = &[
    ("Authorizers", Map(&Object(AUTHORIZER))),
    ("DefaultAuthorizer", Plain(&Text)),
    ("EnableIamAuthorizer", Plain(&Boolean)),
];
/// An OAuth 2 authorizer, or a function.
const AUTHORIZER: Table = &[
    ("AuthorizationScopes", List(&Text)),
    ("AuthorizerPayloadFormatVersion", Text),
    ("EnableFunctionDefaultPermissions", Boolean),
    ("EnableSimpleResponses", Boolean),
    ("FunctionArn", Names(&kinds::FUNCTION)),
    ("FunctionInvokeRole", api_role::OF_AUTHORIZER),
    ("Identity", Object(AUTHORIZER_IDENTITY)),
    ("IdentitySource", Text),
    ("JwtConfiguration", Map(&Any)),
];
const AUTHORIZER_IDENTITY: Table = &[
    ("Context", List(&Text)),
    ("Headers", List(&Text)),
    ("QueryStrings", List(&Text)),
    ("ReauthorizeEvery", Integer),
    ("StageVariables", List(&Text)),
];
const CORS_CONFIGURATION: Table = &[
    ("AllowCredentials", Boolean),
    ("AllowHeaders", List(&Text)),
    ("AllowMethods", List(&Text)),
    ("AllowOrigins", List(&Text)),
    ("ExposeHeaders", List(&Text)),
    ("MaxAge", Integer),
];
const ROUTE_SETTINGS: Table = &[
    ("DataTraceEnabled", Boolean),
    ("DetailedMetricsEnabled", Boolean),
    ("LoggingLevel", Text),
    ("ThrottlingBurstLimit", Integer),
    ("ThrottlingRateLimit", Number),
];
/// The properties of the event type `HttpApi`.
pub(super) const EVENT: Table = &[
    ("ApiId", Rule(api_id)),
    ("Auth", Object(EVENT_AUTH)),
    ("Method", Text),
    ("Path", Text),
    ("PayloadFormatVersion", Text),
    ("RouteSettings", Object(ROUTE_SETTINGS)),
    ("TimeoutInMillis", Integer),
];
const EVENT_AUTH: Table = &[("AuthorizationScopes", List(&Text)), ("Authorizer", Plain(&Text))];

fn finish(context: &mut RuleContext<'_, '_>, node: &Node, properties: &mut JsonMap<String, Value>) {
    api_auth::check(context, node, api_auth::HTTP);
    check_stage(context, node);
    check_cors(context, node);
    api_definition::require_version(context, node);
    move_name_to_title(properties);
    if let Some(body) = node.get("DefinitionBody").filter(|_| default_authorizer(node).is_none()) {
        let message = "the routes of a `DefinitionBody` require `Auth.DefaultAuthorizer`";
        let help = "add `Auth.DefaultAuthorizer`: an HTTP API without it is public";
        context.within("DefinitionBody").refuse(FindingCode::NoAuthorizer, body.span, message, help);
    }
}

/// A browser sends credentials only to an API that names its origins.
fn check_cors(context: &mut RuleContext<'_, '_>, node: &Node) {
    let cors = node.get("CorsConfiguration").filter(|cors| combinations::is_true(cors, "AllowCredentials"));
    let Some(cors) = cors else { return };
    let origins = cors.get("AllowOrigins");
    let has_all =
        |origins: &Node| origins.as_sequence().is_some_and(|all| all.iter().any(|origin| origin.as_str() == Some("*")));
    if origins.is_none_or(has_all) {
        let message = "`AllowCredentials` requires `AllowOrigins` other than `*`";
        let context = &mut context.within("CorsConfiguration");
        context.refuse(FindingCode::Conflict, cors.span, message, "list the origins, such as `https://example.com`");
    }
}

/// API Gateway names an API with a definition after its title, and SAM then takes no `Name`.
fn move_name_to_title(properties: &mut JsonMap<String, Value>) {
    let Some(name) = properties.get("Name").cloned() else { return };
    let Some(body) = properties.get_mut("DefinitionBody").and_then(Value::as_object_mut) else { return };
    let info = body.entry("info").or_insert_with(|| json!({}));
    if let Some(info) = info.as_object_mut() {
        info.insert("title".to_owned(), name);
        properties.remove("Name");
    }
}

fn default_authorizer(properties: &Node) -> Option<&str> {
    authorizer(properties, "DefaultAuthorizer")
}

/// The name of an authorizer. To SAM an empty name means no authorizer.
fn authorizer<'n>(properties: &'n Node, name: &str) -> Option<&'n str> {
    properties.get("Auth")?.get(name)?.as_str().filter(|name| !name.is_empty())
}

fn api_id(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    local::by_ref(context, node, &[HTTP_API]);
    node.into()
}

/// The rule of an event's properties.
pub(super) fn event(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    implicit_api::require_api(context, &implicit_api::HTTP, node);
    let mut event = walk(EVENT, context, node);
    let own = authorizer(node, "Authorizer");
    let named = node.get("ApiId").and_then(Node::intrinsic).and_then(|call| call.argument.as_str());
    // The finding about a missing `ApiId` proposes the only API.
    let only = || match implicit_api::apis(context, &implicit_api::HTTP)[..] {
        [only] if node.get("ApiId").is_none() => Some(only),
        _ => None,
    };
    let api = named.or_else(only);
    let api = api.and_then(|logical_id| context.check.resources.get(logical_id)?.value.get("Properties"));
    let by_default = api.and_then(default_authorizer);
    match (own, by_default) {
        (None, None) => {
            let help = "set `Auth.Authorizer` of the event (`NONE` for a public route), or `Auth.DefaultAuthorizer` of the API";
            context.refuse(FindingCode::NoAuthorizer, node.span, "the route has no authorizer", help);
        }
        (Some("NONE"), None) => leave_out_authorizer(&mut event),
        _ => {}
    }
    Value::Object(event)
}

/// SAM takes `NONE` only where it overrides a default.
fn leave_out_authorizer(event: &mut JsonMap<String, Value>) {
    if let Some(auth) = event.get_mut("Auth").and_then(Value::as_object_mut) {
        auth.remove("Authorizer");
        if auth.is_empty() {
            event.remove("Auth");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::fixture::{RulesFixture, function};
    use crate::template::FindingCode;
    use serde_json::{Value, json};

    fn with(api: &Value, event: &Value) -> Value {
        let mut properties = json!({"ApiId": {"Ref": "api"}, "Path": "/x", "Method": "get"});
        properties.as_object_mut().unwrap().extend(event.as_object().unwrap().clone());
        json!({
            "api": {"Type": "AWS::Serverless::HttpApi", "Properties": api},
            "hello": function(json!({"Events": {"get": {"Type": "HttpApi", "Properties": properties}}})),
        })
    }

    const EVENT: &str = "hello.Properties.Events.get.Properties";

    #[test]
    fn route_without_authorizer_is_refused() {
        let empty_name = (json!({"Auth": {"DefaultAuthorizer": ""}}), json!({"Auth": {"Authorizer": ""}}));
        let empty_auth = (json!({"Auth": {}}), json!({"Auth": {}}));
        for (api, event) in [(json!({}), json!({})), empty_auth, empty_name] {
            RulesFixture::default().refuses(with(&api, &event), EVENT, FindingCode::NoAuthorizer);
        }
    }

    #[test]
    fn what_fenrir_has_no_permissions_for_is_refused() {
        for name in ["AccessLogSettings", "Domain"] {
            let api = json!({name: {}, "Auth": {"DefaultAuthorizer": "AWS_IAM"}});
            let path = format!("api.Properties.{name}");
            RulesFixture::default().refuses(with(&api, &json!({})), &path, FindingCode::NotAllowed);
        }
    }

    #[test]
    fn default_authorizer_is_enough() {
        let auth = json!({"Auth": {"DefaultAuthorizer": "AWS_IAM", "EnableIamAuthorizer": true}});
        let emitted = RulesFixture::default().accepts(with(&auth, &json!({})));
        assert_eq!(emitted["Resources"]["api"]["Properties"]["Name"], "fenrir-org-shop-development-api");
        RulesFixture::default().accepts(with(&auth, &json!({"Auth": {"Authorizer": "NONE"}})));
    }

    #[test]
    fn authorizer_none_is_removed_for_sam() {
        let public = with(&json!({}), &json!({"Auth": {"Authorizer": "NONE"}}));
        let emitted = RulesFixture::default().accepts(public);
        let event = &emitted["Resources"]["hello"]["Properties"]["Events"]["get"]["Properties"];
        assert_eq!(event, &json!({"ApiId": {"Ref": "api"}, "Path": "/x", "Method": "get"}));
    }

    #[test]
    fn definition_body_requires_a_default_authorizer() {
        let api = |api| json!({"api": {"Type": "AWS::Serverless::HttpApi", "Properties": api}});
        let body = json!({"openapi": "3.0.1", "paths": {}});
        let iam = json!({"DefaultAuthorizer": "AWS_IAM", "EnableIamAuthorizer": true});
        let path = "api.Properties.DefinitionBody";
        RulesFixture::default().refuses(api(json!({"DefinitionBody": body})), path, FindingCode::NoAuthorizer);
        RulesFixture::default().accepts(api(json!({"DefinitionBody": body, "Auth": iam})));
        let by_uri = api(json!({"DefinitionUri": "api.yml"}));
        RulesFixture::default().refuses(by_uri, "api.Properties.DefinitionUri", FindingCode::NotAllowed);
    }

    #[test]
    fn api_with_a_definition_is_named_by_its_title() {
        let auth = json!({"DefaultAuthorizer": "AWS_IAM", "EnableIamAuthorizer": true});
        let body = json!({"openapi": "3.0.1", "info": {"title": "mine", "version": "1"}, "paths": {}});
        let api =
            json!({"api": {"Type": "AWS::Serverless::HttpApi", "Properties": {"DefinitionBody": body, "Auth": auth}}});
        let emitted = RulesFixture::default().accepts(api);
        let properties = &emitted["Resources"]["api"]["Properties"];
        assert_eq!(properties.get("Name"), None);
        let info = json!({"title": "fenrir-org-shop-development-api", "version": "1"});
        assert_eq!(properties["DefinitionBody"]["info"], info);
    }

    #[test]
    fn authorizers_of_both_kinds_are_complete() {
        let with = |authorizer: Value| {
            let auth = json!({"Authorizers": {"own": authorizer}, "DefaultAuthorizer": "own"});
            json!({"hello": function(json!({})), "api": {"Type": "AWS::Serverless::HttpApi", "Properties": {"Auth": auth}}})
        };
        let arn = json!({"Fn::GetAtt": ["hello", "Arn"]});
        let jwt = json!({"issuer": "https://login.example.com"});
        RulesFixture::default().accepts(with(json!({"JwtConfiguration": jwt, "IdentitySource": "$request.header.A"})));
        RulesFixture::default().accepts(with(json!({"FunctionArn": arn, "AuthorizerPayloadFormatVersion": "2.0"})));
        let path = "api.Properties.Auth.Authorizers.own";
        for incomplete in
            [json!({"JwtConfiguration": jwt}), json!({"IdentitySource": "x"}), json!({"FunctionArn": arn})]
        {
            RulesFixture::default().refuses(with(incomplete), path, FindingCode::MissingProperty);
        }
    }

    #[test]
    fn credentials_need_named_origins() {
        let with = |cors: Value| json!({"api": {"Type": "AWS::Serverless::HttpApi", "Properties": {"CorsConfiguration": cors}}});
        let path = "api.Properties.CorsConfiguration";
        for origins in [json!({}), json!({"AllowOrigins": ["*"]})] {
            let mut cors = json!({"AllowCredentials": true});
            cors.as_object_mut().unwrap().extend(origins.as_object().unwrap().clone());
            RulesFixture::default().refuses(with(cors), path, FindingCode::Conflict);
        }
        RulesFixture::default().accepts(with(json!({"AllowCredentials": true, "AllowOrigins": ["https://a.b"]})));
    }

    #[test]
    fn event_needs_an_api_of_the_template() {
        let auth = json!({"Auth": {"Authorizer": "NONE"}});
        let mut resources = with(&json!({}), &auth);
        resources["hello"]["Properties"]["Events"]["get"]["Properties"]["ApiId"] = json!("abcdef");
        let fixture = RulesFixture::default();
        fixture.refuses(resources, &format!("{EVENT}.ApiId"), FindingCode::NotAReference);
        fixture.refuses(with(&json!({"Name": "x"}), &auth), "api.Properties.Name", FindingCode::NotAllowed);
    }
}
