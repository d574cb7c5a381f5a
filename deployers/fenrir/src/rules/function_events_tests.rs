use crate::rules::fixture::{RulesFixture, function, own_tags, tags};
use crate::rules::{Answer, Lookup};
use serde_json::{Value, json};

const PROPERTIES: &str = "hello.Properties.Events.it.Properties";

fn with(kind: &str, properties: &Value) -> Value {
    json!({
        "hello": function(json!({"Events": {"it": {"Type": kind, "Properties": properties}}})),
        "api": {"Type": "AWS::Serverless::Api", "Properties": {"StageName": "dev"}},
        "jobs": {"Type": "AWS::SQS::Queue"},
    })
}

/// The lab, which knows the tags of that ARN.
fn tagged(arn: &str) -> RulesFixture {
    RulesFixture::default().knows(Lookup::Tags(arn.to_owned()), Answer::Tags(Some(own_tags("any"))))
}

fn event(emitted: &Value) -> &Value {
    &emitted["Resources"]["hello"]["Properties"]["Events"]["it"]["Properties"]
}

#[test]
fn an_api_event_is_of_an_api_of_the_template() {
    let call = |api: Value| with("Api", &json!({"RestApiId": api, "Path": "/x", "Method": "GET"}));
    RulesFixture::default().accepts(call(json!({"Ref": "api"})));
    let path = &format!("{PROPERTIES}.RestApiId");
    RulesFixture::default().refuses(
        call(json!("abcdef")),
        path,
        "should be `!Ref <AWS::Serverless::Api>`, but is `abcdef`",
    );
    RulesFixture::default().refuses(call(json!({"Ref": "jobs"})), path, "`jobs` is of the type AWS::SQS::Queue");
    let implicit = with("Api", &json!({"Path": "/x", "Method": "GET"}));
    RulesFixture::default().refuses(implicit, PROPERTIES, "`RestApiId` is missing");
}

/// Events whose source has a bare name: type, property, ARN, and another kind of ARN.
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
fn a_bare_name_becomes_the_arn_of_what_has_correct_tags() {
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
fn what_has_other_tags_or_none_or_is_something_else_is_refused() {
    for (kind, property, arn, other) in SOURCES {
        let path = &format!("{PROPERTIES}.{property}");
        let knows = |answer| RulesFixture::default().knows(Lookup::Tags(arn.to_owned()), Answer::Tags(answer));
        let others = tags([("ProjectName", "org/shop"), ("ConfigName", "production")]);
        let named = || with(kind, &json!({property: "it"}));
        knows(Some(others)).refuses(named(), path, "`it` has `org/shop` as ProjectName and `production` as ConfigName");
        knows(None).refuses(named(), path, "`it` does not exist, or has no tags");
        RulesFixture::default().refuses(
            with(kind, &json!({property: other})),
            path,
            "should be a name, or an ARN like",
        );
        let computed = with(kind, &json!({property: {"Fn::ImportValue": "x"}}));
        RulesFixture::default().refuses(computed, path, "without an intrinsic function");
    }
}

#[test]
fn a_queue_may_be_one_of_the_template() {
    let of = |queue: Value| with("SQS", &json!({"Queue": queue}));
    RulesFixture::default().accepts(of(json!({"Fn::GetAtt": ["jobs", "Arn"]})));
    let path = &format!("{PROPERTIES}.Queue");
    RulesFixture::default().refuses(
        of(json!({"Fn::GetAtt": ["jobs", "QueueName"]})),
        path,
        "should be `!GetAtt <AWS::SQS::Queue>.Arn`",
    );
    RulesFixture::default().refuses(
        of(json!({"Fn::GetAtt": ["api", "Arn"]})),
        path,
        "`api` is of the type AWS::Serverless::Api",
    );
}

#[test]
fn a_topic_goes_by_a_queue_of_the_template_alone() {
    let arn = "arn:aws:sns:us-east-1:000000000000:it";
    let by = |subscription: Value| with("SNS", &json!({"Topic": "it", "SqsSubscription": subscription}));
    let own = json!({"QueueArn": {"Fn::GetAtt": ["jobs", "Arn"]}, "QueueUrl": {"Ref": "jobs"}});
    tagged(arn).accepts(by(own));
    tagged(arn).accepts(by(json!(true)));
    let others = json!({"QueueArn": "arn:aws:sqs:us-east-1:000000000000:x", "QueueUrl": "https://x"});
    for property in ["QueueArn", "QueueUrl"] {
        tagged(arn).refuses(by(others.clone()), &format!("{PROPERTIES}.SqsSubscription.{property}"), "should be `!");
    }
}

#[test]
fn a_table_is_named_and_its_tags_count_for_its_stream() {
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
    knows(None).refuses(of("things"), path, "there is no table `things` with a stream");
    RulesFixture::default().refuses(of(table), path, "is not the ARN of a stream");
    assert_eq!(RulesFixture::default().needs(of("things")).len(), 2);
}

#[test]
fn a_log_group_is_named() {
    let of = |written: &str| with("CloudWatchLogs", &json!({"LogGroupName": written, "FilterPattern": ""}));
    let emitted = tagged("arn:aws:logs:us-east-1:000000000000:log-group:/app/it").accepts(of("/app/it"));
    assert_eq!(event(&emitted)["LogGroupName"], "/app/it");
    RulesFixture::default().refuses(
        of("arn:aws:logs:us-east-1:0:log-group:x"),
        PROPERTIES,
        "write the log group's name",
    );
}

#[test]
fn a_bucket_outside_the_template_is_a_warning_if_its_tags_are_correct() {
    let of = |bucket: Value| with("S3", &json!({"Bucket": bucket, "Events": "s3:ObjectCreated:*"}));
    let path = &format!("{PROPERTIES}.Bucket");
    tagged("arn:aws:s3:::things").warns(of(json!("things")), path, "SAM takes no events of others");
    let none = RulesFixture::default().knows(Lookup::Tags("arn:aws:s3:::things".to_owned()), Answer::Tags(None));
    none.refuses(of(json!("things")), path, "has no tags");
    RulesFixture::default().refuses(of(json!({"Ref": "jobs"})), path, "the name of a bucket, without an intrinsic");
}

#[test]
fn schedules_and_patterns_may_be_any() {
    RulesFixture::default()
        .accepts(with("Schedule", &json!({"Schedule": "rate(1 minute)", "Enabled": true, "Input": "{}"})));
    let pattern = json!({"source": ["aws.ec2"], "detail": {"state": ["running", {"prefix": "st"}]}});
    RulesFixture::default().accepts(with("CloudWatchEvent", &json!({"Pattern": pattern})));
}

#[test]
fn other_types_are_refused_with_what_to_write() {
    let path = "hello.Properties.Events.it.Type";
    for (kind, help) in [
        ("EventBridgeRule", "write `CloudWatchEvent`"),
        ("ScheduleV2", "write `Schedule`"),
        ("Kinesi", "did you mean `Kinesis`?"),
        ("IoTRule", "write one of Api, HttpApi, S3"),
    ] {
        RulesFixture::default().refuses(with(kind, &json!({})), path, help);
    }
    let without = json!({"hello": function(json!({"Events": {"it": {"Type": "SQS"}}}))});
    RulesFixture::default().refuses(without, "hello.Properties.Events.it", "`Properties` is missing");
    let nothing = json!({"hello": function(json!({"Events": {"it": 3}}))});
    RulesFixture::default().refuses(nothing, "hello.Properties.Events.it", "should be a mapping");
    let misspelt = with("SQS", &json!({"Queue": {"Fn::GetAtt": ["jobs", "Arn"]}, "BatchSiz": 1}));
    RulesFixture::default().refuses(misspelt, &format!("{PROPERTIES}.BatchSiz"), "did you mean `BatchSize`?");
}
