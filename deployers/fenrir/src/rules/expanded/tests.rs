use super::check_expanded;
use crate::rules::fixture::facts_of;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const ALLOWED: &str = "arn:aws:sns:us-east-1:000000000000:allowed";

/// The findings for a template with a resource `x`, and with a function, an alias, a queue and an API; each as `path code`.
fn findings(kind: &str, properties: &Value) -> Vec<String> {
    let template = json!({"Resources": {
        "x": {"Type": kind, "Properties": properties},
        "hello": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "fenrir-org-shop-development-hello"}},
        "helloAliaslive": {"Type": "AWS::Lambda::Alias", "Properties": {}},
        "jobs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "fenrir-org-shop-development-jobs"}},
        "api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {}},
        "stage": {"Type": "AWS::ApiGateway::Stage", "Properties": {"StageName": "victim"}},
    }});
    let findings =
        facts_of("org/shop", |facts| check_expanded(&template, &BTreeSet::from([ALLOWED.to_owned()]), facts));
    findings.all().iter().map(|finding| format!("{} {}", finding.path, finding.code)).collect()
}

#[test]
fn resources_of_the_stack_are_accepted() {
    for value in [
        json!(ALLOWED),
        json!({"Fn::Sub": "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:allowed"}),
        json!({"Fn::GetAtt": ["jobs", "Arn"]}),
        json!({"Ref": "helloAliaslive"}),
        json!({"Fn::Sub": ["arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:${q}", {"q": {"Fn::GetAtt": ["jobs", "QueueName"]}}]}),
        json!({"Fn::Sub": ["arn:aws:lambda:us-east-1:000000000000:function:${f}*", {"f": {"Ref": "hello"}}]}),
        json!({"Fn::Sub": ["arn:aws:execute-api:us-east-1:000000000000:${a}/${s}/GET/x", {"a": {"Ref": "api"}, "s": {"Ref": "stage"}}]}),
        json!("arn:aws:lambda:us-east-1:000000000000:function:fenrir-org-shop-development-hello:live"),
        json!("plain text"),
    ] {
        assert_eq!(findings("AWS::Lambda::EventSourceMapping", &json!({"A": {"b": [value]}})), [""; 0], "{value}");
    }
}

#[test]
fn resources_of_others_are_refused_in_any_property() {
    for value in [
        json!("arn:aws:sns:us-east-1:000000000000:victim"),
        json!("arn:aws:sns:us-east-1:111111111111:allowed"),
        json!("ARN:aws:sns:us-east-1:000000000000:victim"),
        json!({"Fn::Join": [":", ["arn", "aws:sns:us-east-1:000000000000:victim"]]}),
        json!({"Fn::Sub": ["${a}${b}", {"a": "ar", "b": "n:aws:sns:us-east-1:000000000000:victim"}]}),
        json!({"Fn::If": ["c", "arn:aws:sns:us-east-1:000000000000:victim", "x"]}),
        json!({"Fn::Sub": "arn:aws:sqs:us-east-1:000000000000:${stage}"}),
        json!({"Fn::Sub": "arn:aws:sqs:us-east-1:000000000000:${jobs.QueueName}x"}),
        json!({"Fn::Sub": "arn:aws:sns:us-east-1:000000000000:${jobs.QueueName}"}),
        json!("arn:aws:iam::aws:policy/AdministratorAccess"),
        json!("https://sqs.us-east-1.amazonaws.com/000000000000/victim"),
        json!("https://us-east-1.queue.amazonaws.com/000000000000/victim"),
        json!("s3://victim/key"),
        json!("victim.s3.us-east-1.amazonaws.com"),
    ] {
        let found = findings("AWS::Lambda::EventSourceMapping", &json!({"New": {"b": [value]}}));
        let prefix = "Resources.x.Properties.New.b.0";
        assert!(matches!(found.as_slice(), [one] if one.starts_with(prefix)), "{value}: {found:?}");
    }
}

#[test]
fn unknown_value_is_refused_where_a_resource_is_named() {
    let import = json!({"Fn::ImportValue": "x"});
    let found = findings("AWS::Lambda::Function", &json!({"RoleArn": import, "VpcId": import}));
    assert_eq!(found, ["Resources.x.Properties.RoleArn template/not-a-reference"]);
}

#[test]
fn other_types_are_refused() {
    let found = findings("AWS::S3::Bucket", &json!({}));
    assert_eq!(found, ["Resources.x.Type template/unknown-type"].map(|text| text.replace(".Type", "")));
    let queue = json!({"jobs": {"Type": "AWS::SQS::Queue"}});
    for whole in [json!({"Transform": "AWS::Serverless-2016-10-31", "Resources": queue}), json!({}), json!("text")] {
        assert!(facts_of("org/shop", |facts| check_expanded(&whole, &BTreeSet::new(), facts)).refuse());
    }
}

#[test]
fn text_is_not_a_reference() {
    let victim = "arn:aws:sns:us-east-1:000000000000:victim";
    for (kind, properties) in [
        ("AWS::Lambda::Function", json!({"Environment": {"Variables": {"A": victim}}, "Description": victim})),
        ("AWS::Events::Rule", json!({"EventPattern": {"resources": [victim]}})),
        ("AWS::ApiGateway::RestApi", json!({"Policy": {"Statement": [{"Resource": victim}]}})),
        ("AWS::ApiGateway::RestApi", json!({"Body": {"info": {"description": victim}}})),
        ("AWS::Lambda::Permission", json!({"SourceArn": "arn:aws:events:us-east-1:000000000000:rule/*"})),
    ] {
        assert_eq!(findings(kind, &properties), [""; 0], "{kind}");
    }
    let other = json!({"SourceArn": "arn:aws:events:us-east-1:111111111111:rule/*"});
    assert_eq!(findings("AWS::Lambda::Permission", &other).len(), 1);
}

#[test]
fn definition_names_resources_in_extensions() {
    let body =
        |uri: Value| json!({"Body": {"paths": {"/x": {"get": {"x-amazon-apigateway-integration": {"uri": uri}}}}}});
    let start = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions";
    for own in [
        json!({"Fn::Sub": format!("{start}/${{helloAliaslive}}/invocations")}),
        json!({"Fn::Sub": format!("{start}/${{hello.Arn}}/invocations")}),
        json!("https://example.com"),
    ] {
        assert_eq!(findings("AWS::ApiGateway::RestApi", &body(own)), [""; 0]);
    }
    for other in [
        json!(format!("{start}/arn:aws:lambda:us-east-1:000000000000:function:victim/invocations")),
        json!({"Fn::Sub": format!("{start}/${{stage}}/invocations")}),
        json!({"Fn::ImportValue": "x"}),
    ] {
        assert_eq!(findings("AWS::ApiGateway::RestApi", &body(other)).len(), 1);
    }
}
