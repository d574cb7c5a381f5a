//! CloudWatch alarms on the embedded world. They are kept, and never go off: its instances have no load.

use super::{OdinAccount, request, validation_error};
use crate::cloud::{Alarms, NewAlarm};
use async_trait::async_trait;
use bifrost::cloud::CloudError;
use bifrost::local::Session;

/// How many alarms one request may delete.
const DELETE_LIMIT: usize = 100;

#[async_trait]
impl Alarms for Session<OdinAccount> {
    async fn put(&self, alarm: &NewAlarm) -> Result<(), CloudError> {
        request(self, "cloudwatch:PutMetricAlarm", &alarm.name, |region, _| {
            if alarm.name.is_empty() || alarm.name.chars().count() > 255 {
                return Err(validation_error("An alarm's name has 1 to 255 characters"));
            }
            let period = alarm.period_seconds;
            if !matches!(period, 10 | 20 | 30) && (period == 0 || !period.is_multiple_of(60)) {
                return Err(validation_error("An alarm's period is 10, 20, 30 or a multiple of 60 seconds"));
            }
            if alarm.evaluation_periods == 0 {
                return Err(validation_error("An alarm evaluates at least one period"));
            }
            region.alarms.insert(alarm.name.clone(), alarm.clone());
            Ok(())
        })
        .await
    }

    async fn names(&self, prefix: &str) -> Result<Vec<String>, CloudError> {
        request(self, "cloudwatch:DescribeAlarms", prefix, |region, _| {
            Ok(region.alarms.keys().filter(|name| name.starts_with(prefix)).cloned().collect())
        })
        .await
    }

    async fn delete(&self, names: &[String]) -> Result<(), CloudError> {
        for names in names.chunks(DELETE_LIMIT) {
            let first = names.first().map_or("", String::as_str);
            request(self, "cloudwatch:DeleteAlarms", first, |region, _| {
                region.alarms.retain(|name, _| !names.contains(name));
                Ok(())
            })
            .await?;
        }
        Ok(())
    }
}
