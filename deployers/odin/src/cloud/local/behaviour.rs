//! How the instances of an image behave: settings of a seed.

use serde::{Deserialize, Serialize};

/// How an instance behaves. An exception inherits missing fields from its image; an image uses the defaults.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// Seconds from launch to service, or to the launch hook. Default: 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boots_after_seconds: Option<u32>,
    /// When load balancers and target groups report it healthy. Default: 25 seconds after it entered service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<Health>,
    /// Seconds from launch until it terminates by itself. Default: it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminates_after_seconds: Option<u32>,
    /// Seconds that shutdown takes. Default: 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stops_after_seconds: Option<u32>,
}

/// When load balancers and target groups report an instance healthy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// That many seconds after its registration.
    AfterSeconds(u32),
    /// Never.
    Never,
}

/// The number of an instance among those of its image: 1 is launched first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InstanceNumber(u64);

impl InstanceNumber {
    /// Wraps the number of an instance.
    #[must_use]
    pub fn new(number: u64) -> Self {
        Self(number)
    }
}

// Converted from text because it is a key of a JSON object.
impl TryFrom<String> for InstanceNumber {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let number = text.parse().ok().filter(|number| *number > 0).map(Self);
        number.ok_or_else(|| format!("invalid instance number {text:?}: use 1, 2, …"))
    }
}

impl From<InstanceNumber> for String {
    fn from(number: InstanceNumber) -> Self {
        number.0.to_string()
    }
}

impl Behaviour {
    /// This behaviour, with missing fields taken from `defaults`.
    pub(super) fn or(self, defaults: Self) -> Self {
        Self {
            boots_after_seconds: self.boots_after_seconds.or(defaults.boots_after_seconds),
            health: self.health.or(defaults.health),
            terminates_after_seconds: self.terminates_after_seconds.or(defaults.terminates_after_seconds),
            stops_after_seconds: self.stops_after_seconds.or(defaults.stops_after_seconds),
        }
    }

    pub(super) fn boot_seconds(self) -> u32 {
        self.boots_after_seconds.unwrap_or(20)
    }

    pub(super) fn stop_seconds(self) -> u32 {
        self.stops_after_seconds.unwrap_or(10)
    }

    /// Seconds from registration to healthy, or `None` if it never becomes healthy.
    pub(super) fn health_seconds(self) -> Option<u32> {
        match self.health.unwrap_or(Health::AfterSeconds(25)) {
            Health::AfterSeconds(seconds) => Some(seconds),
            Health::Never => None,
        }
    }
}
