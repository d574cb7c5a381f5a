use crate::rules::fixture::{RulesFixture, function, own_tags, tags};
use crate::rules::{Answer, Key, Lookup};
use crate::template::FindingCode;
use serde_json::{Value, json};

/// Resources of most types, and a function `hello` with other properties.
fn with(properties: Value) -> Value {
    json!({
        "hello": function(properties),
        "worker": function(json!({"AutoPublishAlias": "live"})),
        "jobs": {"Type": "AWS::SQS::Queue"},
        "things": {"Type": "AWS::Serverless::SimpleTable"},
        "shared": {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "layer"}},
        "api": {"Type": "AWS::Serverless::Api", "Properties": {"StageName": "victim"}},
    })
}

const DESTINATION: &str = "hello.Properties.EventInvokeConfig.DestinationConfig.OnFailure.Destination";

fn with_destination(value: &Value) -> Value {
    with(json!({"EventInvokeConfig": {"DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": value}}}}))
}

#[test]
fn resources_of_the_template_are_accepted() {
    for value in [
        json!({"Fn::GetAtt": ["jobs", "Arn"]}),
        json!({"Fn::GetAtt": "jobs.Arn"}),
        json!({"Fn::Sub": "${jobs.Arn}"}),
        json!({"Fn::Join": ["", [{"Fn::GetAtt": ["jobs", "Arn"]}]]}),
        json!({"Fn::Sub": "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${jobs.QueueName}"}),
        json!({"Fn::Join": [":", ["arn:aws:sqs:us-east-1:000000000000", {"Fn::GetAtt": ["jobs", "QueueName"]}]]}),
        json!({"Fn::GetAtt": ["worker", "Arn"]}),
        json!({"Fn::Sub": "${worker.Arn}:live"}),
        json!({"Fn::Sub": "arn:aws:lambda:us-east-1:000000000000:function:${worker}:live"}),
        json!({"Ref": "workerAliaslive"}),
        json!({"Ref": "worker.Version"}),
        json!({"Fn::Sub": "${worker.Alias}"}),
        json!("arn:aws:lambda:us-east-1:000000000000:function:fenrir-org-shop-development-worker:live"),
        json!({"Ref": "AWS::NoValue"}),
    ] {
        let emitted = RulesFixture::default().accepts(with_destination(&value));
        let config = &emitted["Resources"]["hello"]["Properties"]["EventInvokeConfig"]["DestinationConfig"];
        assert_eq!(config["OnFailure"]["Destination"], value);
    }
}

#[test]
fn other_resources_of_the_template_are_refused() {
    for (value, code) in [
        (json!({"Ref": "jobs"}), FindingCode::NotAReference),
        (json!({"Fn::GetAtt": ["jobs", "QueueName"]}), FindingCode::NotAReference),
        (json!({"Fn::GetAtt": ["things", "Arn"]}), FindingCode::WrongResourceType),
        (json!({"Ref": "shared"}), FindingCode::WrongResourceType),
        (json!({"Ref": "apivictimStage"}), FindingCode::NotAReference),
        (json!({"Ref": "missing"}), FindingCode::UnknownResource),
    ] {
        RulesFixture::default().refuses(with_destination(&value), DESTINATION, code);
    }
}

#[test]
fn logical_id_in_place_of_a_reference_is_refused() {
    let logical_id = with_destination(&json!("jobs"));
    RulesFixture::default().proposes(logical_id, DESTINATION, FindingCode::NotAReference, "!GetAtt jobs.Arn");
}

/// None of these is known before the stack exists, or belongs to the template.
#[test]
fn values_that_cannot_be_judged_are_refused() {
    for value in [
        json!({"Fn::ImportValue": "x"}),
        json!({"Fn::Sub": "arn:aws:sqs:us-east-1:000000000000:${apivictimStage}"}),
        json!({"Fn::Sub": "arn:aws:sqs:us-east-1:000000000000:${jobs.QueueName}victim"}),
        json!({"Fn::Sub": "arn:aws:sqs:us-east-1:000000000000:x${jobs.QueueName}"}),
        json!({"Fn::Sub": "arn:aws:sqs:us-east-1:111111111111:${jobs.QueueName}"}),
        json!({"Fn::Sub": "arn:aws:sqs:eu-west-1:000000000000:${jobs.QueueName}"}),
        json!({"Fn::Sub": "arn:aws:sns:us-east-1:000000000000:${jobs.QueueName}"}),
        json!({"Fn::Sub": ["arn:aws:sqs:us-east-1:000000000000:${x}", {"x": {"Fn::ImportValue": "x"}}]}),
        json!({"Fn::Select": [0, {"Fn::Split": [",", {"Fn::ImportValue": "x"}]}]}),
        json!({"Fn::Join": ["", [{"Fn::GetAtt": ["jobs", "Arn"]}, {"Fn::GetAtt": ["jobs", "Arn"]}]]}),
        json!("victim"),
        json!("arn:aws:kinesis:us-east-1:000000000000:stream/victim"),
        json!("arn:aws:lambda:us-east-1:000000000000:function:fenrir-*"),
        json!("arn:aws:sqs:us-east-1:000000000000:${jobs.QueueName}"),
        json!(" arn:aws:sqs:us-east-1:000000000000:victim"),
        json!("ARN:AWS:SQS:us-east-1:000000000000:victim"),
        json!(""),
        json!({"Fn::Sub": ""}),
    ] {
        RulesFixture::default().refuses(with_destination(&value), DESTINATION, FindingCode::NotAReference);
    }
    for value in [json!(["arn:aws:sqs:us-east-1:000000000000:victim"]), json!({"a": "b"}), json!(true)] {
        RulesFixture::default().refuses(with_destination(&value), DESTINATION, FindingCode::WrongType);
    }
    let conditional = with_destination(&json!({"Fn::If": ["c", "arn:aws:sqs:us-east-1:000000000000:victim", "x"]}));
    RulesFixture::default().refuses(conditional, DESTINATION, FindingCode::NotAllowed);
}

const ARN: &str = "arn:aws:sqs:us-east-1:000000000000:other";

fn knows(answer: Option<crate::rules::Tags>) -> RulesFixture {
    RulesFixture::default().knows(Lookup::Tags(ARN.to_owned()), Answer::Tags(answer))
}

#[test]
fn resource_with_correct_tags_is_accepted_however_it_is_written() {
    for value in [
        json!(ARN),
        json!({"Fn::Sub": "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:other"}),
        json!({"Fn::Join": [":", ["arn:aws:sqs:us-east-1", {"Ref": "AWS::AccountId"}, "other"]]}),
        json!({"Fn::Select": [1, ["x", ARN]]}),
    ] {
        assert_eq!(RulesFixture::default().needs(with_destination(&value)), [Lookup::Tags(ARN.to_owned())]);
        let emitted = knows(Some(own_tags("x"))).accepts(with_destination(&value));
        let config = &emitted["Resources"]["hello"]["Properties"]["EventInvokeConfig"]["DestinationConfig"];
        assert_eq!(config["OnFailure"]["Destination"], ARN);
        let others = tags([("ProjectName", "org/other"), ("ConfigName", "development")]);
        knows(Some(others)).refuses(with_destination(&value), DESTINATION, FindingCode::OtherProject);
        knows(None).refuses(with_destination(&value), DESTINATION, FindingCode::NotFound);
    }
}

#[test]
fn other_account_is_refused_without_a_look_up() {
    let other = with_destination(&json!("arn:aws:sqs:us-east-1:111111111111:other"));
    RulesFixture::default().refuses(other.clone(), DESTINATION, FindingCode::OtherProject);
    assert!(RulesFixture::default().with(other).needs.is_empty());
}

#[test]
fn value_of_globals_is_checked() {
    let victim = json!({"DeadLetterQueue": {"Type": "SQS", "TargetArn": "arn:aws:sqs:us-east-1:111111111111:x"}});
    let template = json!({
        "Transform": "AWS::Serverless-2016-10-31", "Globals": {"Function": victim}, "Resources": with(json!({})),
    });
    let findings = RulesFixture::default().apply(&template).findings;
    let path = "Resources.hello.Properties.DeadLetterQueue.TargetArn";
    assert!(findings.all().iter().any(|finding| finding.path == path), "{findings}");
}

#[test]
fn key_becomes_its_arn() {
    let with_key = |value: &Value| with(json!({"KmsKeyArn": value}));
    let path = "hello.Properties.KmsKeyArn";
    let alias = json!({"Fn::Sub": "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:alias/shop"});
    let lookup = Lookup::Key("arn:aws:kms:us-east-1:000000000000:alias/shop".to_owned());
    let key = |tags| Answer::Key(Some(Key { id: "1234".to_owned(), tags }));
    let emitted = RulesFixture::default().knows(lookup.clone(), key(own_tags("x"))).accepts(with_key(&alias));
    let arn = "arn:aws:kms:us-east-1:000000000000:key/1234";
    assert_eq!(emitted["Resources"]["hello"]["Properties"]["KmsKeyArn"], arn);
    let foreign = RulesFixture::default().knows(lookup.clone(), key(tags([])));
    foreign.refuses(with_key(&alias), path, FindingCode::OtherProject);
    let missing = RulesFixture::default().knows(lookup, Answer::Key(None));
    missing.refuses(with_key(&alias), path, FindingCode::NotFound);
    let other = json!("arn:aws:kms:us-east-1:111111111111:key/1234");
    RulesFixture::default().refuses(with_key(&other), path, FindingCode::OtherProject);
    for wrong in [
        json!({"Fn::GetAtt": ["jobs", "Arn"]}),
        json!({"Fn::ImportValue": "x"}),
        json!("arn:aws:sqs:us-east-1:000000000000:x"),
    ] {
        let found = RulesFixture::default().with(with_key(&wrong)).findings;
        assert!(found.refuse(), "{wrong}");
    }
    RulesFixture::default().accepts(with_key(&json!("alias/aws/lambda")));
}

#[test]
fn layers_are_those_of_the_template() {
    let path = "hello.Properties.Layers.0";
    RulesFixture::default().accepts(with(json!({"Layers": [{"Ref": "shared"}, {"Fn::Sub": "${shared}"}]})));
    for (layer, code) in [
        (json!("arn:aws:lambda:us-east-1:111111111111:layer:x:1"), FindingCode::NotAReference),
        (json!("arn:aws:lambda:us-east-1:000000000000:layer:x:1"), FindingCode::NotAReference),
        (json!({"Ref": "hello"}), FindingCode::WrongResourceType),
    ] {
        RulesFixture::default().refuses(with(json!({"Layers": [layer]})), path, code);
    }
    let computed = with(json!({"Layers": {"Fn::Split": [",", "arn:aws:lambda:us-east-1:111111111111:layer:x:1"]}}));
    RulesFixture::default().refuses(computed, "hello.Properties.Layers", FindingCode::NotALiteral);
}

#[test]
fn names_and_uris_stand_for_tagged_resources() {
    let event =
        |kind: &str, properties: Value| with(json!({"Events": {"e": {"Type": kind, "Properties": properties}}}));
    let balancer = |value: &str| {
        json!({"front": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": {
            "Subnets": ["subnet-1"], "LoadBalancerAttributes": [{"Key": "access_logs.s3.bucket", "Value": value}],
        }}})
    };
    for (resources, arn) in [
        (
            with(json!({"LoggingConfig": {"LogGroup": "/victim/log"}})),
            "arn:aws:logs:us-east-1:000000000000:log-group:/victim/log",
        ),
        (
            event("CloudWatchEvent", json!({"Pattern": {"source": ["x"]}, "EventBusName": "victim"})),
            "arn:aws:events:us-east-1:000000000000:event-bus/victim",
        ),
        (balancer("victim"), "arn:aws:s3:::victim"),
        (
            with(
                json!({"EventInvokeConfig": {"DestinationConfig": {"OnSuccess": {"Type": "S3Bucket", "Destination": "arn:aws:s3:::victim"}}}}),
            ),
            "arn:aws:s3:::victim",
        ),
        (
            with(json!({"Role": "ours", "Policies": null, "FileSystemConfigs": [{
                "Arn": "arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-1", "LocalMountPath": "/mnt/x",
            }]})),
            "arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-1",
        ),
    ] {
        let needs = RulesFixture::default().needs(resources);
        assert!(needs.contains(&Lookup::Tags(arn.to_owned())), "{arn}: {needs:?}");
    }
    RulesFixture::default().accepts(event("CloudWatchEvent", json!({"Pattern": {}, "EventBusName": "default"})));
}

#[test]
fn dynamic_references_are_refused_everywhere() {
    let variable = |value: &Value| with(json!({"Environment": {"Variables": {"KEY": value}}}));
    let path = "hello.Properties.Environment.Variables.KEY";
    for value in [
        json!("{{resolve:ssm:/victim:1}}"),
        json!("x {{resolve:secretsmanager:victim}} y"),
        json!("{{Resolve:ssm:x}}"),
        json!({"Fn::Sub": "{{resolve:ssm:${AWS::Region}}}"}),
        json!({"Fn::Join": ["", ["{{res", "olve:ssm:victim}}"]]}),
        json!({"Fn::Sub": ["{{${a}:ssm:x}}", {"a": "resolve"}]}),
        json!({"Fn::Join": ["", {"Fn::Split": ["-", "{{re-solve:ssm:x}}"]}]}),
        json!({"Fn::Join": ["", ["{{resolve", {"Fn::ImportValue": "x"}]]}),
    ] {
        RulesFixture::default().refuses(variable(&value), path, FindingCode::NotAllowed);
    }
    let nested = variable(&json!({"Fn::Base64": "{{resolve:ssm:x}}"}));
    RulesFixture::default().refuses(nested, &format!("{path}.Fn::Base64"), FindingCode::NotAllowed);
    RulesFixture::default().accepts(variable(&json!("{{name}} {{ resolve }}")));
}
