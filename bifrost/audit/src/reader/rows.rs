//! What a list shows: deploys, acts of people, and their reviews.

use bifrost_core::audit::{EntryKind, Outcome};
use bifrost_core::people::Person;
use bifrost_core::release::Sha256;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::str::FromStr;

/// An execution: one deploy of a release, or the refusal of one.
///
/// Everything but its place in the log is copied from log entries. Times have microseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deploy {
    /// The directory of its records, `records/<deployer>/<execution>`, which identifies it in a log.
    pub records: String,
    /// The name of the deployer in AWS.
    pub deployer: String,
    /// ARN of the execution.
    pub execution: Option<String>,
    /// The release.
    pub release_id: Option<String>,
    /// The SHA-256 of the release's stored bytes.
    pub release_sha256: Option<Sha256>,
    /// The project.
    pub project_name: Option<String>,
    /// The config.
    pub config_name: Option<String>,
    /// The target account.
    pub aws_account_id: Option<String>,
    /// The target region.
    pub aws_region: Option<String>,
    /// Who started it, as the client claims.
    pub started_by: Option<String>,
    /// When its first entry was recorded: the start, if the log has it.
    pub time: DateTime<Utc>,
    /// When it started. `None` if the log has no start of it.
    pub started: Option<DateTime<Utc>>,
    /// When it ended, was refused, or was closed. `None` if the log has no end of it.
    pub ended: Option<DateTime<Utc>>,
    /// How it ended. `None` if the log has no end of it.
    pub outcome: Option<Outcome>,
    /// The code of the reason, if it was refused.
    pub code: Option<String>,
    /// Whether its end was found by `audit reconcile`, because it could not record it itself.
    pub closed: bool,
    /// The index of the log entry with its start.
    pub start_entry: Option<u64>,
    /// The index of the log entry with its end.
    pub end_entry: Option<u64>,
    /// How many records its chain has up to the last log entry.
    pub record_count: u64,
}

impl Deploy {
    /// The name of its outcome; `NotEnded` if the log has no end of it.
    #[must_use]
    pub fn outcome_name(&self) -> &'static str {
        self.outcome.map_or(NOT_ENDED, Outcome::name)
    }

    /// The name of the execution: the last part of [`records`](Self::records).
    #[must_use]
    pub fn execution_name(&self) -> &str {
        self.records.rsplit('/').next().unwrap_or_default()
    }
}

/// What lists show as the outcome of a deploy without an end.
pub(super) const NOT_ENDED: &str = "NotEnded";

/// An act of a person: a freeze, a halt, an unlock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Act {
    /// Its id, `<time>-<random>`.
    pub id: String,
    /// The index of its log entry.
    pub entry: u64,
    /// When.
    pub time: DateTime<Utc>,
    /// The name of the deployer in AWS.
    pub deployer: String,
    /// The release, if it was about one.
    pub release_id: Option<String>,
    /// The project.
    pub project_name: Option<String>,
    /// The config.
    pub config_name: Option<String>,
    /// The target account.
    pub aws_account_id: Option<String>,
    /// The target region.
    pub aws_region: Option<String>,
    /// What, such as `freeze`.
    pub action: String,
    /// Who, as STS says.
    pub identity: String,
    /// Whether STS has confirmed the identity. `None` if the record cannot be read.
    pub confirmed: Option<bool>,
    /// Why, in the person's words.
    pub reason: Option<String>,
    /// A ticket.
    pub ticket: Option<String>,
    /// Whether it went around a protection, so that another person must review it. Also `true` if the record cannot be read.
    pub break_glass: bool,
    /// Whether it was done. `None` if that was not recorded.
    pub done: Option<bool>,
    /// The code of the error, if it failed.
    pub code: Option<String>,
    /// Its reviews, the oldest first.
    pub reviews: Vec<Review>,
    /// Why its record cannot be used, if so.
    pub problem: Option<String>,
}

impl Act {
    /// Whether another person must review it still.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.break_glass && !self.reviews.iter().any(|review| review.counts)
    }
}

/// A review of an act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Review {
    /// The index of its log entry.
    pub entry: u64,
    /// When.
    pub time: DateTime<Utc>,
    /// Who, as STS says.
    pub identity: String,
    /// Whether STS has confirmed the identity.
    pub confirmed: bool,
    /// What they found.
    pub note: String,
    /// Whether it is the review of another person, after the act.
    pub counts: bool,
}

/// A log entry and the record to which it commits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CommittedRecord {
    /// The index of the entry.
    pub entry: u64,
    /// The kind of the entry.
    pub kind: EntryKind,
    /// The number of the record in its chain.
    pub number: u64,
    /// The SHA-256 of the record's exact bytes.
    pub sha256: Sha256,
}

/// Which deploys and acts a list shows. Empty fields match all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The target account.
    pub account: Option<String>,
    /// The project.
    pub project: Option<String>,
    /// The config.
    pub config: Option<String>,
    /// The name of the deployer in AWS.
    pub deployer: Option<String>,
    /// Who started a deploy, as its client claims; who acted or reviewed, as STS says: the whole ARN, or its last part. Case does not
    /// matter.
    pub person: Option<String>,
    /// How a deploy ended. Acts have no outcome, so none matches.
    pub outcome: Option<OutcomeFilter>,
    /// From this time.
    pub since: Option<DateTime<Utc>>,
    /// Before this time.
    pub until: Option<DateTime<Utc>>,
    /// At most this many, the newest first.
    pub limit: Option<usize>,
}

/// Which outcomes a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutcomeFilter {
    /// Deploys with this outcome.
    Is(Outcome),
    /// Deploys whose end the log does not have: they run still, or were killed.
    NotEnded,
}

impl OutcomeFilter {
    /// All, for help texts.
    pub const ALL: [Self; 6] = [
        Self::Is(Outcome::Success),
        Self::Is(Outcome::FailureClean),
        Self::Is(Outcome::FailureDirty),
        Self::Is(Outcome::Refused),
        Self::Is(Outcome::Stopped),
        Self::NotEnded,
    ];

    /// Its name, such as `FailureClean`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Is(outcome) => outcome.name(),
            Self::NotEnded => NOT_ENDED,
        }
    }
}

/// The text is not the name of an outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected one of Success, FailureClean, FailureDirty, Refused, Stopped, NotEnded")]
pub struct UnknownOutcome;

/// Case and hyphens do not matter: `failure-clean` is `FailureClean`.
impl FromStr for OutcomeFilter {
    type Err = UnknownOutcome;

    fn from_str(text: &str) -> Result<Self, UnknownOutcome> {
        let text = text.replace(['-', '_'], "");
        Self::ALL.into_iter().find(|filter| filter.name().eq_ignore_ascii_case(&text)).ok_or(UnknownOutcome)
    }
}

/// The name of a person in an identity: the last part of an ARN, such as the name of a user or of a role's session.
#[must_use]
pub(super) fn person_name(identity: &str) -> &str {
    identity.rsplit(['/', ':']).next().unwrap_or(identity)
}

/// Whether two identities may belong to one person.
#[must_use]
pub(super) fn may_be_same_person(a: &str, b: &str) -> bool {
    match (Person::read(a), Person::read(b)) {
        (Ok(a), Ok(b)) => a.may_be(&b),
        // Names of users in a local cloud.
        _ => person_name(a).eq_ignore_ascii_case(person_name(b)),
    }
}
