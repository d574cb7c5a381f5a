//! Tells people of every deploy that ended dirty.
//!
//! Step Functions has no metric by the name of an error, and an alarm on a metric is silent while it is on: the second
//! dirty deploy of an hour would go unnoticed. Its events carry the error, one for each execution.

use super::names::Names;
use super::policy::{allow, document, substituted};
use super::template::Template;
use bifrost_core::release::service_principal;
use serde_json::{Value, json};

/// The `Error` of the `FailedDeploy` states that leave nothing behind (contract §5).
const CLEAN: [&str; 2] = ["FailureClean", "NotifyError"];

pub(super) fn add(template: Template, names: Names, email: Option<&str>) -> Template {
    let template = template
        .resource("AlarmTopic", "AWS::SNS::Topic", json!({"TopicName": format!("{}-alarm", names.0)}))
        .resource("AlarmTopicPolicy", "AWS::SNS::TopicPolicy", topic_policy(names))
        .resource("Alarm", "AWS::Events::Rule", rule(names))
        .output("AlarmTopic", "Where a deploy that ended dirty is told of", json!({"Ref": "AlarmTopic"}));
    match email {
        Some(email) => {
            let subscription = json!({"TopicArn": {"Ref": "AlarmTopic"}, "Protocol": "email", "Endpoint": email});
            template.resource("AlarmEmail", "AWS::SNS::Subscription", subscription)
        }
        None => template,
    }
}

/// Any end that is not known to be clean is told: a state machine that ran into its limits, or was stopped by hand, holds
/// its lock still.
fn rule(names: Names) -> Value {
    let dirty = json!([{"anything-but": CLEAN}, {"exists": false}]);
    json!({
        "Name": format!("{}-alarm", names.0),
        "Description": "A deploy failed and may not have cleaned up: a person must look",
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
        "\"{}: execution <name> ended as <status> and may have left things behind. A person must look: <execution>\"",
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
    let publish = allow("TellOfTheAlarm", &["sns:Publish"], &[arn("sns", "")])
        .of(json!({"Service": service_principal::EVENTS}))
        .when("ArnEquals", "aws:SourceArn", &[&arn("events", "rule/")]);
    json!({"Topics": [{"Ref": "AlarmTopic"}], "PolicyDocument": document([publish])})
}
