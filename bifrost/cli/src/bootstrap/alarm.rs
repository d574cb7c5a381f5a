//! Notifies operators of every deploy that failed and may not have cleaned up.
//!
//! Two independent sources publish to one topic. The rule on the events of Step Functions is exact: an event contains
//! the error and the name of the execution. But `EventBridge` delivers these events as best effort. So alarms on the
//! metrics of Step Functions watch the same ends. They cannot replace the rule: Step Functions has no metric by error
//! name, and an alarm that is already on does not notify again.

use super::names::{Names, alarm_topic, arn};
use super::policy::{allow, document, substituted};
use super::template::Template;
use bifrost_core::release::service_principal;
use serde_json::{Value, json};

/// The `Error` of the `Fail` states of deploys that have cleaned up (contract §5).
const CLEAN: [&str; 2] = ["FailureClean", "NotifyError"];

/// An alarm on a metric of Step Functions.
struct MetricAlarm {
    resource: &'static str,
    /// The end of the alarm's name.
    suffix: &'static str,
    metric: &'static str,
    /// What happened, for the message to the operators.
    event: &'static str,
}

/// One alarm for each metric. Metric math could sum them up at the same price, but one alarm could not say what
/// happened, and a deploy that failed clean would hide one that was aborted in the same minute.
const METRIC_ALARMS: [MetricAlarm; 3] = [
    MetricAlarm {
        resource: "FailedAlarm",
        suffix: "failed",
        metric: "ExecutionsFailed",
        event: "A deploy failed. It may have cleaned up: this metric counts FailureClean, too",
    },
    MetricAlarm {
        resource: "AbortedAlarm",
        suffix: "aborted",
        metric: "ExecutionsAborted",
        event: "A deploy was stopped before it ended, and may still hold its lock",
    },
    MetricAlarm {
        resource: "TimedOutAlarm",
        suffix: "timed-out",
        metric: "ExecutionsTimedOut",
        event: "A deploy exceeded the longest time of its state machine, and may still hold its lock",
    },
];

pub(super) fn add(template: Template, names: Names, email: Option<&str>) -> Template {
    let template = template
        .resource("AlarmTopic", "AWS::SNS::Topic", json!({"TopicName": alarm_topic(names.0.as_str())}))
        .resource("AlarmTopicPolicy", "AWS::SNS::TopicPolicy", topic_policy(names))
        .resource("Alarm", "AWS::Events::Rule", rule(names))
        .output(
            "AlarmTopic",
            "Topic for deploys that failed and may not have cleaned up",
            json!({"Ref": "AlarmTopic"}),
        );
    let template = METRIC_ALARMS.iter().fold(template, |template, alarm| {
        template.resource(alarm.resource, "AWS::CloudWatch::Alarm", metric_alarm(names, alarm))
    });
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
    json!({
        "Name": format!("{}-alarm", names.0),
        "Description": "A deploy failed and may not have cleaned up: it needs manual intervention",
        // As text: CloudFormation refuses a template that contains `null`.
        "EventPattern": substituted(&event_pattern(names).to_string()),
        "Targets": [{"Id": "AlarmTopic", "Arn": {"Ref": "AlarmTopic"}, "InputTransformer": message(names)}],
    })
}

/// The error of an event may be a string, null or absent.
fn event_pattern(names: Names) -> Value {
    let dirty = json!([{"anything-but": CLEAN}, {"exists": false}, null]);
    json!({
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {
            "stateMachineArn": [names.machine_arn()],
            "$or": [{"status": ["FAILED"], "error": dirty}, {"status": ["ABORTED", "TIMED_OUT"]}],
        },
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

/// Notifies for each minute with data. A minute without data ends the alarm, so that the next one notifies again.
fn metric_alarm(names: Names, alarm: &MetricAlarm) -> Value {
    let MetricAlarm { suffix, metric, event, .. } = alarm;
    json!({
        "AlarmName": metric_alarm_name(names, suffix),
        "AlarmDescription": format!(
            "{}: {event}. The deployer's commands `failures` and `status` show how it ended and who holds the lock.",
            names.0
        ),
        "Namespace": "AWS/States",
        "MetricName": metric,
        "Dimensions": [{"Name": "StateMachineArn", "Value": substituted(&names.machine_arn())}],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "DatapointsToAlarm": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": [{"Ref": "AlarmTopic"}],
    })
}

fn metric_alarm_name(names: Names, suffix: &str) -> String {
    format!("{}-{suffix}", names.0)
}

/// The conditions keep other rules and alarms, of this account or another, from publishing through these services.
fn topic_policy(names: Names) -> Value {
    let topic = [arn("sns", &alarm_topic(names.0.as_str()))];
    let rule = arn("events", &format!("rule/{}-alarm", names.0));
    let events = json!({"Service": service_principal::EVENTS});
    let rule = allow("PublishAlarm", &["sns:Publish"], &topic).of(events).when("ArnEquals", "aws:SourceArn", &[&rule]);
    let name = |alarm: MetricAlarm| format!("alarm:{}", metric_alarm_name(names, alarm.suffix));
    let alarms = METRIC_ALARMS.map(|alarm| arn("cloudwatch", &name(alarm)));
    let alarms = allow("PublishMetricAlarms", &["sns:Publish"], &topic)
        .of(json!({"Service": service_principal::of("cloudwatch")}))
        .when("ArnEquals", "aws:SourceArn", &alarms.each_ref().map(String::as_str))
        .when("StringEquals", "aws:SourceAccount", &["${AWS::AccountId}"]);
    json!({"Topics": [{"Ref": "AlarmTopic"}], "PolicyDocument": document([rule, alarms])})
}
