use crate::rules::Lookup;
use crate::rules::fixture::{RulesFixture, function};
use crate::template::FindingCode;
use serde_json::{Value, json};

fn with(extension: &str, value: &Value) -> Value {
    let body = json!({"openapi": "3.0.1", "paths": {"/x": {"get": {extension: value}}}});
    json!({
        "api": {"Type": "AWS::Serverless::Api", "Properties": {"StageName": "live", "DefinitionBody": body}},
        "hello": function(json!({})),
        "jobs": {"Type": "AWS::SQS::Queue"},
    })
}

const INTEGRATION: &str = "x-amazon-apigateway-integration";
const AUTHORIZER: &str = "x-amazon-apigateway-authorizer";

fn path(extension: &str, rest: &str) -> String {
    format!("api.Properties.DefinitionBody.paths./x.get.{extension}.{rest}")
}

fn with_uri(uri: &Value) -> Value {
    with(INTEGRATION, &json!({"type": "aws_proxy", "httpMethod": "POST", "uri": uri}))
}

const INVOCATION: &str = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions";

#[test]
fn functions_of_the_template_and_public_urls_may_be_called() {
    for uri in [
        json!({"Fn::Sub": format!("{INVOCATION}/${{hello.Arn}}/invocations")}),
        json!({"Fn::Sub": format!("{INVOCATION}/${{hello.Arn}}:live/invocations")}),
        json!({"Fn::Sub": format!(
            "{INVOCATION}/arn:aws:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:${{hello}}/invocations"
        )}),
        json!({"Fn::GetAtt": ["hello", "Arn"]}),
        json!("https://example.com/x"),
    ] {
        RulesFixture::default().accepts(with_uri(&uri));
    }
    RulesFixture::default().accepts(with(INTEGRATION, &json!({"type": "mock"})));
}

#[test]
fn functions_of_others_are_refused() {
    let victim = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:111111111111:function:victim/invocations";
    RulesFixture::default().refuses(with_uri(&json!(victim)), &path(INTEGRATION, "uri"), FindingCode::OtherProject);
    let near = victim.replace("111111111111", "000000000000");
    let lookup = Lookup::Tags("arn:aws:lambda:us-east-1:000000000000:function:victim".to_owned());
    assert_eq!(RulesFixture::default().needs(with_uri(&json!(near))), [lookup]);
    for uri in [
        json!({"Fn::Sub": format!("{INVOCATION}/x${{hello.Arn}}/invocations")}),
        json!({"Fn::Sub": [format!("{INVOCATION}/${{f}}/invocations"), {"f": {"Fn::ImportValue": "victim"}}]}),
        json!({"Fn::ImportValue": "victim"}),
        json!(format!("{INVOCATION}/${{stageVariables.function}}/invocations")),
        json!("arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/x/invocations"),
    ] {
        RulesFixture::default().refuses(with_uri(&uri), &path(INTEGRATION, "uri"), FindingCode::NotAReference);
    }
}

#[test]
fn integration_with_a_service_is_refused() {
    let uri = "arn:aws:apigateway:us-east-1:sqs:path/000000000000/victim";
    for (integration, at) in [
        (json!({"type": "aws", "uri": uri}), "uri"),
        (json!({"type": "aws", "uri": {"Fn::Sub": "arn:aws:apigateway:${AWS::Region}:sqs:path/x"}}), "uri"),
        (json!({"type": "aws_proxy", "integrationSubtype": "SQS-SendMessage"}), "integrationSubtype"),
    ] {
        RulesFixture::default().refuses(
            with(INTEGRATION, &integration),
            &path(INTEGRATION, at),
            FindingCode::NotAllowed,
        );
    }
}

/// API Gateway would need `iam:PassRole` of Fenrir's role.
#[test]
fn roles_are_refused() {
    let uri = json!({"Fn::Sub": format!("{INVOCATION}/${{hello.Arn}}/invocations")});
    for role in [json!({"Fn::GetAtt": ["helloRole", "Arn"]}), json!("arn:aws:iam::000000000000:role/shop")] {
        let integration = with(INTEGRATION, &json!({"type": "aws_proxy", "uri": uri, "credentials": role}));
        RulesFixture::default().refuses(integration, &path(INTEGRATION, "credentials"), FindingCode::NotAllowed);
        let authorizer = with(AUTHORIZER, &json!({"authorizerUri": uri, "authorizerCredentials": role}));
        let at = path(AUTHORIZER, "authorizerCredentials");
        RulesFixture::default().refuses(authorizer, &at, FindingCode::NotAllowed);
    }
}

#[test]
fn links_and_authorizers_are_checked_at_any_depth() {
    let link = json!({"default": {"connectionType": "VPC_LINK", "connectionId": "abc"}});
    let components = with("x-amazon-apigateway-integrations", &link);
    let at = path("x-amazon-apigateway-integrations", "default.connectionId");
    RulesFixture::default().refuses(components, &at, FindingCode::NotAllowed);
    let mixed = with("X-Amazon-ApiGateway-Integration", &json!({"ConnectionId": "abc"}));
    let at = path("X-Amazon-ApiGateway-Integration", "ConnectionId");
    RulesFixture::default().refuses(mixed, &at, FindingCode::NotAllowed);
    for (authorizer, rest, code) in [
        (
            json!({"authorizerUri": "arn:aws:lambda:us-east-1:111111111111:function:x"}),
            "authorizerUri",
            FindingCode::OtherProject,
        ),
        (
            json!({"providerARNs": ["arn:aws:cognito-idp:us-east-1:111111111111:userpool/x"]}),
            "providerARNs.0",
            FindingCode::OtherProject,
        ),
    ] {
        RulesFixture::default().refuses(with(AUTHORIZER, &authorizer), &path(AUTHORIZER, rest), code);
    }
    let schema = with("requestBody", &json!({"properties": {"uri": {"type": "string"}, "credentials": "text"}}));
    RulesFixture::default().accepts(schema);
}

#[test]
fn definition_is_a_mapping() {
    for body in [json!("text"), json!({"Fn::ImportValue": "x"})] {
        let api = json!({"api": {"Type": "AWS::Serverless::Api", "Properties": {"StageName": "live", "DefinitionBody": body}}});
        let found = RulesFixture::default().with(api).findings;
        assert!(found.refuse(), "{found}");
    }
}
