use crate::rules::fixture::{RulesFixture, function, own_tags, tags};
use crate::rules::{Answer, Lookup};
use crate::template::FindingCode;
use serde_json::{Value, json};

const PROPERTIES: &str = "hello.Properties.Events.it.Properties";

fn with(kind: &str, properties: &Value) -> Value {
    let mut properties = properties.clone();
    if ["Kinesis", "DynamoDB"].contains(&kind) {
        properties["StartingPosition"] = json!("LATEST");
    }
    json!({
        "hello": function(json!({"Events": {"it": {"Type": kind, "Properties": properties}}})),
        "api": {"Type": "AWS::Serverless::Api", "Properties": {"StageName": "dev"}},
        "jobs": {"Type": "AWS::SQS::Queue"},
    })
}

/// A fixture that knows correct tags for an ARN.
fn tagged(arn: &str) -> RulesFixture {
    RulesFixture::default().knows(Lookup::Tags(arn.to_owned()), Answer::Tags(Some(own_tags("any"))))
}

fn event(emitted: &Value) -> &Value {
    &emitted["Resources"]["hello"]["Properties"]["Events"]["it"]["Properties"]
}

#[test]
fn api_event_needs_an_api_of_the_template() {
    let call = |api: Value| with("Api", &json!({"RestApiId": api, "Path": "/x", "Method": "GET"}));
    let fixture = RulesFixture::default();
    fixture.accepts(call(json!({"Ref": "api"})));
    let path = &format!("{PROPERTIES}.RestApiId");
    fixture.refuses(call(json!("abcdef")), path, FindingCode::NotAReference);
    fixture.refuses(call(json!({"Ref": "jobs"})), path, FindingCode::WrongResourceType);
    fixture.refuses(call(json!({"Ref": "AWS::StackName"})), path, FindingCode::NotAReference);
    fixture.proposes(call(json!({"Fn::Sub": "${api}"})), path, FindingCode::NotAReference, "!Ref api");
    let implicit = with("Api", &json!({"Path": "/x", "Method": "GET"}));
    fixture.proposes(implicit, PROPERTIES, FindingCode::MissingProperty, "RestApiId: !Ref api");
}

#[test]
fn event_without_an_api_shows_the_resource_to_add() {
    for (kind, path, proposed) in [
        (
            "Api",
            PROPERTIES,
            "publicApi: {Type: AWS::Serverless::Api, Properties: {StageName: Prod, EndpointConfiguration: REGIONAL}}",
        ),
        ("HttpApi", PROPERTIES, "webApi: {Type: AWS::Serverless::HttpApi}"),
    ] {
        let mut resources = with(kind, &json!({"Path": "/x", "Method": "GET"}));
        for taken in ["api", "restApi", "httpApi"] {
            resources[taken] = json!({"Type": "AWS::SQS::Queue"});
        }
        RulesFixture::default().proposes(resources, path, FindingCode::MissingProperty, proposed);
    }
    let mut bare = with("HttpApi", &json!({}));
    bare["hello"]["Properties"]["Events"]["it"].as_object_mut().unwrap().remove("Properties");
    RulesFixture::default().proposes(bare, PROPERTIES, FindingCode::MissingProperty, "ApiId: !Ref httpApi");
}

/// SAM replaces such a resource, with its settings, by a public API.
#[test]
fn logical_id_of_an_implicit_api_is_refused() {
    for name in ["ServerlessRestApi", "ServerlessHttpApi"] {
        let resources = json!({name: {"Type": "AWS::Serverless::Api", "Properties": {"StageName": "dev"}}});
        RulesFixture::default().refuses(resources, name, FindingCode::InvalidName);
    }
}

/// Events whose source has a name: event type, property, ARN, and an ARN of another service.
const SOURCES: [(&str, &str, &str, &str); 3] = [
    (
        "Kinesis",
        "Stream",
        "arn:aws:kinesis:us-east-1:000000000000:stream/it",
        "arn:aws:kinesis:us-east-1:0:consumer/it",
    ),
    ("SQS", "Queue", "arn:aws:sqs:us-east-1:000000000000:it", "arn:aws:sns:us-east-1:0:it"),
    ("SNS", "Topic", "arn:aws:sns:us-east-1:000000000000:it", "arn:aws:sqs:us-east-1:0:it"),
];

#[test]
fn logical_id_of_a_queue_is_not_its_name() {
    let arn = "arn:aws:sqs:us-east-1:000000000000:jobs";
    let fixture = RulesFixture::default().knows(Lookup::Tags(arn.to_owned()), Answer::Tags(None));
    let path = &format!("{PROPERTIES}.Queue");
    fixture.proposes(with("SQS", &json!({"Queue": "jobs"})), path, FindingCode::NotFound, "!GetAtt jobs.Arn");
    let by_url = with("SQS", &json!({"Queue": {"Ref": "jobs"}}));
    fixture.proposes(by_url, path, FindingCode::NotAReference, "!GetAtt jobs.Arn");
}

#[test]
fn name_with_correct_tags_becomes_its_arn() {
    for (kind, property, arn, _) in SOURCES {
        for written in ["it", arn] {
            let emitted = tagged(arn).accepts(with(kind, &json!({property: written})));
            assert_eq!(event(&emitted)[property], arn);
            let needs = RulesFixture::default().needs(with(kind, &json!({property: written})));
            assert_eq!(needs, [Lookup::Tags(arn.to_owned())]);
        }
    }
}

#[test]
fn source_with_wrong_tags_is_refused() {
    for (kind, property, arn, other) in SOURCES {
        let path = &format!("{PROPERTIES}.{property}");
        let knows = |answer| RulesFixture::default().knows(Lookup::Tags(arn.to_owned()), Answer::Tags(answer));
        let others = tags([("ProjectName", "org/shop"), ("ConfigName", "production")]);
        let named = || with(kind, &json!({property: "it"}));
        knows(Some(others)).refuses(named(), path, FindingCode::OtherProject);
        knows(None).refuses(named(), path, FindingCode::NotFound);
        let fixture = RulesFixture::default();
        fixture.refuses(with(kind, &json!({property: other})), path, FindingCode::InvalidName);
        let computed = with(kind, &json!({property: {"Fn::ImportValue": "x"}}));
        fixture.refuses(computed, path, FindingCode::NotALiteral);
        fixture.refuses(with(kind, &json!({property: ""})), path, FindingCode::WrongType);
    }
}

#[test]
fn queue_may_be_in_the_template() {
    let of = |queue: Value| with("SQS", &json!({"Queue": queue}));
    let fixture = RulesFixture::default();
    fixture.accepts(of(json!({"Fn::GetAtt": ["jobs", "Arn"]})));
    let path = &format!("{PROPERTIES}.Queue");
    fixture.refuses(of(json!({"Fn::GetAtt": ["jobs", "QueueName"]})), path, FindingCode::NotAReference);
    fixture.refuses(of(json!({"Fn::GetAtt": ["api", "Arn"]})), path, FindingCode::WrongResourceType);
}

#[test]
fn subscription_needs_a_queue_of_the_template() {
    let arn = "arn:aws:sns:us-east-1:000000000000:it";
    let by = |subscription: Value| with("SNS", &json!({"Topic": "it", "SqsSubscription": subscription}));
    let own = json!({"QueueArn": {"Fn::GetAtt": ["jobs", "Arn"]}, "QueueUrl": {"Ref": "jobs"}});
    tagged(arn).accepts(by(own));
    tagged(arn).accepts(by(json!(true)));
    let others = json!({"QueueArn": "arn:aws:sqs:us-east-1:000000000000:x", "QueueUrl": "https://x"});
    for property in ["QueueArn", "QueueUrl"] {
        let path = &format!("{PROPERTIES}.SqsSubscription.{property}");
        tagged(arn).refuses(by(others.clone()), path, FindingCode::NotAReference);
    }
}

#[test]
fn stream_of_a_table_has_the_tags_of_the_table() {
    let table = "arn:aws:dynamodb:us-east-1:000000000000:table/things";
    let stream = format!("{table}/stream/2026-11-26T00:00:00.000");
    let knows = |answer: Option<&String>| {
        tagged(table).knows(Lookup::TableStream("things".to_owned()), Answer::TableStream(answer.cloned()))
    };
    let of = |written: &str| with("DynamoDB", &json!({"Stream": written, "StartingPosition": "LATEST"}));
    let emitted = knows(Some(&stream)).accepts(of("things"));
    assert_eq!(event(&emitted)["Stream"], json!(stream));
    let emitted = tagged(table).accepts(of(&stream));
    assert_eq!(event(&emitted)["Stream"], json!(stream));
    let path = &format!("{PROPERTIES}.Stream");
    knows(None).refuses(of("things"), path, FindingCode::NotFound);
    RulesFixture::default().refuses(of(table), path, FindingCode::InvalidName);
    assert_eq!(RulesFixture::default().needs(of("things")).len(), 2);
}

#[test]
fn log_group_is_referred_to_by_name() {
    let of = |written: &str| with("CloudWatchLogs", &json!({"LogGroupName": written, "FilterPattern": ""}));
    let emitted = tagged("arn:aws:logs:us-east-1:000000000000:log-group:/app/it").accepts(of("/app/it"));
    assert_eq!(event(&emitted)["LogGroupName"], "/app/it");
    let path = &format!("{PROPERTIES}.LogGroupName");
    RulesFixture::default().refuses(of("arn:aws:logs:us-east-1:0:log-group:x"), path, FindingCode::InvalidName);
}

#[test]
fn bucket_with_correct_tags_is_a_warning() {
    let of = |bucket: Value| with("S3", &json!({"Bucket": bucket, "Events": "s3:ObjectCreated:*"}));
    let path = &format!("{PROPERTIES}.Bucket");
    tagged("arn:aws:s3:::things").warns(of(json!("things")), path, FindingCode::BucketEvent);
    let none = RulesFixture::default().knows(Lookup::Tags("arn:aws:s3:::things".to_owned()), Answer::Tags(None));
    none.refuses(of(json!("things")), path, FindingCode::NotFound);
    RulesFixture::default().refuses(of(json!({"Ref": "jobs"})), path, FindingCode::NotALiteral);
}

#[test]
fn schedules_and_patterns_are_not_restricted() {
    RulesFixture::default()
        .accepts(with("Schedule", &json!({"Schedule": "rate(1 minute)", "Enabled": true, "Input": "{}"})));
    let named = with("Schedule", &json!({"Schedule": "rate(1 minute)", "Name": "x"}));
    RulesFixture::default().refuses(named, &format!("{PROPERTIES}.Name"), FindingCode::NotAllowed);
    let pattern = json!({"source": ["aws.ec2"], "detail": {"state": ["running", {"prefix": "st"}]}});
    RulesFixture::default().accepts(with("CloudWatchEvent", &json!({"Pattern": pattern})));
}

#[test]
fn unknown_event_is_refused_with_a_proposal() {
    let fixture = RulesFixture::default();
    let event = "hello.Properties.Events.it";
    for (kind, proposed) in [("ScheduleV2", "Schedule"), ("Kinesi", "Kinesis")] {
        fixture.proposes(with(kind, &json!({})), &format!("{event}.Type"), FindingCode::UnknownEvent, proposed);
    }
    fixture.refuses(with("IoTRule", &json!({})), &format!("{event}.Type"), FindingCode::UnknownEvent);
    let without = json!({"hello": function(json!({"Events": {"it": {"Type": "SQS"}}}))});
    fixture.refuses(without, event, FindingCode::MissingProperty);
    let nothing = json!({"hello": function(json!({"Events": {"it": 3}}))});
    fixture.refuses(nothing, event, FindingCode::WrongType);
    let misspelt = with("SQS", &json!({"Queue": {"Fn::GetAtt": ["jobs", "Arn"]}, "BatchSiz": 1}));
    fixture.proposes(misspelt, &format!("{PROPERTIES}.BatchSiz"), FindingCode::UnknownProperty, "BatchSize");
}

#[test]
fn rule_event_has_all_properties_of_sam() {
    let dead_letters = json!({"Fn::GetAtt": ["jobs", "Arn"]});
    for kind in ["CloudWatchEvent", "EventBridgeRule"] {
        let emitted = RulesFixture::default().accepts(with(
            kind,
            &json!({
                "Pattern": {"source": ["aws.ec2"]}, "State": "ENABLED", "RetryPolicy": {"MaximumRetryAttempts": 3},
                "DeadLetterConfig": {"Arn": dead_letters}, "Target": {"Id": "hello"},
                "InputTransformer": {"InputPathsMap": {"id": "$.id"}, "InputTemplate": "<id>"},
            }),
        ));
        assert_eq!(event(&emitted)["DeadLetterConfig"]["Arn"], dead_letters);
    }
    for (properties, property, code) in [
        (json!({"RuleName": "x"}), "RuleName", FindingCode::NotAllowed),
        (json!({"State": "ENABLED", "Enabled": true}), "Enabled", FindingCode::Conflict),
        (json!({"Input": "{}", "InputPath": "$"}), "InputPath", FindingCode::Conflict),
        (json!({"DeadLetterConfig": {"Arn": "arn:x"}}), "DeadLetterConfig.Arn", FindingCode::NotAReference),
    ] {
        let mut all = json!({"Pattern": {"source": ["aws.ec2"]}});
        all.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
        let path = format!("{PROPERTIES}.{property}");
        RulesFixture::default().refuses(with("EventBridgeRule", &all), &path, code);
    }
}

#[test]
fn dead_letters_of_a_subscription_are_a_checked_queue() {
    let arn = "arn:aws:sns:us-east-1:000000000000:it";
    let sns = |queue: Value| with("SNS", &json!({"Topic": arn, "RedrivePolicy": {"deadLetterTargetArn": queue}}));
    tagged(arn).accepts(sns(json!({"Fn::GetAtt": ["jobs", "Arn"]})));
    let path = &format!("{PROPERTIES}.RedrivePolicy.deadLetterTargetArn");
    let other = "arn:aws:sqs:us-east-1:111111111111:victim";
    tagged(arn).refuses(sns(json!(other)), path, FindingCode::OtherProject);
}

#[test]
fn batches_fit_the_kind_of_queue() {
    let sqs = |queue: &Value, properties: Value| {
        let mut all = json!({"Queue": {"Fn::GetAtt": ["jobs", "Arn"]}});
        all.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
        let mut resources = with("SQS", &all);
        resources["jobs"]["Properties"] = queue.clone();
        resources
    };
    let short = json!({"VisibilityTimeout": 2});
    RulesFixture::default().refuses(sqs(&short, json!({})), &format!("{PROPERTIES}.Queue"), FindingCode::InvalidValue);
    let (standard, fifo) = (json!({}), json!({"FifoQueue": true}));
    let window = "MaximumBatchingWindowInSeconds";
    RulesFixture::default().accepts(sqs(&standard, json!({"BatchSize": 1000, window: 1})));
    RulesFixture::default().accepts(sqs(&fifo, json!({"BatchSize": 10})));
    for (queue, properties, property, code) in [
        (&standard, json!({"BatchSize": 11}), "BatchSize", FindingCode::InvalidValue),
        (&fifo, json!({"BatchSize": 11}), "BatchSize", FindingCode::InvalidValue),
        (&fifo, json!({window: 1}), window, FindingCode::Conflict),
    ] {
        RulesFixture::default().refuses(sqs(queue, properties), &format!("{PROPERTIES}.{property}"), code);
    }
}

#[test]
fn policy_of_an_api_names_vpcs_by_their_ids() {
    let call = |policy: Value| {
        let auth = json!({"ResourcePolicy": policy});
        with("Api", &json!({"RestApiId": {"Ref": "api"}, "Path": "/x", "Method": "GET", "Auth": auth}))
    };
    RulesFixture::default().accepts(call(json!({"SourceVpcWhitelist": ["vpc-1a2b3c4d", "vpce-1a2b3c4d"]})));
    let path = &format!("{PROPERTIES}.Auth.ResourcePolicy.SourceVpcBlacklist");
    for (ids, at, code) in [
        (json!(["10.0.0.0/8"]), ".0", FindingCode::InvalidValue),
        (json!([{"Ref": "AWS::Region"}]), ".0", FindingCode::NotALiteral),
        (json!({"Ref": "AWS::Region"}), "", FindingCode::NotALiteral),
    ] {
        let policy = call(json!({"SourceVpcBlacklist": ids}));
        RulesFixture::default().refuses(policy, &format!("{path}{at}"), code);
    }
}
