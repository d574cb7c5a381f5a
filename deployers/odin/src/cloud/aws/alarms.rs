//! CloudWatch alarms on the AWS SDK.

use crate::cloud::{AlarmState, AwsAlarms, Comparison, NewAlarm};
use aws_sdk_cloudwatch::types::{AlarmType, ComparisonOperator, CompositeAlarm, Dimension, MetricAlarm, Statistic};
use bifrost::aws::{AwsCall, AwsChange, Request};
use bifrost::cloud::CloudError;

impl AwsAlarms for aws_sdk_cloudwatch::Client {
    async fn put(&self, call: AwsChange<'_>, alarm: &NewAlarm) -> Result<(), CloudError> {
        let group = Dimension::builder().name("AutoScalingGroupName").value(&alarm.group_name).build();
        let put = self.put_metric_alarm().alarm_name(&alarm.name).alarm_description(&alarm.description);
        let put = put.namespace("AWS/EC2").metric_name("CPUUtilization").dimensions(group);
        let put = put.statistic(Statistic::Average).period(call.number("Period", alarm.period_seconds)?);
        let put = put.evaluation_periods(call.number("EvaluationPeriods", alarm.evaluation_periods)?);
        let put = put.comparison_operator(operator(alarm.comparison)).threshold(alarm.threshold);
        call.send(put.alarm_actions(&alarm.policy_arn).send()).await.map(drop)
    }

    async fn states(&self, call: AwsCall<'_>, names: &[String]) -> Result<Vec<AlarmState>, CloudError> {
        let describe = self.describe_alarms().set_alarm_names(Some(names.to_vec()));
        // Without the types, CloudWatch answers with metric alarms only.
        let describe = describe.alarm_types(AlarmType::MetricAlarm).alarm_types(AlarmType::CompositeAlarm);
        let answer = call.send(describe.send()).await?;
        let metric = answer.metric_alarms.unwrap_or_default().into_iter().map(|alarm| metric_state(alarm, *call));
        let composite = answer.composite_alarms.unwrap_or_default().into_iter();
        metric.chain(composite.map(|alarm| composite_state(alarm, *call))).collect()
    }
}

/// The states of both types of alarms, which have no type in common in the SDK.
macro_rules! alarm_state {
    ($alarm:ident, $request:ident) => {{
        let name = $request.field("AlarmName", $alarm.alarm_name)?;
        let value = $request.field(&format!("StateValue of {name}"), $alarm.state_value)?.as_str().to_owned();
        let since =
            $alarm.state_transitioned_timestamp.map(|time| $request.time("StateTransitionedTimestamp", Some(time)));
        Ok(AlarmState { name, value, since: since.transpose()?, reason: $alarm.state_reason.unwrap_or_default() })
    }};
}

fn metric_state(alarm: MetricAlarm, request: Request<'_>) -> Result<AlarmState, CloudError> {
    alarm_state!(alarm, request)
}

fn composite_state(alarm: CompositeAlarm, request: Request<'_>) -> Result<AlarmState, CloudError> {
    alarm_state!(alarm, request)
}

fn operator(comparison: Comparison) -> ComparisonOperator {
    match comparison {
        Comparison::GreaterThanThreshold => ComparisonOperator::GreaterThanThreshold,
        Comparison::LessThanThreshold => ComparisonOperator::LessThanThreshold,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_cloudwatch::types::StateValue;

    #[test]
    fn composite_alarm_has_a_state() {
        let request = Request::new("cloudwatch:DescribeAlarms", "all");
        let alarm = CompositeAlarm::builder().alarm_name("all").state_value(StateValue::Alarm);
        let fires = composite_state(alarm.state_reason("one fires").build(), request).unwrap();
        let expected =
            AlarmState { name: "all".into(), value: "ALARM".into(), since: None, reason: "one fires".into() };
        assert_eq!(fires, expected);
        let error = metric_state(MetricAlarm::builder().alarm_name("cpu").build(), request).unwrap_err();
        assert!(error.message.contains("StateValue of cpu"), "{error}");
    }
}
