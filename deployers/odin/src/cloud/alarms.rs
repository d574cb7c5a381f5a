//! CloudWatch alarms that drive scaling policies.

use async_trait::async_trait;
use bifrost::cloud::CloudError;
use serde::{Deserialize, Serialize};

/// On which side of its threshold an alarm goes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparison {
    /// `GreaterThanThreshold`.
    GreaterThanThreshold,
    /// `LessThanThreshold`.
    LessThanThreshold,
}

/// An alarm on the average `AWS/EC2 CPUUtilization` of an auto-scaling group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAlarm {
    /// Its name, 1 to 255 characters.
    pub name: String,
    /// The group whose instances are measured.
    pub group_name: String,
    /// On which side of the threshold it goes off.
    pub comparison: Comparison,
    /// Percent of CPU.
    pub threshold: f64,
    /// Seconds that each average is taken over: 10, 20, 30 or a multiple of 60.
    pub period_seconds: u32,
    /// How many averages in a row it takes.
    pub evaluation_periods: u32,
    /// The scaling policy that it triggers.
    pub policy_arn: String,
}

/// CloudWatch alarms.
#[async_trait]
pub trait Alarms: Send + Sync {
    /// Makes the alarm, or replaces the one of its name (`cloudwatch:PutMetricAlarm`).
    ///
    /// # Errors
    /// Whatever CloudWatch answers.
    async fn put(&self, alarm: &NewAlarm) -> Result<(), CloudError>;

    /// The names of all alarms whose name begins with `prefix` (`cloudwatch:DescribeAlarms`, every page).
    ///
    /// # Errors
    /// Whatever CloudWatch answers.
    async fn names(&self, prefix: &str) -> Result<Vec<String>, CloudError>;

    /// Deletes alarms (`cloudwatch:DeleteAlarms`, at most 100 a request). One that is not there is gone already.
    ///
    /// # Errors
    /// Whatever CloudWatch answers.
    async fn delete(&self, names: &[String]) -> Result<(), CloudError>;
}
