//! Entries of the Merkle log. Each commits to the chain of an execution, or to an act of a person.

use super::record::{Event, Outcome, Record};
use super::{Claims, safe_text};
use crate::release::Sha256;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The kinds of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// An execution began.
    Started,
    /// An execution ended.
    Ended,
    /// A release was refused.
    Refused,
    /// An execution that could not end by itself was closed.
    Closed,
    /// A person did something.
    Act,
    /// A person reviewed an act.
    Review,
    /// Something outside of a deploy happened.
    Event,
}

/// An entry of the Merkle log: the first record of an execution, or its last.
///
/// It derives from one stored record and nothing else, so that it is the same when it is appended again. Its other fields are copied
/// from the record, so that a reader can list deploys without reading records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// The version of the schema.
    pub schema: u32,
    /// Its kind.
    pub kind: EntryKind,
    /// When it happened: the time of the record.
    pub time: DateTime<Utc>,
    /// The directory of the chain, `records/<deployer>/<execution>`, or the object of an act.
    pub records: String,
    /// The number of the record: how many records the chain has up to it.
    pub number: u64,
    /// The SHA-256 of the record's exact bytes.
    pub sha256: Sha256,
    /// The name of the deployer in AWS.
    pub deployer: String,
    /// ARN of the execution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<String>,
    /// The release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_id: Option<String>,
    /// The SHA-256 of the release's stored bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_sha256: Option<Sha256>,
    /// The project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_name: Option<String>,
    /// The config.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_name: Option<String>,
    /// The target account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aws_account_id: Option<String>,
    /// The target region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aws_region: Option<String>,
    /// Who started the deploy, as the client claims.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_by: Option<String>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The code of the reason, if it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What a person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Who did it, as STS says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
}

impl LogEntry {
    /// The entry for a record that is stored as `line`, without the line end, in the chain `records`. `None` for a record that gets
    /// none.
    #[must_use]
    pub fn for_record(records: &str, record: &Record, line: &[u8]) -> Option<Self> {
        let draft = &record.draft;
        let (mut outcome, mut code, mut release_sha256) = (None, None, None);
        let (mut started_by, mut action, mut identity) = (None, None, None);
        let kind = match &draft.event {
            Event::Start { claims: Claims { started_by: who, .. }, release_sha256: release, .. } => {
                release_sha256 = *release;
                started_by = who.as_deref().map(safe_text);
                EntryKind::Started
            }
            Event::Refusal { code: reason, .. } => {
                (outcome, code) = (Some(Outcome::Refused), reason.clone());
                EntryKind::Refused
            }
            Event::End { outcome: how, release_sha256: release } => {
                (outcome, release_sha256) = (Some(*how), *release);
                EntryKind::Ended
            }
            Event::Closure { outcome: how, .. } => {
                outcome = Some(*how);
                EntryKind::Closed
            }
            Event::Act { action: what, identity: who, .. } => {
                (action, identity) = (Some(what.clone()), Some(who.clone()));
                EntryKind::Act
            }
            Event::Review { identity: who, .. } => {
                identity = Some(who.clone());
                EntryKind::Review
            }
            Event::ActResult { code: reason, .. } => {
                code.clone_from(reason);
                EntryKind::Event
            }
            Event::MayChange { .. }
            | Event::Change { .. }
            | Event::Attempt { .. }
            | Event::LockTaken { .. }
            | Event::LockFreed { .. }
            | Event::Plan { .. }
            | Event::Unknown => return None,
        };
        let subject = &draft.subject;
        // A record that somebody else wrote may have texts of any length.
        let safe = |text: &Option<String>| text.as_deref().map(safe_text);
        Some(Self {
            schema: record.schema,
            kind,
            time: draft.time,
            records: records.to_owned(),
            number: record.number,
            sha256: Sha256::of(line),
            deployer: safe_text(&draft.deployer.name),
            execution: safe(&subject.execution),
            release_id: safe(&subject.release_id),
            release_sha256,
            project_name: safe(&subject.project_name),
            config_name: safe(&subject.config_name),
            aws_account_id: safe(&subject.aws_account_id),
            aws_region: safe(&subject.aws_region),
            started_by,
            outcome,
            code: safe(&code),
            action: safe(&action),
            identity: safe(&identity),
        })
    }
}
