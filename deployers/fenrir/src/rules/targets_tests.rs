use crate::rules::fixture::{RulesFixture, function};
use crate::template::FindingCode::{self, InvalidArgument, UnknownResource, UnsupportedAttribute};
use serde_json::{Value, json};

/// A template with an output, whose resources generate most types.
fn with_output(value: &Value) -> Value {
    let usage_plan = json!({"UsagePlan": {"CreateUsagePlan": "PER_API"}, "Authorizers": {"ours": {
        "FunctionArn": {"Fn::GetAtt": ["worker", "Arn"]},
    }}});
    let resources = json!({
        "hello": function(json!({
            "AutoPublishAlias": "pre-prod", "DeploymentPreference": {"Type": "AllAtOnce"}, "Layers": [{"Ref": "shared"}],
            "EventInvokeConfig": {"DestinationConfig": {"OnFailure": {"Type": "SQS"}}},
            "Events": {
                "get": {"Type": "Api", "Properties": {"RestApiId": {"Ref": "api"}, "Path": "/", "Method": "get"}},
                "tick": {"Type": "Schedule", "Properties": {"Schedule": "rate(1 day)"}},
            },
        })),
        "worker": function(json!({})),
        "jobs": {"Type": "AWS::SQS::Queue"},
        "things": {"Type": "AWS::Serverless::SimpleTable"},
        "shared": {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "layer"}},
        "api": {"Type": "AWS::Serverless::Api", "Properties": {"StageName": "pre-prod", "Auth": usage_plan}},
        "open": {"Type": "AWS::Serverless::Api", "Properties": {"StageName": "v1"}},
        "http": {"Type": "AWS::Serverless::HttpApi"},
    });
    json!({
        "Transform": "AWS::Serverless-2016-10-31", "Resources": resources, "Outputs": {"out": {"Value": value}},
    })
}

/// The findings of the output, each with its code and its remedy.
fn findings(value: &Value) -> Vec<(FindingCode, String)> {
    let found = RulesFixture::default().apply(&with_output(value)).findings;
    assert!(found.all().iter().all(|finding| finding.path.starts_with("Outputs.out.Value")), "{found}");
    found.all().iter().map(|finding| (finding.code, finding.help.clone().unwrap_or_default())).collect()
}

#[test]
fn what_sam_generates_can_be_referred_to() {
    for name in [
        "helloRole",
        "helloAliaspreDprod",
        "hello.Alias",
        "hello.Version",
        "hello.DestinationQueue",
        "helloEventInvokeConfig",
        "helloEventInvokeConfigOnFailureQueue",
        "hellogetPermission89703f297c",
        "hellotick",
        "hellotickPermission",
        "helloDeploymentGroup",
        "ServerlessDeploymentApplication",
        "CodeDeployServiceRole",
        "apiStage89703f297c",
        "api.Stage",
        "api.Deployment",
        "api.UsagePlan",
        "apiUsagePlan",
        "apiUsagePlanKey",
        "apiApiKey",
        "apioursAuthorizerPermission",
        "openv1Stage",
        "httpApiGatewayDefaultStage",
        "http.Stage",
        "shared",
    ] {
        for value in [json!({"Ref": name}), json!({"Fn::Sub": format!("x-${{{name}}}")})] {
            assert_eq!(findings(&value), [], "{value}");
        }
    }
}

#[test]
fn attributes_of_the_expanded_types_are_accepted() {
    for path in [
        "hello.Arn",
        "hello.Version.Version",
        "hello.Version.FunctionArn",
        "hello.Alias.AliasArn",
        "helloAliaspreDprod.AliasArn",
        "helloRole.Arn",
        "hello.SnapStartResponse.ApplyOn",
        "hellotick.Arn",
        "things.StreamArn",
        "jobs.QueueUrl",
        "api.RootResourceId",
        "api.ApiKey.APIKeyId",
        "http.ApiEndpoint",
        "shared.LayerVersionArn",
    ] {
        let (first, rest) = path.split_once('.').unwrap();
        let (start, last) = path.rsplit_once('.').unwrap();
        for value in [
            json!({"Fn::Sub": format!("${{{path}}}")}),
            json!({"Fn::GetAtt": [first, rest]}),
            json!({"Fn::GetAtt": path}),
            json!({"Fn::GetAtt": [start, last]}),
        ] {
            assert_eq!(findings(&value), [], "{value}");
        }
    }
}

#[test]
fn attribute_that_does_not_exist_is_refused_with_a_proposal() {
    for (path, proposed) in [
        ("jobs.arn", "did you mean `Arn`?"),
        ("jobs.URL", "did you mean `QueueUrl`?"),
        ("hello.FunctionArn", "did you mean `Arn`?"),
        ("hello.Version.Arn", "did you mean `FunctionArn`?"),
        ("helloRole.Path", "attributes: Arn, RoleId"),
        ("api.Arn", "attributes: RestApiId, RootResourceId"),
        ("api.Stage.Name", "use `!Ref`: the type has no attributes"),
        ("apiStage89703f297c.Name", "use `!Ref`: the type has no attributes"),
    ] {
        for value in [json!({"Fn::GetAtt": path}), json!({"Fn::Sub": format!("a ${{{path}}} b")})] {
            assert_eq!(findings(&value), [(UnsupportedAttribute, proposed.to_owned())], "{value}");
        }
    }
}

#[test]
fn what_this_template_does_not_generate_is_refused() {
    for (name, code, proposed) in [
        ("worker.Alias", UnknownResource, "`AutoPublishAlias`"),
        ("worker.Version", UnknownResource, "`AutoPublishAlias`"),
        ("worker.DestinationTopic", UnknownResource, "`EventInvokeConfig`"),
        ("open.UsagePlan", UnknownResource, "`Auth.UsagePlan`"),
        ("workerUrl", UnknownResource, ""),
        ("workerAliaslive", UnknownResource, ""),
        ("helloAliaslive", UnknownResource, "`!Ref hello.Alias`"),
        ("helloVersion0123456789", UnknownResource, "`!Ref hello.Version`"),
        ("hellotockPermission", UnknownResource, "`hellotickPermission`"),
        ("openv2Stage", UnknownResource, "`openv1Stage`"),
        ("jobs.Alias", InvalidArgument, "`!Ref jobs`"),
        ("hello.Arn", InvalidArgument, "`!GetAtt hello.Arn`"),
        ("helo.Alias", UnknownResource, "`hello`"),
    ] {
        let found = findings(&json!({"Ref": name}));
        assert!(
            matches!(found.as_slice(), [(found, help)] if *found == code && help.contains(proposed)),
            "{name}: {found:?}"
        );
    }
    let found = findings(&json!({"Fn::GetAtt": ["hello", "Alias"]}));
    assert!(matches!(found.as_slice(), [(InvalidArgument, help)] if help.contains("`!Ref hello.Alias`")), "{found:?}");
    assert_eq!(findings(&json!({"Fn::GetAtt": ["worker", "Alias.AliasArn"]}))[0].0, UnknownResource);
}

/// CloudFormation does not know the name that SAM would have replaced.
#[test]
fn depends_on_takes_only_logical_ids() {
    let with = |needed: &str| {
        json!({
            "jobs": {"Type": "AWS::SQS::Queue", "DependsOn": [needed]},
            "hello": function(json!({"AutoPublishAlias": "live"})),
        })
    };
    RulesFixture::default().accepts(with("helloAliaslive"));
    RulesFixture::default().refuses(with("hello.Alias"), "jobs.DependsOn", UnknownResource);
}

#[test]
fn sam_finds_no_names_with_spaces() {
    for (text, expected) in [
        ("${ jobs }", None),
        ("${hello.Alias}", None),
        ("${ hello.Alias }", Some(InvalidArgument)),
        ("${shared }", Some(InvalidArgument)),
    ] {
        let found = findings(&json!({"Fn::Sub": text}));
        assert_eq!(found.first().map(|(code, _)| *code), expected, "{text}");
    }
}
