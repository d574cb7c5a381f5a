//! The story of a deploy, from its records, with the evidence for it.

mod sentence;
mod text;
mod timeline;

pub(super) use timeline::{Mark, timeline};

use super::chain::{ExecutionRecords, StoredRecord};
use super::rows::{CommittedRecord, Deploy};
use bifrost_core::audit::{Claims, DeployerVersion, Event, TouchedResource};
use bifrost_core::release::Sha256;
use chrono::{DateTime, Utc};
use serde::Serialize;

/// Finds the documented cause of an error code.
pub type CauseOf<'a> = &'a (dyn Fn(&str) -> Option<&'static str> + Sync);

/// What happened in a deploy, and what proves it.
#[derive(Debug, Clone, Serialize)]
pub struct Story {
    /// The deploy, as the log has it.
    pub deploy: Deploy,
    /// The deployer and its code, as its first record has it.
    pub deployer: Option<DeployerVersion>,
    /// What the client claims. Nobody has checked it.
    pub claims: Claims,
    /// The SHA-256 of the definition of the deployer's state machine.
    pub definition_sha256: Option<Sha256>,
    /// Digests of what it was about to do.
    pub plans: Vec<Sha256>,
    /// What it was allowed to change, as it announced before its first changes.
    pub may_change: Vec<MayChange>,
    /// Why it was refused, if it was.
    pub refusal: Option<RefusalReason>,
    /// Its records, in order.
    pub steps: Vec<Step>,
    /// Attempts that announced changes, and whose end no record has: what they changed is not known.
    pub unconcluded: Vec<UnconcludedAttempt>,
    /// What it left, if it ended dirty or was stopped.
    pub left_over: Vec<TouchedResource>,
    /// Log entries that commit to its records.
    pub evidence: Vec<Evidence>,
    /// What is wrong with its records or entries.
    pub problems: Vec<String>,
}

/// A record of a deploy.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// The number of the record.
    pub number: u64,
    /// When.
    pub time: DateTime<Utc>,
    /// What happened, in a sentence.
    pub text: String,
    /// What happened, as the record has it.
    pub event: Event,
    /// The key of the object with the record.
    pub key: String,
    /// The SHA-256 of the record's exact bytes.
    pub sha256: Sha256,
    /// Whether a log entry commits to it, or to a record after it. Otherwise it proves nothing yet: it could still be altered.
    pub is_committed: bool,
}

/// What a deploy announced before it changed anything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct MayChange {
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// The operations.
    pub operations: Vec<String>,
    /// The states that announced it.
    pub states: Vec<String>,
}

/// Why a release was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusalReason {
    /// The state that refused it.
    pub state: String,
    /// The name of the error on the wire.
    pub error: String,
    /// The stable code of the reason.
    pub code: Option<String>,
    /// The documented cause of this code.
    pub cause: Option<&'static str>,
}

/// An attempt that announced changes, and whose end no record has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnconcludedAttempt {
    /// The state.
    pub state: String,
    /// Which attempt, from 0.
    pub attempt: u32,
    /// When it announced its changes.
    pub time: DateTime<Utc>,
    /// The account that it may have changed.
    pub account: String,
    /// The region.
    pub region: String,
}

/// A log entry and the record to which it commits.
#[derive(Debug, Clone, Serialize)]
pub struct Evidence {
    /// The entry.
    #[serde(flatten)]
    pub committed: CommittedRecord,
    /// The key of the object with the record. `None` if the record is missing.
    pub key: Option<String>,
    /// The line of the record in the object, from 1.
    pub line: Option<usize>,
    /// Whether the record is the one to which the entry commits.
    pub matches: bool,
}

impl Story {
    /// The story of a deploy, from its records and the log entries that commit to them.
    #[must_use]
    pub fn new(deploy: Deploy, entries: &[CommittedRecord], found: &ExecutionRecords, cause_of: CauseOf<'_>) -> Self {
        let records = &found.records;
        let evidence: Vec<Evidence> = entries.iter().map(|entry| evidence(entry, records)).collect();
        let mut problems = found.problems.clone();
        problems.extend(evidence.iter().filter(|it| !it.matches).map(|it| {
            let CommittedRecord { entry, number, .. } = it.committed;
            let what = if it.key.is_some() { "is another one than the log commits to" } else { "is missing" };
            format!("log entry {entry} commits to record {number}, and that record {what}")
        }));
        let committed = committed(&evidence);
        let mut story = Self {
            deploy,
            deployer: records.first().map(|first| first.record.draft.deployer.clone()),
            claims: Claims::default(),
            definition_sha256: None,
            plans: Vec::new(),
            may_change: may_change(records),
            refusal: None,
            steps: records.iter().map(|record| step(record, committed, cause_of)).collect(),
            unconcluded: unconcluded(records, committed),
            left_over: Vec::new(),
            evidence,
            problems,
        };
        for record in records.iter().filter(|it| it.record.number <= committed) {
            story.note(&record.record.draft.event, cause_of);
        }
        story
    }

    /// Which records no log entry covers, in a sentence. `None` if there are none.
    #[must_use]
    pub fn uncommitted(&self) -> Option<String> {
        let mut numbers = self.steps.iter().filter(|step| !step.is_committed).map(|step| step.number);
        let first = numbers.next()?;
        Some(match numbers.next_back() {
            None => format!("record {first} is not committed: it proves nothing yet"),
            Some(last) => format!("records {first} to {last} are not committed: they prove nothing yet"),
        })
    }

    /// The story as text of 80 columns. Control characters are escaped.
    #[must_use]
    pub fn text(&self) -> String {
        text::render(self)
    }

    fn note(&mut self, event: &Event, cause_of: CauseOf<'_>) {
        match event {
            Event::Start { definition_sha256, claims, .. } => {
                self.definition_sha256 = *definition_sha256;
                self.claims = claims.clone();
            }
            Event::Plan { sha256 } => self.plans.push(*sha256),
            Event::Refusal { state, error, code } => {
                let cause = code.as_deref().and_then(cause_of);
                let (state, error, code) = (state.clone(), error.clone(), code.clone());
                self.refusal = Some(RefusalReason { state, error, code, cause });
            }
            Event::Closure { left_over, .. } => self.left_over.clone_from(left_over),
            _ => {}
        }
    }
}

/// The highest number of a record to which a log entry commits, and with it to all records before.
fn committed(evidence: &[Evidence]) -> u64 {
    evidence.iter().filter(|it| it.matches).map(|it| it.committed.number).max().unwrap_or_default()
}

fn step(stored: &StoredRecord, committed: u64, cause_of: CauseOf<'_>) -> Step {
    let draft = &stored.record.draft;
    Step {
        is_committed: stored.record.number <= committed,
        number: stored.record.number,
        time: draft.time,
        text: sentence::of(&draft.event, cause_of),
        event: draft.event.clone(),
        key: stored.key.clone(),
        sha256: stored.sha256,
    }
}

fn evidence(committed: &CommittedRecord, records: &[StoredRecord]) -> Evidence {
    let record = records.iter().find(|it| it.record.number == committed.number);
    Evidence {
        committed: committed.clone(),
        key: record.map(|it| it.key.clone()),
        line: record.map(|it| it.line),
        matches: record.is_some_and(|it| it.sha256 == committed.sha256),
    }
}

/// What was announced: the same account, region and operations once, with all states that announced them.
fn may_change(records: &[StoredRecord]) -> Vec<MayChange> {
    let mut all: Vec<MayChange> = Vec::new();
    for stored in records {
        let Event::MayChange { state, account, region, operations, .. } = &stored.record.draft.event else { continue };
        let same = |it: &&mut MayChange| it.account == *account && it.region == *region && it.operations == *operations;
        match all.iter_mut().find(same) {
            Some(known) if known.states.contains(state) => {}
            Some(known) => known.states.push(state.clone()),
            None => all.push(MayChange {
                account: account.clone(),
                region: region.clone(),
                operations: operations.clone(),
                states: vec![state.clone()],
            }),
        }
    }
    all
}

/// Attempts whose announcement no record of their end follows. A record that is not committed does not end one that is.
fn unconcluded(records: &[StoredRecord], committed: u64) -> Vec<UnconcludedAttempt> {
    let mut open: Vec<(bool, UnconcludedAttempt)> = Vec::new();
    for stored in records {
        let (draft, is_committed) = (&stored.record.draft, stored.record.number <= committed);
        match &draft.event {
            Event::MayChange { state, attempt, account, region, .. } => {
                let (state, attempt, time) = (state.clone(), *attempt, draft.time);
                let (account, region) = (account.clone(), region.clone());
                open.push((is_committed, UnconcludedAttempt { state, attempt, time, account, region }));
            }
            Event::Attempt { state, attempt, .. } => {
                let ends = |(counts, it): &(bool, UnconcludedAttempt)| {
                    it.state == *state && it.attempt == *attempt && (is_committed || !counts)
                };
                if let Some(place) = open.iter().rposition(ends) {
                    open.remove(place);
                }
            }
            _ => {}
        }
    }
    open.into_iter().map(|(_, attempt)| attempt).collect()
}
