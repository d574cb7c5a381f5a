//! The alarms of a deployer: a rule on the events of Step Functions, and alarms on its metrics.

use super::{NAME, deployer};
use bifrost::bootstrap::DeployerOptions;
use serde_json::{Value, json};

fn resources() -> Value {
    deployer(&DeployerOptions::default())["Resources"].clone()
}

/// The pattern of the rule. CloudFormation gets it as text.
fn event_pattern() -> Value {
    let pattern = &resources()["Alarm"]["Properties"]["EventPattern"]["Fn::Sub"];
    serde_json::from_str(pattern.as_str().unwrap()).unwrap()
}

/// The semantics of patterns that the rule uses. `anything-but` matches text alone here: whether it matches null is not
/// documented.
fn matches(pattern: &Value, event: Option<&Value>) -> bool {
    match pattern {
        Value::Array(alternatives) => alternatives.iter().any(|alternative| matches_one(alternative, event)),
        Value::Object(fields) => fields.iter().all(|(name, pattern)| match name.as_str() {
            "$or" => pattern.as_array().unwrap().iter().any(|pattern| matches(pattern, event)),
            name => matches(pattern, event.and_then(|event| event.get(name))),
        }),
        other => panic!("not a pattern: {other}"),
    }
}

fn matches_one(alternative: &Value, value: Option<&Value>) -> bool {
    if let Some(others) = alternative.get("anything-but") {
        return value.is_some_and(|value| value.is_string() && !others.as_array().unwrap().contains(value));
    }
    match alternative.get("exists") {
        Some(exists) => *exists == json!(value.is_some()),
        None => value == Some(alternative),
    }
}

#[test]
fn rule_matches_every_end_that_may_not_be_clean() {
    let pattern = event_pattern();
    let matched = |status: &str, error: Option<Value>| {
        let mut detail = json!({
            "stateMachineArn": format!("arn:aws:states:us-east-1:000000000000:stateMachine:{NAME}"),
            "status": status,
        });
        detail.as_object_mut().unwrap().extend(error.map(|error| ("error".to_owned(), error)));
        let kind = "Step Functions Execution Status Change";
        matches(&pattern, Some(&json!({"source": "aws.states", "detail-type": kind, "detail": detail})))
    };
    for dirty in ["FailureDirty", "AlertError", "States.Runtime", "States.DataLimitExceeded", ""] {
        assert!(matched("FAILED", Some(dirty.into())), "{dirty}");
    }
    for clean in ["FailureClean", "NotifyError"] {
        assert!(!matched("FAILED", Some(clean.into())), "{clean}");
    }
    for error in [None, Some(Value::Null), Some("States.Timeout".into())] {
        for status in ["FAILED", "ABORTED", "TIMED_OUT"] {
            assert!(matched(status, error.clone()), "{status} {error:?}");
        }
        for status in ["RUNNING", "SUCCEEDED", "PENDING_REDRIVE"] {
            assert!(!matched(status, error.clone()), "{status} {error:?}");
        }
    }
}

/// CloudFormation refuses a template with `null`.
#[test]
fn templates_contain_no_null() {
    fn has_null(value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Array(values) => values.iter().any(has_null),
            Value::Object(fields) => fields.values().any(has_null),
            _ => false,
        }
    }
    assert!(!has_null(&resources()));
}

/// They do not depend on `EventBridge`, which may lose an event.
#[test]
fn each_kind_of_failed_end_has_an_alarm() {
    let resources = resources();
    let alarms = resources.as_object().unwrap().values().filter(|it| it["Type"] == "AWS::CloudWatch::Alarm");
    let mut metrics: Vec<_> = alarms.map(|alarm| alarm["Properties"].clone()).collect();
    metrics.sort_by_key(|alarm| alarm["MetricName"].to_string());
    let names: Vec<_> = metrics.iter().map(|alarm| alarm["MetricName"].clone()).collect();
    assert_eq!(names, ["ExecutionsAborted", "ExecutionsFailed", "ExecutionsTimedOut"]);
    let machine = json!({"Fn::Sub": format!("arn:aws:states:us-east-1:000000000000:stateMachine:{NAME}")});
    for alarm in &metrics {
        assert_eq!(alarm["Namespace"], "AWS/States");
        assert_eq!(alarm["Dimensions"], json!([{"Name": "StateMachineArn", "Value": machine}]));
        assert_eq!((&alarm["Statistic"], &alarm["Threshold"]), (&json!("Sum"), &json!(1)));
        assert_eq!((&alarm["Period"], &alarm["EvaluationPeriods"]), (&json!(60), &json!(1)));
        assert_eq!(alarm["TreatMissingData"], "notBreaching");
        assert_eq!(alarm["AlarmActions"], json!([{"Ref": "AlarmTopic"}]));
    }
}

#[test]
fn topic_accepts_only_its_rule_and_alarms() {
    let resources = resources();
    let arn = |service: &str, resource: &Value, prefix: &str, name: &str| {
        let name = resource["Properties"][name].as_str().unwrap();
        json!({"Fn::Sub": format!("arn:aws:{service}:us-east-1:000000000000:{prefix}{name}")})
    };
    let alarms = ["FailedAlarm", "AbortedAlarm", "TimedOutAlarm"];
    let alarms = alarms.map(|alarm| arn("cloudwatch", &resources[alarm], "alarm:", "AlarmName"));
    let topic = arn("sns", &resources["AlarmTopic"], "", "TopicName");
    let publish = |sid: &str, service: &str, condition: Value| {
        json!({
            "Sid": sid,
            "Effect": "Allow",
            "Action": ["sns:Publish"],
            "Resource": topic,
            "Principal": {"Service": service},
            "Condition": condition,
        })
    };
    let rule = json!({"ArnEquals": {"aws:SourceArn": arn("events", &resources["Alarm"], "rule/", "Name")}});
    let account = json!({"aws:SourceAccount": {"Fn::Sub": "000000000000"}});
    let alarms = json!({"ArnEquals": {"aws:SourceArn": alarms}, "StringEquals": account});
    let policy = &resources["AlarmTopicPolicy"]["Properties"]["PolicyDocument"]["Statement"];
    assert_eq!(policy[0], publish("PublishAlarm", "events.amazonaws.com", rule));
    assert_eq!(policy[1], publish("PublishMetricAlarms", "cloudwatch.amazonaws.com", alarms));
    assert_eq!(policy.as_array().unwrap().len(), 2);
}
