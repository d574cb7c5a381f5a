//! What can be wrong with an audit log.

use super::tree_problem::TreeProblem;
use bifrost_core::error_code::Coded;
use serde::Serialize;

/// Something is wrong with an audit log, or worth a look.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
#[non_exhaustive]
pub enum Problem {
    /// Something is wrong with the Merkle tree.
    #[error(transparent)]
    #[code(source)]
    Tree(#[from] TreeProblem),

    /// An object was deleted and written again.
    #[error("the object was deleted and written again: its first version counts")]
    #[code("audit/object-recreated", "find out in CloudTrail who deleted it and who wrote it")]
    ObjectRecreated,
    /// An object was deleted. Its earlier version still exists.
    #[error("the object was deleted: its first version still exists and counts")]
    #[code("audit/object-deleted", "find out in CloudTrail who deleted it, and remove the delete marker")]
    ObjectDeleted,
    /// An object was written a second time.
    #[error("the object was written again: its first version counts")]
    #[code("audit/object-overwritten", "find out in CloudTrail who wrote it: writers write an object once")]
    ObjectOverwritten,
    /// An object is missing.
    #[error("an object of the chain is missing")]
    #[code(
        "audit/object-missing",
        "copy the log again; if the bucket does not have the object, find out who deleted it"
    )]
    ObjectMissing,
    /// An object has a number to which the chain has not come.
    #[error("the object is not part of the chain: the object with the number before it does not exist")]
    #[code("audit/object-squatted", "find out who wrote it: writers number objects without gaps")]
    ObjectSquatted,
    /// An object is larger than any that a deployer writes.
    #[error("the object has {0} bytes, more than any that a deployer writes")]
    #[code("audit/object-oversized", "find out who wrote it")]
    ObjectTooLarge(u64),
    /// An object does not belong to an audit log.
    #[error("the object does not belong to an audit log")]
    #[code(
        "audit/foreign-object",
        "remove it; a name with random letters at its end is a download that did not end: copy the log again"
    )]
    ForeignObject,

    /// A record cannot be read.
    #[error("the record cannot be read: {0}")]
    #[code("audit/record-malformed", "copy the log again; if the bucket has the same bytes, find out who wrote them")]
    RecordMalformed(String),
    /// A newer version of the software wrote it.
    #[error("schema {found}, and this version reads up to {known}")]
    #[code("audit/schema-unknown", "update: a newer version wrote it")]
    SchemaUnknown {
        /// Its schema.
        found: u64,
        /// The newest that this version reads.
        known: u32,
    },
    /// Records are missing.
    #[error("the records {from} to {to} of the chain are missing")]
    #[code("audit/record-missing", "copy the log again; if the bucket does not have them, find out who deleted them")]
    RecordMissing {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// A record is in the chain twice, or two records have one number.
    #[error("the chain has a second record {0}")]
    #[code("audit/record-duplicated", "find out who wrote the object: a writer numbers its records")]
    RecordDuplicated(u64),
    /// A record is not in its place.
    #[error("record {found} is in the place of record {expected}")]
    #[code("audit/record-reordered", "copy the log again; if the bucket has the same bytes, find out who wrote them")]
    RecordReordered {
        /// The number that belongs here.
        expected: u64,
        /// The number of the record that is here.
        found: u64,
    },
    /// A record is not the one that was written.
    #[error("{}", altered(*from, *to))]
    #[code("audit/record-altered", "copy the log again; if the bucket has the same bytes, find out who wrote them")]
    RecordAltered {
        /// The first that may have been altered.
        from: u64,
        /// The last.
        to: u64,
    },
    /// A record of another execution is in this chain.
    #[error("record {0} belongs to another execution")]
    #[code("audit/record-moved", "copy the log again; if the bucket has the same bytes, find out who wrote them")]
    RecordMoved(u64),
    /// An entry says something else than its record.
    #[error("entry {index} is not the one that record {number} has: it differs in {fields}")]
    #[code(
        "audit/entry-forged",
        "believe the record only after you found out who wrote the entry: writers derive one from the other"
    )]
    EntryForged {
        /// Its index.
        index: u64,
        /// The number of the record.
        number: u64,
        /// The fields that differ.
        fields: String,
    },
    /// An entry commits to a record that the bucket does not have.
    #[error("entry {index} commits to record {number} of a chain that has no objects")]
    #[code("audit/chain-missing", "copy the log again; if the bucket does not have the chain, find out who deleted it")]
    ChainMissing {
        /// Its index.
        index: u64,
        /// The number of the record.
        number: u64,
    },
    /// A record has no entry, though later records of its chain have.
    #[error("record {0} has no entry, though later records of its chain have")]
    #[code(
        "audit/entry-missing",
        "run the deployer's `reconcile`: a writer was interrupted, or could not write the log"
    )]
    EntryMissing(u64),
    /// No entry commits to a chain that was written not long ago.
    #[error("no entry commits to the chain yet: nothing proves its records")]
    #[code(
        "audit/uncommitted-chain",
        "verify again in some minutes; if it stays, find out whether Step Functions has the execution, or who did the act"
    )]
    UncommittedChain,
    /// No entry commits to a chain, though the log went on for a day.
    #[error(
        "no entry commits to the chain, which began {hours} hours before the last entry: nothing proves its records"
    )]
    #[code(
        "audit/uncommitted-late",
        "compare the records with the history of the execution in Step Functions and with CloudTrail: without them nobody can vouch for these records"
    )]
    UncommittedLate {
        /// How much older than the last entry it is.
        hours: i64,
    },
    /// No entry commits to an act or a review, though the log went on.
    #[error("no entry commits to this act or review, though later ones have entries: it does not count")]
    #[code(
        "audit/uncommitted-act",
        "find out in CloudTrail who wrote the object, and have what was done reviewed: nothing proves that this person did it"
    )]
    UncommittedAct,
    /// A chain has records of others.
    #[error("the chain is not that of an execution: {0}")]
    #[code("audit/chain-forged", "find out in CloudTrail who wrote its objects: no deployer did")]
    ChainForged(String),
    /// No entry commits to the end of an execution.
    #[error("no entry commits to record {number}, which says how the execution ended: nothing proves it")]
    #[code(
        "audit/uncommitted-end",
        "compare it with Step Functions; only if both say the same, run the deployer's `reconcile`"
    )]
    UncommittedEnd {
        /// The number of the record.
        number: u64,
    },

    /// Records were added after the execution had ended, and no entry covers them.
    #[error("the records {from} to {to} were added after the end of the execution, and no entry commits to them")]
    #[code(
        "audit/after-end",
        "find out in CloudTrail who wrote them: no attempt that was still running writes such records, or so late"
    )]
    AfterEnd {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// An attempt may still have been running when the execution ended, and no entry covers what it recorded.
    #[error(
        "the records {from} to {to} are of an attempt that ran after the end of the execution, and no entry commits to them"
    )]
    #[code(
        "audit/late-attempt",
        "compare them with CloudTrail: an attempt that was still running may have written them, but nothing proves it"
    )]
    LateAttempt {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },

    /// An execution was started twice, with different content.
    #[error("the execution was started a second time, by record {number}{}", if *differs { ", with another release" } else { "" })]
    #[code(
        "audit/started-twice",
        "compare both records: two attempts that ran at the same time write the same release"
    )]
    StartedTwice {
        /// The number of the second record.
        number: u64,
        /// Whether the two say different things.
        differs: bool,
    },
    /// An execution recorded two ends that differ.
    #[error("the execution ended twice: {first}, and {second} by record {number}")]
    #[code("audit/ended-twice", "look at the history of the execution in Step Functions: it has one end")]
    EndedTwice {
        /// The first end.
        first: String,
        /// The second end.
        second: String,
        /// The number of the record with the second end.
        number: u64,
    },
    /// An execution went on after it recorded how it ended, or Step Functions says something else.
    #[error("recorded as {first}, and later as {second} by record {number}")]
    #[code(
        "audit/outcome-changed",
        "the later record counts: an attempt was repeated, or the execution was stopped after it had ended"
    )]
    OutcomeChanged {
        /// What was recorded first.
        first: String,
        /// What was recorded later.
        second: String,
        /// The number of the later record.
        number: u64,
    },
    /// A chain does not begin with the start of an execution.
    #[error("the chain does not begin with the start of an execution")]
    #[code(
        "audit/without-start",
        "the log could not be written when the execution began, which the mode `best-effort` allows"
    )]
    WithoutStart,
    /// A record is older than the one before it.
    #[error("record {number} is {seconds} seconds older than the record before it")]
    #[code(
        "audit/clock-back",
        "compare with the history of the execution: the clocks of two functions differ, or one was changed"
    )]
    ClockBack {
        /// Its number.
        number: u64,
        /// How much older it is.
        seconds: i64,
    },
    /// The time of a record cannot be right.
    #[error("record {number} is from {year}")]
    #[code("audit/clock-wrong", "compare with the history of the execution: the clock of the function was wrong")]
    ClockWrong {
        /// Its number.
        number: u64,
        /// Its year.
        year: i32,
    },

    /// A review is of an act that the log does not have.
    #[error("the review is of the act {0}, which the log does not have")]
    #[code("audit/review-of-unknown-act", "find out who wrote the review")]
    ReviewOfUnknownAct(String),
    /// STS confirmed the identity of the person who acted, but not that of the reviewer.
    #[error("STS did not confirm the identity of the reviewer of the act {0}")]
    #[code("audit/review-unconfirmed", "have the act reviewed with `bifrost audit review`: this review does not count")]
    ReviewUnconfirmed(String),
    /// The person who acted reviewed the act.
    #[error("the act {0} was reviewed by the person who did it")]
    #[code("audit/review-by-same-person", "have another person review the act: this review does not count")]
    ReviewBySamePerson(String),

    /// A bundle cannot be read.
    #[error("the bundle cannot be read: {0}")]
    #[code("audit/bundle-malformed", "copy the log again; the records are read from their own objects")]
    BundleMalformed(String),
    /// A bundle has other records than those that were written.
    #[error("the bundle does not have the records of {chain}: {problem}")]
    #[code("audit/bundle-altered", "copy the log again; the records are read from their own objects")]
    BundleAltered {
        /// The directory of the chain.
        chain: String,
        /// What is wrong with them.
        problem: String,
    },
    /// The policy demands what this version cannot check.
    #[error("{0}")]
    #[code(
        "audit/policy-not-enforced",
        "check the cosignatures of the checkpoint with another tool, or use `quorum none`"
    )]
    PolicyNotEnforced(String),
}

fn altered(from: u64, to: u64) -> String {
    if from == to {
        return format!("record {to} is not the one that was written");
    }
    format!(
        "record {to} is not the one that was written: it was altered, or one from {from} was and the hashes were computed again"
    )
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Something worth a look that happens without an attack, too.
    Warning,
    /// Something is wrong.
    Error,
}

impl Problem {
    /// How bad it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::ForeignObject
            | Self::EntryMissing(_)
            | Self::UncommittedChain
            | Self::UncommittedEnd { .. }
            | Self::LateAttempt { .. }
            | Self::StartedTwice { differs: false, .. }
            | Self::OutcomeChanged { .. }
            | Self::WithoutStart
            | Self::ClockBack { .. }
            | Self::ClockWrong { .. }
            | Self::PolicyNotEnforced(_) => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// What to do about it.
    pub(crate) fn remedy(&self) -> &'static str {
        let mut codes = Self::CODES.iter().chain(TreeProblem::CODES);
        codes.find(|known| known.code == self.code()).map_or("", |known| known.remedy)
    }
}
