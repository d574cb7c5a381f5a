//! Expansion of SAM's types, compared with SAM's own translator (`aws-sam-translator` 1.115.0).

use super::*;
use crate::sam;
use bifrost::release::Partition;

fn expand(template: &Value) -> Result<Value, Vec<String>> {
    sam::expand(template, Partition::Aws)
}

fn resources(template: &Value) -> serde_json::Map<String, Value> {
    expand(template).unwrap()["Resources"].as_object().unwrap().clone()
}

/// Logical ids and types, sorted. Without the digest of a deployment, which SAM computes from the API as Python prints it.
fn expanded(template: &Value) -> Vec<String> {
    let line = |(id, definition): (String, Value)| {
        let id = id
            .split_once("Deployment")
            .filter(|(_, digits)| digits.len() == 10)
            .map_or(id.clone(), |(api, _)| format!("{api}Deployment*"));
        format!("{id}: {}", definition["Type"].as_str().unwrap().trim_start_matches("AWS::"))
    };
    let mut lines: Vec<_> = resources(template).into_iter().map(line).collect();
    lines.sort();
    lines
}

fn function(properties: &Value) -> Value {
    let mut function = json!({"CodeUri": "s3://bucket/key/b.zip", "Handler": "app.handler", "Runtime": "python3.13"});
    function.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
    json!({"Type": "AWS::Serverless::Function", "Properties": function})
}

#[test]
fn roles_get_the_managed_policies_of_the_partition() {
    let properties = json!({"AutoPublishAlias": "live", "DeploymentPreference": {"Type": "AllAtOnce"}});
    let template = json!({"Resources": {"hello": function(&properties)}});
    let expanded = sam::expand(&template, Partition::AwsCn).unwrap();
    for (role, policy) in
        [("helloRole", "AWSLambdaBasicExecutionRole"), ("CodeDeployServiceRole", "AWSCodeDeployRoleForLambda")]
    {
        let attached = &expanded["Resources"][role]["Properties"]["ManagedPolicyArns"];
        assert_eq!(attached, &json!([format!("arn:aws-cn:iam::aws:policy/service-role/{policy}")]));
    }
}

#[test]
fn events_expand_as_sam_does() {
    let template = json!({"Resources": {
        "api": {"Type": "AWS::Serverless::Api", "Properties": {"StageName": "dev"}},
        "hello": function(&json!({"Policies": [{"VPCAccessPolicy": {}}], "Events": {
            "get": {"Type": "Api", "Properties": {"Path": "/hello/{id}", "Method": "get", "RestApiId": {"Ref": "api"}}},
            "implicit": {"Type": "Api", "Properties": {"Path": "/any", "Method": "post"}},
            "http": {"Type": "HttpApi"},
            "tick": {"Type": "Schedule", "Properties": {"Schedule": "rate(1 hour)"}},
            "cw": {"Type": "CloudWatchEvent", "Properties": {"Pattern": {"source": ["x"]}}},
            "sq": {"Type": "SQS", "Properties": {"Queue": "arn:aws:sqs:us-east-1:0:q", "BatchSize": 1}},
            "kin": {"Type": "Kinesis", "Properties": {"Stream": "arn:aws:kinesis:us-east-1:0:stream/q", "StartingPosition": "LATEST"}},
            "dd": {"Type": "DynamoDB", "Properties": {"Stream": "arn:aws:dynamodb:us-east-1:0:table/t/stream/q", "StartingPosition": "LATEST"}},
            "sn": {"Type": "SNS", "Properties": {"Topic": "arn:aws:sns:us-east-1:0:q"}},
            "lo": {"Type": "CloudWatchLogs", "Properties": {"LogGroupName": "q", "FilterPattern": "x"}},
        }})),
    }});
    let expected = [
        "ServerlessHttpApi: ApiGatewayV2::Api",
        "ServerlessHttpApiApiGatewayDefaultStage: ApiGatewayV2::Stage",
        "ServerlessRestApi: ApiGateway::RestApi",
        "ServerlessRestApiDeployment*: ApiGateway::Deployment",
        "ServerlessRestApiProdStage: ApiGateway::Stage",
        "api: ApiGateway::RestApi",
        "apiDeployment*: ApiGateway::Deployment",
        "apidevStage: ApiGateway::Stage",
        "hello: Lambda::Function",
        "helloRole: IAM::Role",
        "hellocw: Events::Rule",
        "hellocwPermission: Lambda::Permission",
        "hellodd: Lambda::EventSourceMapping",
        "hellogetPermissiondev: Lambda::Permission",
        "hellohttpPermission: Lambda::Permission",
        "helloimplicitPermissionProd: Lambda::Permission",
        "hellokin: Lambda::EventSourceMapping",
        "hellolo: Logs::SubscriptionFilter",
        "helloloPermission: Lambda::Permission",
        "hellosn: SNS::Subscription",
        "hellosnPermission: Lambda::Permission",
        "hellosq: Lambda::EventSourceMapping",
        "hellotick: Events::Rule",
        "hellotickPermission: Lambda::Permission",
    ];
    assert_eq!(expanded(&template), expected);
}

#[test]
fn versions_and_layers_have_the_digests_of_sam() {
    let template = json!({"Resources": {
        "hello": function(&json!({
            "Role": "arn:aws:iam::0:role/r",
            "MemorySize": 256,
            "Environment": {"Variables": {"A": "b"}},
            "AutoPublishAlias": "live",
            "DeploymentPreference": {"Type": "Linear10PercentEvery1Minute"},
            "FunctionUrlConfig": {"AuthType": "NONE"},
            "Layers": [{"Ref": "layer"}],
        })),
        "layer": {"Type": "AWS::Serverless::LayerVersion", "Properties": {
            "LayerName": "layer-x", "ContentUri": "s3://bucket/layer.zip", "CompatibleRuntimes": ["python3.13"],
        }},
        "http": {"Type": "AWS::Serverless::HttpApi", "Properties": {"StageName": "v1"}},
        "table": {"Type": "AWS::Serverless::SimpleTable"},
    }});
    let expected = [
        "CodeDeployServiceRole: IAM::Role",
        "ServerlessDeploymentApplication: CodeDeploy::Application",
        "hello: Lambda::Function",
        "helloAliaslive: Lambda::Alias",
        "helloDeploymentGroup: CodeDeploy::DeploymentGroup",
        "helloURLInvokeAllowPublicAccess: Lambda::Permission",
        "helloUrl: Lambda::Url",
        "helloUrlPublicPermissions: Lambda::Permission",
        "helloVersionbdf1fe0847: Lambda::Version",
        "http: ApiGatewayV2::Api",
        "httpv1Stage: ApiGatewayV2::Stage",
        "layer9e30fabd53: Lambda::LayerVersion",
        "table: DynamoDB::Table",
    ];
    assert_eq!(expanded(&template), expected);
    assert_eq!(resources(&template)["hello"]["Properties"]["Layers"], json!([{"Ref": "layer9e30fabd53"}]));
    assert_eq!(resources(&template)["helloUrl"]["Properties"]["TargetFunctionArn"], json!({"Ref": "helloAliaslive"}));
}

#[test]
fn api_deployment_changes_with_its_events_only() {
    let template = |path: &str, memory: u32| {
        let event = json!({"Type": "Api", "Properties": {"Path": path, "Method": "get"}});
        json!({"Resources": {"hello": function(&json!({"MemorySize": memory, "Events": {"get": event}}))}})
    };
    let deployment = |template: &Value| {
        resources(template).into_iter().find(|(_, found)| found["Type"] == "AWS::ApiGateway::Deployment").unwrap().0
    };
    let first = deployment(&template("/one", 128));
    assert_eq!(deployment(&template("/one", 256)), first);
    assert_ne!(deployment(&template("/two", 128)), first);
}

#[test]
fn globals_are_merged_into_resources() {
    let template = json!({
        "Globals": {"Function": {"Timeout": 5, "MemorySize": 128, "Environment": {"Variables": {"A": "1", "B": "1"}}, "Layers": ["one"]}},
        "Resources": {"hello": function(&json!({"Timeout": 9, "Environment": {"Variables": {"B": "2"}}, "Layers": ["two"]}))},
    });
    let hello = &resources(&template)["hello"]["Properties"];
    assert_eq!((&hello["Timeout"], &hello["MemorySize"]), (&json!(9), &json!(128)));
    assert_eq!(hello["Environment"], json!({"Variables": {"A": "1", "B": "2"}}));
    assert_eq!(hello["Layers"], json!(["one", "two"]));
}

#[test]
fn references_follow_renamed_resources() {
    let template = json!({
        "Resources": {"hello": function(&json!({"AutoPublishAlias": "live"}))},
        "Outputs": {
            "Alias": {"Value": {"Ref": "hello.Alias"}},
            "Text": {"Value": {"Fn::Sub": "${hello.Alias} of ${hello.Arn} not ${!hello.Alias}"}},
        },
    });
    let outputs = &expand(&template).unwrap()["Outputs"];
    assert_eq!(outputs["Alias"]["Value"], json!({"Ref": "helloAliaslive"}));
    assert_eq!(outputs["Text"]["Value"], json!({"Fn::Sub": "${helloAliaslive} of ${hello.Arn} not ${!hello.Alias}"}));
}

#[test]
fn queues_and_topics_are_generated_for_their_types() {
    let template = json!({"Resources": {"hello": function(&json!({
        "EventInvokeConfig": {"DestinationConfig": {"OnFailure": {"Type": "SQS"}, "OnSuccess": {"Type": "SNS"}}},
        "Events": {
            "news": {"Type": "SNS", "Properties": {"Topic": "t", "SqsSubscription": true}},
            "tick": {"Type": "Schedule", "Properties": {"Schedule": "rate(1 day)", "DeadLetterConfig": {"Type": "SQS"}}},
        },
    }))}});
    let expected = [
        "hello: Lambda::Function",
        "helloEventInvokeConfig: Lambda::EventInvokeConfig",
        "helloEventInvokeConfigOnFailureQueue: SQS::Queue",
        "helloEventInvokeConfigOnSuccessTopic: SNS::Topic",
        "helloRole: IAM::Role",
        "hellonews: SNS::Subscription",
        "hellonewsEventSourceMapping: Lambda::EventSourceMapping",
        "hellonewsQueue: SQS::Queue",
        "hellonewsQueuePolicy: SQS::QueuePolicy",
        "hellotick: Events::Rule",
        "hellotickPermission: Lambda::Permission",
        "hellotickQueue: SQS::Queue",
        "hellotickQueuePolicy: SQS::QueuePolicy",
    ];
    assert_eq!(expanded(&template), expected);
}

#[test]
fn unsupported_sam_features_are_refused() {
    let event = json!({"Events": {"object": {"Type": "IoTRule", "Properties": {}}}});
    let findings = expand(&json!({"Resources": {"hello": function(&event)}})).unwrap_err();
    assert!(matches!(findings.as_slice(), [one] if one.contains("the local cloud")), "{findings:?}");
    let domain = json!({"Type": "AWS::Serverless::Api", "Properties": {"StageName": "live", "Domain": {}}});
    assert_eq!(expand(&json!({"Resources": {"api": domain}})).unwrap_err().len(), 1);
}
