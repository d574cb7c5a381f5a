//! Notifies operators of every deploy that failed and may not have cleaned up.
//!
//! The alarm uses the events of Step Functions, one for each execution, which contain the error. A CloudWatch alarm
//! would not do: Step Functions has no metric by error name, and an alarm that is already on would hide a second
//! failure.

use super::names::Names;
use super::policy::{allow, document, substituted};
use super::template::Template;
use bifrost_core::release::service_principal;
use serde_json::{Value, json};

/// The `Error` of the `Fail` states of deploys that have cleaned up (contract §5).
const CLEAN: [&str; 2] = ["FailureClean", "NotifyError"];

pub(super) fn add(template: Template, names: Names, email: Option<&str>) -> Template {
    let template = template
        .resource("AlarmTopic", "AWS::SNS::Topic", json!({"TopicName": format!("{}-alarm", names.0)}))
        .resource("AlarmTopicPolicy", "AWS::SNS::TopicPolicy", topic_policy(names))
        .resource("Alarm", "AWS::Events::Rule", rule(names))
        .output(
            "AlarmTopic",
            "Topic for deploys that failed and may not have cleaned up",
            json!({"Ref": "AlarmTopic"}),
        );
    match email {
        Some(email) => {
            let subscription = json!({"TopicArn": {"Ref": "AlarmTopic"}, "Protocol": "email", "Endpoint": email});
            template.resource("AlarmEmail", "AWS::SNS::Subscription", subscription)
        }
        None => template,
    }
}

/// Matches every end that is not known to be clean. An execution that timed out or was stopped by hand still holds its
/// lock.
fn rule(names: Names) -> Value {
    let dirty = json!([{"anything-but": CLEAN}, {"exists": false}]);
    json!({
        "Name": format!("{}-alarm", names.0),
        "Description": "A deploy failed and may not have cleaned up: it needs manual intervention",
        "EventPattern": {
            "source": ["aws.states"],
            "detail-type": ["Step Functions Execution Status Change"],
            "detail": {
                "stateMachineArn": [substituted(&names.machine_arn())],
                "$or": [{"status": ["FAILED"], "error": dirty}, {"status": ["ABORTED", "TIMED_OUT"]}],
            },
        },
        "Targets": [{"Id": "AlarmTopic", "Arn": {"Ref": "AlarmTopic"}, "InputTransformer": message(names)}],
    })
}

fn message(names: Names) -> Value {
    let text = format!(
        "\"{}: execution <name> ended as <status> and may not have cleaned up. It needs manual intervention: \
         <execution>\"",
        names.0
    );
    json!({
        "InputPathsMap": {
            "name": "$.detail.name",
            "status": "$.detail.status",
            "execution": "$.detail.executionArn",
        },
        "InputTemplate": text,
    })
}

fn topic_policy(names: Names) -> Value {
    let arn = |service: &str, name: &str| {
        format!("arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{name}{}-alarm", names.0)
    };
    let publish = allow("PublishAlarm", &["sns:Publish"], &[arn("sns", "")])
        .of(json!({"Service": service_principal::EVENTS}))
        .when("ArnEquals", "aws:SourceArn", &[&arn("events", "rule/")]);
    json!({"Topics": [{"Ref": "AlarmTopic"}], "PolicyDocument": document([publish])})
}
