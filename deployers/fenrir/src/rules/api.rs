//! `AWS::Serverless::Api`: a REST API, private by default.

use super::function_events::RESOURCE_POLICY;
use super::resource::ResourceType;
use super::rule_context::RuleContext;
use super::table::Shape::{
    Any, Boolean, Either, Integer, List, Map, Names, Number, Object, OneOf, Plain, Refused, Required, Rule, Text,
};
use super::table::Table;
use super::{api_auth, api_definition, api_role, code, combinations, names, reference_kinds as kinds, tags};
use crate::template::{FindingCode, Node};
use serde_json::{Map as JsonMap, Value, json};

pub(super) const TYPE: ResourceType = ResourceType {
    name: "AWS::Serverless::Api",
    table: PROPERTIES,
    named: Some(("Name", names::API)),
    finish,
    deletion_policy: None,
};

const PROPERTIES: Table = &[
    ("AccessLogSetting", Object(ACCESS_LOG_SETTING)),
    ("AlwaysDeploy", Boolean),
    ("ApiKeySourceType", Text),
    ("Auth", Object(AUTH)),
    ("BinaryMediaTypes", List(&Text)),
    ("CacheClusterEnabled", Boolean),
    ("CacheClusterSize", Text),
    ("CanarySetting", Object(CANARY_SETTING)),
    ("Cors", Either(&Text, &Object(CORS))),
    ("DefinitionBody", Rule(api_definition::definition)),
    ("DefinitionUri", Rule(code::uri)),
    ("Description", Text),
    ("DisableExecuteApiEndpoint", Boolean),
    ("Domain", Refused(NO_DOMAIN)),
    ("EndpointAccessMode", Text),
    ("EndpointConfiguration", Either(&Plain(&Text), &Object(ENDPOINT_CONFIGURATION))),
    ("FailOnWarnings", Boolean),
    ("GatewayResponses", Map(&Object(GATEWAY_RESPONSE))),
    ("MergeDefinitions", Boolean),
    ("MethodSettings", List(&Object(METHOD_SETTING))),
    ("MinimumCompressionSize", Integer),
    ("Mode", Text),
    ("Models", Map(&Map(&Any))),
    ("Name", Refused("Fenrir generates the name; remove the property")),
    ("OpenApiVersion", Text),
    ("Policy", Any),
    ("PropagateTags", Boolean),
    ("SecurityPolicy", Text),
    ("StageName", Required(&Text)),
    ("Tags", tags::MAP),
    ("TracingEnabled", Boolean),
    ("Variables", Map(&Text)),
];
const ENDPOINT_CONFIGURATION: Table = &[
    ("IpAddressType", Text),
    ("Type", Required(&ENDPOINT_TYPE)),
    ("VPCEndpointIds", List(&Names(&kinds::VPC_ENDPOINT))),
    ("VpcEndpointIds", List(&Names(&kinds::VPC_ENDPOINT))),
];
const ENDPOINT_TYPE: super::table::Shape = Plain(&OneOf(&["PRIVATE", "REGIONAL", "EDGE"]));

/// Why an API of either type has no domain.
pub(super) const NO_DOMAIN: &str = "create the domain outside of the template, and map it to the API: Fenrir's role has no permissions for \
    domains and DNS, because the name of a domain does not show which project owns it";

const ACCESS_LOG_SETTING: Table = &[("DestinationArn", Names(&kinds::ACCESS_LOG)), ("Format", Text)];
const AUTH: Table = &[
    ("AddApiKeyRequiredToCorsPreflight", Boolean),
    ("AddDefaultAuthorizerToCorsPreflight", Boolean),
    ("ApiKeyRequired", Boolean),
    ("Authorizers", Map(&Object(AUTHORIZER))),
    ("DefaultAuthorizer", Plain(&Text)),
    ("InvokeRole", api_role::OF_ROUTE),
    ("ResourcePolicy", Object(RESOURCE_POLICY)),
    ("UsagePlan", Object(USAGE_PLAN)),
];
/// A Cognito authorizer, or a function that gets a token or the request.
const AUTHORIZER: Table = &[
    ("AuthorizationScopes", List(&Text)),
    ("DisableFunctionDefaultPermissions", Boolean),
    ("FunctionArn", Names(&kinds::FUNCTION)),
    ("FunctionInvokeRole", api_role::OF_AUTHORIZER),
    ("FunctionPayloadType", OneOf(&["TOKEN", "REQUEST"])),
    ("Identity", Object(AUTHORIZER_IDENTITY)),
    ("UserPoolArn", Either(&Names(&kinds::USER_POOL), &List(&Names(&kinds::USER_POOL)))),
];
const AUTHORIZER_IDENTITY: Table = &[
    ("Context", List(&Text)),
    ("Header", Text),
    ("Headers", List(&Text)),
    ("QueryStrings", List(&Text)),
    ("ReauthorizeEvery", Integer),
    ("StageVariables", List(&Text)),
    ("ValidationExpression", Text),
];
const USAGE_PLAN: Table = &[
    ("CreateUsagePlan", Required(&OneOf(&["PER_API", "SHARED", "NONE"]))),
    ("Description", Text),
    ("Quota", Object(QUOTA)),
    ("Tags", List(&Object(tags::TAG))),
    ("Throttle", Object(THROTTLE)),
    ("UsagePlanName", Text),
];
const QUOTA: Table = &[("Limit", Integer), ("Offset", Integer), ("Period", Text)];
const THROTTLE: Table = &[("BurstLimit", Integer), ("RateLimit", Number)];
const CANARY_SETTING: Table = &[
    ("DeploymentId", Text),
    ("PercentTraffic", Number),
    ("StageVariableOverrides", Map(&Text)),
    ("UseStageCache", Boolean),
];
const CORS: Table = &[
    ("AllowCredentials", Boolean),
    ("AllowHeaders", Text),
    ("AllowMethods", Text),
    ("AllowOrigin", Text),
    ("MaxAge", Text),
];
const GATEWAY_RESPONSE: Table =
    &[("ResponseParameters", Object(RESPONSE_PARAMETERS)), ("ResponseTemplates", Map(&Text)), ("StatusCode", Text)];
const RESPONSE_PARAMETERS: Table = &[("Headers", Map(&Text)), ("Paths", Map(&Text)), ("QueryStrings", Map(&Text))];
const METHOD_SETTING: Table = &[
    ("CacheDataEncrypted", Boolean),
    ("CacheTtlInSeconds", Integer),
    ("CachingEnabled", Boolean),
    ("DataTraceEnabled", Boolean),
    ("HttpMethod", Text),
    ("LoggingLevel", Text),
    ("MetricsEnabled", Boolean),
    ("ResourcePath", Text),
    ("ThrottlingBurstLimit", Integer),
    ("ThrottlingRateLimit", Number),
];
fn finish(context: &mut RuleContext<'_, '_>, node: &Node, properties: &mut JsonMap<String, Value>) {
    check_definition(context, node);
    check_stage(context, node);
    check_cors(context, node);
    check_status_codes(context, node);
    check_models(context, node);
    api_definition::require_version(context, node);
    api_auth::check(context, node, api_auth::REST);
    match node.get("EndpointConfiguration") {
        Some(text) if text.as_mapping().is_none() => {
            ENDPOINT_TYPE.walk(&mut context.within("EndpointConfiguration"), text);
        }
        Some(endpoint) => {
            let context = &mut context.within("EndpointConfiguration");
            combinations::exclude(context, endpoint, "VPCEndpointIds", "VpcEndpointIds");
        }
        None => {
            properties.insert("EndpointConfiguration".to_owned(), json!({"Type": "PRIVATE"}));
        }
    }
}

/// SAM writes these properties into a definition, which it has to have.
fn check_definition(context: &mut RuleContext<'_, '_>, node: &Node) {
    for name in [
        "DefinitionBody",
        "MergeDefinitions",
        "Cors",
        "Auth",
        "GatewayResponses",
        "Models",
        "DisableExecuteApiEndpoint",
    ] {
        combinations::exclude(context, node, "DefinitionUri", name);
    }
    let version = node.get("OpenApiVersion").and_then(Node::as_str);
    if let Some(version) = version.filter(|version| *version != "2.0" && !is_version_3(version)) {
        let message = format!("`{version}` is not a version of OpenAPI that SAM takes");
        let span = node.get("OpenApiVersion").and_then(|node| node.span);
        context.within("OpenApiVersion").refuse(FindingCode::InvalidValue, span, message, "write 3.0.1, or 2.0");
    }
}

/// SAM takes `3.x` and `3.x.y`.
fn is_version_3(version: &str) -> bool {
    let minor = version.strip_prefix("3.").unwrap_or_default();
    let numbers: Vec<&str> = minor.split('.').collect();
    let is_digit = |number: &&str| number.len() == 1 && number.bytes().all(|byte| byte.is_ascii_digit());
    matches!(numbers.len(), 1 | 2) && numbers.iter().all(is_digit)
}

/// The name of a stage is a part of the URL. (<https://docs.aws.amazon.com/apigateway/latest/api/API_CreateStage.html>)
pub(super) fn check_stage(context: &mut RuleContext<'_, '_>, node: &Node) {
    let Some(stage) = node.get("StageName") else { return };
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let is_wrong = |name: &&str| *name != "$default" && (name.is_empty() || !name.bytes().all(is_letter));
    if let Some(name) = stage.as_str().filter(is_wrong) {
        let message = format!("`{name}` is not the name of a stage");
        let help = "use letters, digits, `-` and `_`";
        context.within("StageName").refuse(FindingCode::InvalidName, stage.span, message, help);
    }
}

/// SAM reads the type of each model.
fn check_models(context: &mut RuleContext<'_, '_>, node: &Node) {
    let models = node.get("Models").and_then(Node::as_mapping).into_iter().flatten();
    for (name, entry) in models.filter(|(_, entry)| entry.value.as_mapping().is_some()) {
        if entry.value.get("type").and_then(Node::as_str).is_none_or(str::is_empty) {
            let mut context = context.within("Models");
            let context = &mut context.within(name);
            context.refuse(FindingCode::MissingProperty, entry.value.span, "`type` is missing", "add `type: object`");
        }
    }
}

fn check_status_codes(context: &mut RuleContext<'_, '_>, node: &Node) {
    let responses = node.get("GatewayResponses").and_then(Node::as_mapping);
    let mut context = context.within("GatewayResponses");
    for (name, entry) in responses.into_iter().flatten() {
        let Some(code) = entry.value.get("StatusCode").filter(|code| code.intrinsic().is_none()) else { continue };
        let text = Value::from(code).to_string();
        let text = text.trim_matches('"');
        if text.is_empty() || text.len() > 3 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            let mut context = context.within(name);
            let message = format!("`{text}` is not an HTTP status code");
            context.within("StatusCode").refuse(
                FindingCode::InvalidValue,
                code.span,
                message,
                "write a number, such as 401",
            );
        }
    }
}

/// A browser sends credentials only to an API that names its origins.
fn check_cors(context: &mut RuleContext<'_, '_>, node: &Node) {
    let Some(cors) = node.get("Cors").filter(|cors| combinations::is_true(cors, "AllowCredentials")) else { return };
    let origin = cors.get("AllowOrigin");
    if origin.is_none_or(|origin| origin.as_str().is_some_and(|text| text.trim_matches('\'') == "*")) {
        let message = "`AllowCredentials` requires an `AllowOrigin` other than `*`";
        let context = &mut context.within("Cors");
        context.refuse(
            FindingCode::Conflict,
            cors.span,
            message,
            "write the origin, such as `\"'https://example.com'\"`",
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::fixture::RulesFixture;
    use crate::template::FindingCode;
    use serde_json::{Value, json};

    fn api(mut properties: Value) -> Value {
        properties["StageName"] = json!("dev");
        json!({"api": {"Type": "AWS::Serverless::Api", "Properties": properties}})
    }

    #[test]
    fn api_gets_a_name_and_is_private() {
        let emitted = RulesFixture::default().accepts(api(json!({})));
        let properties = &emitted["Resources"]["api"]["Properties"];
        assert_eq!(properties["Name"], "fenrir-org-shop-development-api");
        assert_eq!(properties["EndpointConfiguration"], json!({"Type": "PRIVATE"}));
    }

    #[test]
    fn endpoint_is_a_string_or_a_mapping() {
        let fixture = RulesFixture::default();
        for open in [json!("REGIONAL"), json!("EDGE"), json!({"Type": "REGIONAL"})] {
            let emitted = fixture.accepts(api(json!({"EndpointConfiguration": open})));
            assert_eq!(emitted["Resources"]["api"]["Properties"]["EndpointConfiguration"], open);
        }
        for (wrong, path, code) in [
            (json!("PUBLIC"), "", FindingCode::InvalidValue),
            (json!(0), "", FindingCode::WrongType),
            (json!({"Ref": "AWS::Region"}), "", FindingCode::NotALiteral),
            (json!({"Type": "PUBLIC"}), ".Type", FindingCode::InvalidValue),
            (json!({}), "", FindingCode::MissingProperty),
            (json!([]), "", FindingCode::WrongType),
        ] {
            let path = &format!("api.Properties.EndpointConfiguration{path}");
            fixture.refuses(api(json!({"EndpointConfiguration": wrong})), path, code);
        }
    }

    #[test]
    fn domain_is_refused() {
        let domain = api(json!({"Domain": {"DomainName": "example.com", "CertificateArn": "arn:x"}}));
        RulesFixture::default().refuses(domain, "api.Properties.Domain", FindingCode::NotAllowed);
    }

    #[test]
    fn stage_is_required_and_name_is_refused() {
        let fixture = RulesFixture::default();
        fixture.refuses(api(json!({"Name": "x"})), "api.Properties.Name", FindingCode::NotAllowed);
        let without_stage = json!({"api": {"Type": "AWS::Serverless::Api"}});
        fixture.refuses(without_stage, "api.Properties", FindingCode::MissingProperty);
    }

    #[test]
    fn both_spellings_of_endpoints_are_taken_once() {
        let endpoints = json!(["vpce-0a1b2c3d"]);
        for name in ["VPCEndpointIds", "VpcEndpointIds"] {
            let one = api(json!({"EndpointConfiguration": {"Type": "PRIVATE", name: endpoints}}));
            assert!(!RulesFixture::default().needs(one).is_empty(), "{name}");
        }
        let both = json!({"Type": "PRIVATE", "VPCEndpointIds": endpoints, "VpcEndpointIds": endpoints});
        let path = "api.Properties.EndpointConfiguration.VpcEndpointIds";
        RulesFixture::default().refuses(api(json!({"EndpointConfiguration": both})), path, FindingCode::Conflict);
    }

    #[test]
    fn what_sam_writes_into_a_definition_needs_one() {
        let fixture = RulesFixture::default();
        for name in ["Auth", "Cors", "Models", "GatewayResponses"] {
            let path = format!("api.Properties.{name}");
            fixture.refuses(api(json!({"DefinitionUri": "api.yml", name: {}})), &path, FindingCode::Conflict);
        }
        let body = |body: Value| api(json!({"DefinitionBody": body, "Cors": "'*'"}));
        for known in [json!({"openapi": "3.0.1", "paths": {}}), json!({"swagger": "2.0", "paths": {}})] {
            fixture.accepts(body(known));
        }
        for unknown in [json!({"openapi": "2.0", "paths": {}}), json!({"openapi": "3.0.1"}), json!({"paths": {}})] {
            fixture.refuses(body(unknown), "api.Properties.DefinitionBody", FindingCode::MissingProperty);
        }
    }

    #[test]
    fn values_that_sam_or_a_browser_refuses_are_refused() {
        for (properties, path, code) in [
            (json!({"OpenApiVersion": "4.0"}), "OpenApiVersion", FindingCode::InvalidValue),
            (json!({"Cors": {"AllowCredentials": true}}), "Cors", FindingCode::Conflict),
            (json!({"Cors": {"AllowCredentials": true, "AllowOrigin": "'*'"}}), "Cors", FindingCode::Conflict),
            (json!({"Models": {"Pet": {"properties": {}}}}), "Models.Pet", FindingCode::MissingProperty),
            (json!({"Models": {"Pet": "object"}}), "Models.Pet", FindingCode::WrongType),
            (
                json!({"GatewayResponses": {"DEFAULT_4XX": {"StatusCode": "4xx"}}}),
                "GatewayResponses.DEFAULT_4XX.StatusCode",
                FindingCode::InvalidValue,
            ),
        ] {
            RulesFixture::default().refuses(api(properties), &format!("api.Properties.{path}"), code);
        }
        RulesFixture::default().accepts(api(json!({
            "OpenApiVersion": "3.0.1", "Cors": {"AllowHeaders": "'X-Shop'"}, "Models": {"Pet": {"type": "object"}},
            "GatewayResponses": {"DEFAULT_4XX": {"StatusCode": 401}},
        })));
        let stage = json!({"api": {"Type": "AWS::Serverless::Api", "Properties": {"StageName": "my stage"}}});
        RulesFixture::default().refuses(stage, "api.Properties.StageName", FindingCode::InvalidName);
    }

    #[test]
    fn definition_is_a_file_of_the_release() {
        let fixture = RulesFixture::default();
        fixture.accepts(api(json!({"DefinitionUri": "api.yml"})));
        let outside = api(json!({"DefinitionUri": "../api.yml"}));
        fixture.refuses(outside, "api.Properties.DefinitionUri", FindingCode::InvalidPath);
    }
}
