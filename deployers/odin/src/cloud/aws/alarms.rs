//! CloudWatch alarms on the AWS SDK.

use super::Service;
use crate::cloud::{Alarms, Comparison, NewAlarm};
use async_trait::async_trait;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{ComparisonOperator, Dimension, Statistic};
use bifrost::aws::{Request, each, found, pages};
use bifrost::cloud::CloudError;

/// How many alarms one request may delete.
const DELETE_LIMIT: usize = 100;

/// How many alarms a page may have.
const PAGE_LIMIT: i32 = 100;

#[async_trait]
impl Alarms for Service<Client> {
    async fn put(&self, alarm: &NewAlarm) -> Result<(), CloudError> {
        let request = Request::new("cloudwatch:PutMetricAlarm", &alarm.name);
        let group = Dimension::builder().name("AutoScalingGroupName").value(&alarm.group_name).build();
        let put = self.client.put_metric_alarm().alarm_name(&alarm.name);
        let put = put.namespace("AWS/EC2").metric_name("CPUUtilization").dimensions(group);
        let put = put.statistic(Statistic::Average).period(request.number("Period", alarm.period_seconds)?);
        let put = put.evaluation_periods(request.number("EvaluationPeriods", alarm.evaluation_periods)?);
        let put = put.comparison_operator(operator(alarm.comparison)).threshold(alarm.threshold);
        request.make(&self.session, put.alarm_actions(&alarm.policy_arn).send()).await.map(drop)
    }

    async fn names(&self, prefix: &str) -> Result<Vec<String>, CloudError> {
        let request = Request::new("cloudwatch:DescribeAlarms", prefix);
        // CloudWatch refuses an empty prefix.
        let prefix = Some(prefix.to_owned()).filter(|prefix| !prefix.is_empty());
        let found = pages(async |token| {
            let describe = self.client.describe_alarms().set_alarm_name_prefix(prefix.clone());
            let describe = describe.max_records(PAGE_LIMIT).set_next_token(token);
            let page = request.make(&self.session, describe.send()).await?;
            Ok((page.metric_alarms.unwrap_or_default(), page.next_token))
        });
        found.await?.into_iter().map(|alarm| request.field("AlarmName", alarm.alarm_name)).collect()
    }

    async fn delete(&self, names: &[String]) -> Result<(), CloudError> {
        let deleted = each(names.chunks(DELETE_LIMIT).map(<[_]>::to_vec), async |names| {
            let request = Request::new("cloudwatch:DeleteAlarms", names.first().map_or("", String::as_str));
            let delete = self.client.delete_alarms().set_alarm_names(Some(names.clone()));
            found(request.make(&self.session, delete.send()).await)
        });
        deleted.await.map(drop)
    }
}

fn operator(comparison: Comparison) -> ComparisonOperator {
    match comparison {
        Comparison::GreaterThanThreshold => ComparisonOperator::GreaterThanThreshold,
        Comparison::LessThanThreshold => ComparisonOperator::LessThanThreshold,
    }
}
