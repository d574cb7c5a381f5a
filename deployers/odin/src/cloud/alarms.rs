//! CloudWatch alarms: those that trigger scaling policies, and those that a release names.

use bifrost::cloud::CloudError;
use bifrost::lifecycle::Proof;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The maximum number of alarms that one request may name.
pub const ALARMS_LIMIT: usize = 100;

/// On which side of its threshold an alarm fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparison {
    /// `GreaterThanThreshold`.
    GreaterThanThreshold,
    /// `LessThanThreshold`.
    LessThanThreshold,
}

impl Comparison {
    /// AWS's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GreaterThanThreshold => "GreaterThanThreshold",
            Self::LessThanThreshold => "LessThanThreshold",
        }
    }
}

/// An alarm on the average `AWS/EC2 CPUUtilization` of an auto-scaling group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAlarm {
    /// Its name, 1 to 255 characters.
    pub name: String,
    /// What it does, in words: at most 1,024 characters.
    #[serde(default)]
    pub description: String,
    /// The group whose instances are measured.
    pub group_name: String,
    /// On which side of the threshold it fires.
    pub comparison: Comparison,
    /// CPU utilization in percent.
    pub threshold: f64,
    /// Seconds over which each average is taken: 10, 20, 30 or a multiple of 60.
    pub period_seconds: u32,
    /// How many consecutive averages must breach the threshold.
    pub evaluation_periods: u32,
    /// The scaling policy that it triggers.
    pub policy_arn: String,
}

/// The state of an alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmState {
    /// The name of the alarm.
    pub name: String,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub value: String,
    /// Since when it has this value, if CloudWatch reports it (`StateTransitionedTimestamp`).
    pub since: Option<DateTime<Utc>>,
    /// CloudWatch's explanation.
    pub reason: String,
}

/// CloudWatch alarms.
#[bifrost::port]
pub trait Alarms {
    /// Creates the alarm, or replaces the one with its name.
    ///
    /// # Errors
    /// [`CloudError`] from CloudWatch.
    #[change("cloudwatch:PutMetricAlarm", alarm.name)]
    async fn put(&self, proof: &Proof, alarm: &NewAlarm) -> Result<(), CloudError>;

    /// The states of at most [`ALARMS_LIMIT`] alarms, composite ones too. An alarm that does not exist is missing from the
    /// result.
    ///
    /// # Errors
    /// [`CloudError`] from CloudWatch.
    #[call("cloudwatch:DescribeAlarms")]
    async fn states(&self, names: &[String]) -> Result<Vec<AlarmState>, CloudError>;
}
