//! How the instances of an image behave: what a world file may say of their life.

use serde::{Deserialize, Serialize};

/// How an instance behaves. What an exception leaves out is as the image says; what the image leaves out is usual.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// Seconds from launch to being in service, or to the launch hook; 20 if none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boots_after_seconds: Option<u32>,
    /// When load balancers and target groups find it healthy; 25 seconds after it came into service if none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<Health>,
    /// Seconds from launch until it terminates by itself; if none, it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminates_after_seconds: Option<u32>,
    /// Seconds it takes to shut down; 10 if none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stops_after_seconds: Option<u32>,
}

/// When load balancers and target groups find an instance healthy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// That many seconds after it was registered.
    AfterSeconds(u32),
    /// Never.
    Never,
}

/// Which of an image's instances is meant: 1 is the first that is launched from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InstanceNumber(u64);

impl InstanceNumber {
    /// The instance of that number.
    #[must_use]
    pub fn new(number: u64) -> Self {
        Self(number)
    }
}

// By way of text, because it is a key of a JSON object.
impl TryFrom<String> for InstanceNumber {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let number = text.parse().ok().filter(|number| *number > 0).map(Self);
        number.ok_or_else(|| format!("{text:?} is not the number of an instance: 1, 2, …"))
    }
}

impl From<InstanceNumber> for String {
    fn from(number: InstanceNumber) -> Self {
        number.0.to_string()
    }
}

impl Behaviour {
    /// This, and what it leaves out as `usual` has it.
    pub(super) fn or(self, usual: Self) -> Self {
        Self {
            boots_after_seconds: self.boots_after_seconds.or(usual.boots_after_seconds),
            health: self.health.or(usual.health),
            terminates_after_seconds: self.terminates_after_seconds.or(usual.terminates_after_seconds),
            stops_after_seconds: self.stops_after_seconds.or(usual.stops_after_seconds),
        }
    }

    pub(super) fn boot_seconds(self) -> u32 {
        self.boots_after_seconds.unwrap_or(20)
    }

    pub(super) fn stop_seconds(self) -> u32 {
        self.stops_after_seconds.unwrap_or(10)
    }

    /// Seconds from being registered to being healthy; none if it never is.
    pub(super) fn health_seconds(self) -> Option<u32> {
        match self.health.unwrap_or(Health::AfterSeconds(25)) {
            Health::AfterSeconds(seconds) => Some(seconds),
            Health::Never => None,
        }
    }
}
