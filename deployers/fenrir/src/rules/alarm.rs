//! `AWS::CloudWatch::Alarm`.

use super::evaluate::{Piece, evaluate};
use super::resource::ResourceType;
use super::rule_context::RuleContext;
use super::table::Shape::{Any, Boolean, Integer, List, Names, Number, Object, OneOf, Refused, Required, Rule, Text};
use super::table::Table;
use super::tags::TAG;
use super::{names, reference_kinds as kinds};
use crate::template::{Content, FindingCode, Node};
use serde_json::Value;

pub(super) const TYPE: ResourceType = ResourceType {
    name: "AWS::CloudWatch::Alarm",
    table: PROPERTIES,
    named: Some(("AlarmName", names::ALARM)),
    finish: |context, node, _| check_period(context, node),
    deletion_policy: None,
};

const PROPERTIES: Table = &[
    ("ActionConfiguration", Object(ACTION_CONFIGURATION)),
    ("ActionsEnabled", Boolean),
    ("AlarmActions", List(&Names(&kinds::ALARM_ACTION))),
    ("AlarmDescription", Text),
    ("AlarmName", Refused("Fenrir generates the name; remove the property")),
    (
        "ComparisonOperator",
        OneOf(&[
            "GreaterThanOrEqualToThreshold",
            "GreaterThanThreshold",
            "GreaterThanUpperThreshold",
            "LessThanLowerOrGreaterThanUpperThreshold",
            "LessThanLowerThreshold",
            "LessThanOrEqualToThreshold",
            "LessThanThreshold",
        ]),
    ),
    ("DatapointsToAlarm", Integer),
    ("Dimensions", List(&Object(DIMENSION))),
    ("EvaluateLowSampleCountPercentile", Text),
    ("EvaluationCriteria", Object(EVALUATION_CRITERIA)),
    ("EvaluationInterval", Integer),
    ("EvaluationPeriods", Integer),
    ("EvaluationWindow", Object(EVALUATION_WINDOW)),
    ("ExtendedStatistic", Text),
    ("InsufficientDataActions", List(&Names(&kinds::ALARM_ACTION))),
    ("MetricName", Text),
    ("Metrics", List(&Object(METRIC_DATA_QUERY))),
    ("Namespace", Text),
    ("OKActions", List(&Names(&kinds::ALARM_ACTION))),
    ("Period", Integer),
    ("Statistic", OneOf(&["Average", "Maximum", "Minimum", "SampleCount", "Sum"])),
    ("Tags", List(&Object(TAG))),
    ("Threshold", Number),
    ("ThresholdMetricId", Text),
    ("TreatMissingData", OneOf(&["breaching", "ignore", "missing", "notBreaching"])),
    ("Unit", Text),
    ("WarmUpConfiguration", Object(WARM_UP_CONFIGURATION)),
];
const ACTION_CONFIGURATION: Table = &[("AlarmTagsPropagation", Object(ALARM_TAGS_PROPAGATION))];
const ALARM_TAGS_PROPAGATION: Table =
    &[("Enabled", Required(&Boolean)), ("ExcludedTagKeys", List(&Text)), ("IncludedTagKeys", List(&Text))];
const DIMENSION: Table = &[("Name", Required(&Text)), ("Value", Required(&Text))];
const EVALUATION_CRITERIA: Table = &[("PromQLCriteria", Object(PROM_QL_CRITERIA))];
const PROM_QL_CRITERIA: Table = &[("PendingPeriod", Integer), ("Query", Text), ("RecoveryPeriod", Integer)];
const EVALUATION_WINDOW: Table = &[("SlidingWindow", Any), ("WallClockWindow", Object(WALL_CLOCK_WINDOW))];
const WALL_CLOCK_WINDOW: Table = &[("Timezone", Text)];
const METRIC_DATA_QUERY: Table = &[
    ("AccountId", Refused("remove it: the metric could belong to another project's account")),
    ("Expression", Rule(expression)),
    ("Id", Required(&Text)),
    ("Label", Text),
    ("MetricStat", Object(METRIC_STAT)),
    ("Period", Integer),
    ("ReturnData", Boolean),
];
const METRIC_STAT: Table =
    &[("Metric", Required(&Object(METRIC))), ("Period", Required(&Integer)), ("Stat", Required(&Text)), ("Unit", Text)];
const METRIC: Table = &[("Dimensions", List(&Object(DIMENSION))), ("MetricName", Text), ("Namespace", Text)];
const WARM_UP_CONFIGURATION: Table =
    &[("OnlyStartEvaluatingAfterWarmUpPeriodEnds", Boolean), ("WarmUpPeriodDurationInMinutes", Integer)];

/// CloudWatch takes some periods under a minute, and whole minutes. (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>)
fn check_period(context: &mut RuleContext<'_, '_>, node: &Node) {
    let Some(period) = node.get("Period") else { return };
    let seconds = match &period.content {
        Content::Number(number) => number.as_u64(),
        Content::String(text) => text.parse().ok(),
        _ => None,
    };
    if let Some(seconds) =
        seconds.filter(|seconds| *seconds == 0 || seconds % 60 != 0 && ![10, 20, 30].contains(seconds))
    {
        let message = format!("should be 10, 20, 30 or a multiple of 60, but is {seconds}");
        context.within("Period").refuse_value(FindingCode::InvalidValue, period.span, message);
    }
}

/// Metric math. Its function `LAMBDA` calls a function of the account by name.
fn expression(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    let calls = |text: &str| text.to_ascii_lowercase().replace(char::is_whitespace, "").contains("lambda(");
    let pieces = evaluate(context.facts(), node);
    let before = |position: usize| position.checked_sub(1).and_then(|before| pieces.get(before));
    let is_call = pieces.iter().enumerate().any(|(position, piece)| match piece {
        Piece::Text(text) => calls(text),
        Piece::NoValue => false,
        // In quotes, a name of the template cannot be a part of `LAMBDA`.
        Piece::Ref(_) | Piece::Attribute(..) => {
            !matches!(before(position), Some(Piece::Text(text)) if text.ends_with(['\'', '"']))
        }
        Piece::Unknown | Piece::TooLong => true,
    });
    if is_call {
        let message = "an expression that calls a function, or that is not known, is not allowed";
        let help = "remove `LAMBDA(…)`: the function could belong to another project";
        context.refuse(FindingCode::NotAllowed, node.span, message, help);
    }
    Text.walk(context, node)
}

#[cfg(test)]
mod tests {
    use crate::rules::fixture::RulesFixture;
    use crate::template::FindingCode;
    use serde_json::{Value, json};

    fn alarm(properties: &Value) -> Value {
        json!({"errors": {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}})
    }

    #[test]
    fn alarm_gets_a_generated_name() {
        let emitted = RulesFixture::default().accepts(alarm(&json!({
            "Namespace": "AWS/Lambda", "MetricName": "Errors", "Statistic": "Sum", "Threshold": 1, "Period": "60",
            "EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold",
            "Dimensions": [{"Name": "FunctionName", "Value": "x"}],
        })));
        assert_eq!(emitted["Resources"]["errors"]["Properties"]["AlarmName"], "fenrir-org-shop-development-errors");
        let named = alarm(&json!({"AlarmName": "x"}));
        RulesFixture::default().refuses(named, "errors.Properties.AlarmName", FindingCode::NotAllowed);
    }

    #[test]
    fn metrics_are_checked_at_every_depth() {
        let metrics =
            json!({"Metrics": [{"Id": "a", "MetricStat": {"Metric": {"Nmespace": "x"}, "Period": 60, "Stat": "Sum"}}]});
        let path = "errors.Properties.Metrics.0.MetricStat.Metric.Nmespace";
        let fixture = RulesFixture::default();
        fixture.proposes(alarm(&metrics), path, FindingCode::UnknownProperty, "Namespace");
        fixture.refuses(alarm(&json!({"Period": 1.5})), "errors.Properties.Period", FindingCode::WrongType);
    }

    #[test]
    fn period_is_short_or_in_minutes() {
        let with = |period: u64| {
            alarm(&json!({"MetricName": "Errors", "ComparisonOperator": "LessThanThreshold", "Period": period}))
        };
        for period in [10, 20, 30, 60, 3600] {
            RulesFixture::default().accepts(with(period));
        }
        for period in [0, 1, 45, 90] {
            RulesFixture::default().refuses(with(period), "errors.Properties.Period", FindingCode::InvalidValue);
        }
    }

    #[test]
    fn expression_calls_no_function() {
        let with = |expression: Value| {
            let mut resources = alarm(&json!({"Metrics": [{"Id": "a", "Expression": expression}]}));
            resources["jobs"] = json!({"Type": "AWS::SQS::Queue"});
            resources
        };
        RulesFixture::default().accepts(with(json!("SUM(METRICS())")));
        RulesFixture::default().accepts(with(json!({"Fn::Sub": "SEARCH('{AWS/Lambda} \"${jobs}\"', 'Sum')"})));
        let path = "errors.Properties.Metrics.0.Expression";
        for call in [
            json!("LAMBDA('victim')"),
            json!("1 + lambda ( 'victim' )"),
            json!({"Fn::Join": ["", ["LAM", "BDA('victim')"]]}),
            json!({"Fn::ImportValue": "x"}),
            json!({"Fn::Sub": "LAMB${jobs}('victim')"}),
        ] {
            RulesFixture::default().refuses(with(call), path, FindingCode::NotAllowed);
        }
    }
}
