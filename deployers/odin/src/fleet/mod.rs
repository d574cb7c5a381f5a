//! The instances of all projects by the age of their release, and the share of them that is young.
//!
//! [`survey`] reads the fleet and counts its instances by release; [`Share`] compares their ages with a goal.

mod groups;
mod share;
mod survey;

pub use share::{InvalidPercent, Percent, Share};
pub use survey::{FleetGap, survey};

use bifrost::release::{AccountId, Region};
use chrono::{DateTime, TimeDelta, Utc};

/// The instances of all projects, and what could not be read.
#[derive(Debug)]
pub struct Fleet {
    /// The releases that instances run, and the deployed releases without instances; oldest first.
    pub releases: Vec<FleetRelease>,
    /// Why the fleet may have instances that `releases` lacks. Empty if everything was read.
    pub gaps: Vec<FleetGap>,
    /// The time for which ages are computed.
    pub now: DateTime<Utc>,
}

/// The release of a project's config, and how many instances run it in one region.
///
/// Its names are text, because they may come from tags of groups, which anyone may write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetRelease {
    /// The target account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
    /// The project.
    pub project: String,
    /// The config of the project.
    pub config: String,
    /// The id of the release.
    pub release_id: String,
    /// When the release was created.
    pub created_at: DateTime<Utc>,
    /// How that is known.
    pub age_source: AgeSource,
    /// How many instances run it, without terminating ones.
    pub instances: usize,
}

/// How the age of a release is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgeSource {
    /// The release says when it was created.
    Release,
    /// The release cannot be read, for the given reason. Its age is that of its oldest group, which was created some minutes later.
    Group(String),
}

impl FleetRelease {
    /// The age of the release; 0 if it was created later than now, by another clock.
    #[must_use]
    pub fn age(&self, now: DateTime<Utc>) -> TimeDelta {
        now.signed_duration_since(self.created_at).max(TimeDelta::zero())
    }

    /// Whether the release is younger than `max_age`.
    #[must_use]
    pub fn is_younger(&self, max_age: TimeDelta, now: DateTime<Utc>) -> bool {
        self.age(now) < max_age
    }
}
