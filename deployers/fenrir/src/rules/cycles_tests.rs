use crate::rules::fixture::{RulesFixture, function};
use crate::template::FindingCode::CircularDependency;
use serde_json::{Value, json};

fn of_api(api: &str) -> Value {
    json!({"get": {"Type": "Api", "Properties": {"RestApiId": {"Ref": api}, "Path": "/", "Method": "get"}}})
}

fn api() -> Value {
    json!({"Type": "AWS::Serverless::Api", "Properties": {"StageName": "live"}})
}

fn variable(value: &Value) -> Value {
    json!({"Variables": {"ApiId": value}})
}

fn queue(needed: &Value) -> Value {
    json!({"Type": "AWS::SQS::Queue", "DependsOn": needed})
}

/// The circles of a template, each with the resource at which it is reported.
fn circles(resources: Value) -> Vec<String> {
    let findings = RulesFixture::default().with(resources).findings;
    let circle = |finding: &crate::template::TemplateFinding| {
        assert_eq!(finding.code, CircularDependency, "{finding}");
        format!("{}: {}", finding.path.trim_start_matches("Resources."), finding.message)
    };
    findings.all().iter().map(circle).collect()
}

#[test]
fn circle_names_all_of_its_resources() {
    for (resources, expected) in [
        (json!({"a": queue(&json!("a"))}), "a: `a` depends on itself"),
        (
            json!({"a": queue(&json!("b")), "b": queue(&json!(["c"])), "c": queue(&json!("a")), "d": queue(&json!("a"))}),
            "a: circular dependency: `a` -> `b` -> `c` -> `a`",
        ),
        (
            json!({"hello": function(json!({"Environment": variable(&json!({"Fn::GetAtt": ["hello", "Arn"]}))}))}),
            "hello: `hello` depends on itself",
        ),
    ] {
        assert_eq!(circles(resources), [expected]);
    }
}

#[test]
fn long_circle_is_shortened() {
    let queues = (0..100).map(|at| (format!("q{at}"), queue(&json!(format!("q{}", (at + 1) % 100)))));
    let found = circles(Value::Object(queues.collect()));
    assert!(
        matches!(found.as_slice(), [one] if one.contains("`q0` -> `q1` -> ") && one.ends_with("`q18` -> (81 more) -> `q0`")),
        "{found:?}"
    );
}

#[test]
fn circle_through_generated_resources_is_refused() {
    let published =
        |value: Value| json!({"hello": function(json!({"AutoPublishAlias": "live", "Environment": variable(&value)}))});
    for (resources, expected) in [
        (
            json!({"api": api(), "hello": function(json!({"Events": of_api("api"), "Environment": variable(&json!({"Ref": "api"}))}))}),
            "hello: circular dependency: `hello` -> `api` -> `hello`",
        ),
        (
            published(json!({"Ref": "hello.Version"})),
            "hello: circular dependency: `hello` -> `hello.Version` -> `hello`",
        ),
        (
            json!({"hello": function(json!({"Policies": [{"LambdaInvokePolicy": {"FunctionName": {"Ref": "hello"}}}]}))}),
            "hello: circular dependency: `helloRole` -> `hello` -> `helloRole`",
        ),
    ] {
        assert_eq!(circles(resources), [expected]);
    }
    let by_alias = circles(published(json!({"Ref": "hello.Alias"})));
    assert_eq!(by_alias, ["hello: circular dependency: `hello` -> `helloAliaslive` -> `hello.Version` -> `hello`"]);
}

/// None of these is a circle, although the source of a generated resource is part of one.
#[test]
fn references_of_generated_resources_are_their_own() {
    let alarm = json!({"Type": "AWS::CloudWatch::Alarm", "Properties": {
        "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "MetricName": "Errors", "Namespace": "AWS/Lambda",
        "Period": 60, "Statistic": "Sum", "Threshold": 0, "Dimensions": [{"Name": "ExecutedVersion", "Value": {"Fn::GetAtt": ["hello", "Version.Version"]}}],
    }});
    RulesFixture::default().accepts(json!({
        "hello": function(json!({
            "AutoPublishAlias": "live", "DeploymentPreference": {"Type": "AllAtOnce", "Alarms": [{"Ref": "errors"}]},
            "Events": {"jobs": {"Type": "SQS", "Properties": {"Queue": {"Fn::GetAtt": ["jobs", "Arn"]}}}},
        })),
        "jobs": queue(&json!("helloAliaslive")),
        "errors": alarm,
    }));
}
