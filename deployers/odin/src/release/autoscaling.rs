//! How a service scales: its sizes, its rollout strategy, and its scaling policies.

use super::Spread;
use serde_json::Number;

/// How a service scales.
#[bifrost::field_type]
#[serde(default)]
pub struct Autoscaling {
    /// Minimum number of instances.
    pub min_size: u32,
    /// Maximum number of instances.
    pub max_size: u32,
    /// The share of the desired capacity that is launched in addition, and that may be unhealthy.
    pub spread: Spread,
    /// How many instances may terminate during a deploy.
    pub max_terms: u32,
    /// Pause after a scaling activity, in seconds.
    pub default_cooldown: u32,
    /// How long an instance may boot before Auto Scaling checks its health, in seconds. Default: the release's timeout during the
    /// deploy, then 300 s.
    pub health_check_grace_period: Option<u32>,
    /// In which steps instances are launched.
    pub strategy: Strategy,
    /// Policies that change the capacity with the load.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<Policy>,
}

/// The grace period of a group after a successful deploy, if the release does not set it: a deploy may take two days, but later an
/// unhealthy instance must not be kept for two days.
pub(super) const GRACE_PERIOD_AFTER_SUCCESS_SECONDS: u32 = 300;

impl Autoscaling {
    /// The grace period during a deploy with this timeout, in seconds.
    #[must_use]
    pub fn grace_period_seconds(&self, timeout: u32) -> u32 {
        self.health_check_grace_period.unwrap_or(timeout)
    }

    /// The grace period that the group gets after success, in seconds; `None` if the release set one, which stays.
    #[must_use]
    pub fn grace_period_after_success_seconds(&self) -> Option<u32> {
        self.health_check_grace_period.is_none().then_some(GRACE_PERIOD_AFTER_SUCCESS_SECONDS)
    }
}

impl Default for Autoscaling {
    fn default() -> Self {
        Self {
            min_size: 1,
            max_size: 1,
            spread: Spread::default(),
            max_terms: 0,
            default_cooldown: 300,
            health_check_grace_period: None,
            strategy: Strategy::AllAtOnce,
            policies: Vec::new(),
        }
    }
}

/// In which steps the instances of a new group are launched.
#[bifrost::field_type]
#[derive(Copy, Default, Eq)]
pub enum Strategy {
    /// All from the start.
    #[default]
    AllAtOnce,
    /// One first, and all others once it is healthy.
    OneThenAllWithCanary,
    /// A quarter more at each health check.
    #[serde(rename = "25PercentStepRolloutNoCanary")]
    QuarterSteps,
    /// A tenth more at each health check.
    #[serde(rename = "10PercentStepRolloutNoCanary")]
    TenthSteps,
    /// Ten more at each health check.
    #[serde(rename = "10AtATimeNoCanary")]
    TenAtATime,
    /// Twenty more at each health check.
    #[serde(rename = "20AtATimeNoCanary")]
    TwentyAtATime,
}

/// A scaling policy: changes a group's capacity when its instances are too busy or too idle.
#[bifrost::field_type]
pub struct Policy {
    /// Its metric and direction.
    #[serde(rename = "type")]
    pub kind: PolicyType,
    /// Distinguishes policies of the same type.
    pub name: Option<String>,
    /// CPU utilisation in percent above (below) which it scales up (down). Default: 50 (20).
    pub threshold: Option<Number>,
    /// By how many instances it changes the capacity. Default: +1 (−1).
    pub scaling_adjustment: Option<i32>,
    /// The period over which the utilisation is averaged, in seconds.
    #[serde(default = "five_minutes")]
    pub period: u32,
    /// How many consecutive periods must be beyond the threshold.
    #[serde(default = "two")]
    pub evaluation_periods: u32,
    /// Pause after a change, in seconds.
    #[serde(default = "a_minute")]
    pub cooldown: u32,
}

impl Policy {
    /// The threshold, or its default, in percent.
    #[must_use]
    pub fn threshold_percent(&self) -> f64 {
        let default = match self.kind {
            PolicyType::CpuScaleUp => 50.0,
            PolicyType::CpuScaleDown => 20.0,
        };
        self.threshold.as_ref().and_then(Number::as_f64).unwrap_or(default)
    }

    /// The scaling adjustment, or its default.
    #[must_use]
    pub fn adjustment(&self) -> i32 {
        self.scaling_adjustment.unwrap_or(match self.kind {
            PolicyType::CpuScaleUp => 1,
            PolicyType::CpuScaleDown => -1,
        })
    }

    /// Whether it removes instances.
    #[must_use]
    pub fn scales_in(&self) -> bool {
        self.adjustment() < 0
    }
}

/// The metric and direction of a policy.
#[bifrost::field_type]
#[derive(Copy, Eq, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
pub enum PolicyType {
    /// More instances when the CPUs are busy.
    CpuScaleUp,
    /// Fewer instances when the CPUs are idle.
    CpuScaleDown,
}

impl PolicyType {
    /// The name in a release, which is part of the names of the policy and of its alarm.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CpuScaleUp => "cpu_scale_up",
            Self::CpuScaleDown => "cpu_scale_down",
        }
    }
}

fn five_minutes() -> u32 {
    300
}

fn a_minute() -> u32 {
    60
}

fn two() -> u32 {
    2
}
