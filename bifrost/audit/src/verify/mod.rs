//! Verifies a whole audit log: names the first thing that is wrong with it, and what still holds.
//!
//! | what | is proven by |
//! | --- | --- |
//! | the checkpoint | the signature of a key of the policy |
//! | entries and hash tiles | the root of the checkpoint |
//! | the last records of executions that ended, and acts of people | their entries |
//! | all other records | the hash in the record after them |
//! | the past | a checkpoint that an earlier verification saw |
//!
//! Memory is bounded: records are checked chain by chain, and of an entry only hashes are kept, about 250 bytes.

mod bundled;
mod chain;
mod differing;
mod ending;
mod entries;
mod line;
mod listing;
mod people;
mod problem;
mod records;
mod report;
mod stored_tiles;
mod tiles;
mod tree;
mod tree_problem;
mod uncommitted;

pub use problem::{Problem, Severity};
pub use report::{Finding, Report};
pub use tree_problem::TreeProblem;

use crate::log::SignedCheckpoint;
use crate::policy::{NotSigned, Policy};
use crate::source::{LogSource, SourceError};
use bifrost_core::cloud::CHECKPOINT_KEY;
use bifrost_core::error_code::Coded;
use entries::Entries;
use listing::{Role, objects};
use records::Walk;
use report::{Findings, clean};
use tiles::CheckedTree;
use tlog_tiles::EMPTY_HASH;

/// A part of a verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The entries of the Merkle log.
    Entries,
    /// Its hash tiles.
    Tiles,
    /// Bundles of records: the executions in them.
    Bundles,
    /// The records in their own objects.
    Records,
}

/// Takes how much of a stage is done.
pub type Progress<'p> = dyn Fn(Stage, u64) + Send + Sync + 'p;

/// A log cannot be verified.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub enum VerifyError {
    /// The log cannot be read.
    #[error(transparent)]
    #[code(source)]
    Source(#[from] SourceError),
    /// The checkpoint that an earlier verification kept is not one of this log.
    #[error("the checkpoint of the last verification cannot be used: {0}")]
    #[code(
        "audit/last-checkpoint-invalid",
        "restore its file from a backup; if you delete it, this verification cannot tell whether the log was rolled back"
    )]
    LastSeen(String),
}

/// Verifies a log. `last_seen` is the checkpoint that an earlier verification saw: keep the checkpoint of each one that finds nothing
/// wrong.
///
/// # Errors
/// [`VerifyError`], if the log cannot be read. What is wrong with it is in the report.
pub async fn verify(
    source: &dyn LogSource,
    policy: &Policy,
    last_seen: Option<&[u8]>,
    progress: &Progress<'_>,
) -> Result<Report, VerifyError> {
    let last_seen = last_seen.map(|bytes| read_last_seen(bytes, policy)).transpose()?;
    let mut findings = Findings::default();
    let mut report = Report { origin: clean(&policy.origin), ..Report::default() };
    if let Some(problem) = policy.not_enforced() {
        findings.add(Finding::new(&Problem::PolicyNotEnforced(problem)));
    }
    let checkpoint = read_checkpoint(source, policy, &mut findings, &mut report).await?;
    let tree = match &checkpoint {
        Some(checkpoint) if checkpoint.size > 0 => {
            tiles::check(source, checkpoint.size, checkpoint.root, &mut findings, progress).await?
        }
        checkpoint => {
            if checkpoint.as_ref().is_some_and(|checkpoint| checkpoint.root != EMPTY_HASH) {
                findings.add(Finding::at(&TreeProblem::RootMismatch.into(), CHECKPOINT_KEY));
            }
            CheckedTree { entries: Entries::default(), levels: Vec::new() }
        }
    };
    if let Some(last) = &last_seen {
        compare_with_last(last, checkpoint.as_ref(), &tree, &mut findings, &mut report);
    }
    let size = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.size);
    let CheckedTree { entries, levels } = tree;
    Walk::new(source, (size, entries, &levels), &mut findings, &mut report, progress).run().await?;
    say_what_holds(&mut report, source, last_seen.is_some());
    findings.finish(&mut report);
    Ok(report)
}

fn read_last_seen(bytes: &[u8], policy: &Policy) -> Result<SignedCheckpoint, VerifyError> {
    let last = SignedCheckpoint::parse(bytes).map_err(|error| VerifyError::LastSeen(clean(&error.to_string())))?;
    let refused =
        |problem: NotSigned| VerifyError::LastSeen(clean(&TreeProblem::from_policy(problem, policy).to_string()));
    policy.signers(&last).map_err(refused)?;
    Ok(last)
}

/// Reads the checkpoint, and checks its signature. It is used even if that is wrong, to say what still holds.
async fn read_checkpoint(
    source: &dyn LogSource,
    policy: &Policy,
    findings: &mut Findings,
    report: &mut Report,
) -> Result<Option<SignedCheckpoint>, VerifyError> {
    let mut add = |problem: Problem| findings.add(Finding::at(&problem, CHECKPOINT_KEY));
    let body = match source.get(CHECKPOINT_KEY).await {
        Ok(Some(body)) => body,
        Ok(None) => {
            if has_objects(source).await? {
                add(TreeProblem::CheckpointMissing.into());
            }
            return Ok(None);
        }
        Err(SourceError::TooLarge { size, .. }) => {
            add(Problem::ObjectTooLarge(size));
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    let checkpoint = match SignedCheckpoint::parse(&body) {
        Ok(checkpoint) => checkpoint,
        Err(error) => {
            add(TreeProblem::CheckpointMalformed(error.to_string()).into());
            return Ok(None);
        }
    };
    report.size = checkpoint.size;
    report.root = Some(checkpoint.root.to_string());
    match policy.signers(&checkpoint) {
        Ok(signers) => {
            let names = signers.join(" and ");
            report.holds.push(format!("the checkpoint of {} entries is signed by {names}", checkpoint.size));
            report.signers = signers;
        }
        Err(problem) => add(TreeProblem::from_policy(problem, policy).into()),
    }
    Ok(Some(checkpoint))
}

/// Whether there are objects of a log, so that there should be a checkpoint.
async fn has_objects(source: &dyn LogSource) -> Result<bool, SourceError> {
    let mut pages = source.pages("").await?;
    while let Some(page) = pages.next().await? {
        if objects(page).iter().any(|listed| Role::of(&listed.object.key) != Role::Foreign) {
            return Ok(true);
        }
    }
    Ok(false)
}

impl TreeProblem {
    fn from_policy(problem: NotSigned, policy: &Policy) -> Self {
        match problem {
            NotSigned::Origin(found) => Self::CheckpointOfOtherLog { found, expected: policy.origin.clone() },
            NotSigned::UnknownKeys(keys) => Self::CheckpointKeyUnknown(keys.join(", ")),
            NotSigned::Signature(key) => Self::CheckpointSignature(key),
        }
    }
}

/// Compares the log with the checkpoint that an earlier verification saw.
fn compare_with_last(
    last: &SignedCheckpoint,
    checkpoint: Option<&SignedCheckpoint>,
    tree: &CheckedTree,
    findings: &mut Findings,
    report: &mut Report,
) {
    let (size, seen) = (checkpoint.map_or(0, |checkpoint| checkpoint.size), last.size);
    if seen > size {
        return findings.add(Finding::at(&TreeProblem::RolledBack { seen, size }.into(), CHECKPOINT_KEY));
    }
    let root = match checkpoint {
        // What is signed counts, even if the entries are damaged.
        Some(checkpoint) if checkpoint.size == seen => Some(checkpoint.root),
        _ => tree.levels.first().map_or(Some(EMPTY_HASH), |leaves| tree::root_of(leaves, seen)),
    };
    match root {
        Some(root) if root == last.root => {
            report.holds.push(format!("the {seen} entries that the last verification saw are unchanged"));
        }
        Some(_) => findings.add(Finding::at(&TreeProblem::Forked { seen }.into(), CHECKPOINT_KEY)),
        None => {
            let text =
                "entries are missing, so it is not known whether the log has those that the last verification saw";
            report.limits.push(text.into());
        }
    }
}

fn say_what_holds(report: &mut Report, source: &dyn LogSource, has_last: bool) {
    let Report { entries, size, executions, acts, wrong, unproven, records, uncommitted, open, .. } = *report;
    let is_signed = !report.signers.is_empty();
    if size > 0 {
        let place = if is_signed { "are in the signed tree" } else { "fit the checkpoint, which nobody known signed," };
        report
            .holds
            .push(format!("{entries} of {size} entries can be read, and {place} as far as nothing else is said"));
    }
    if records > 0 {
        let (all, good) = (executions + acts, (executions + acts).saturating_sub(wrong + unproven));
        let what = if is_signed { "that they should" } else { "of the entries, which nobody known signed" };
        report.holds.push(format!("{good} of {all} executions and acts have the records {what}"));
    }
    if unproven > 0 {
        report.limits.push(format!("no entry commits to {unproven} executions and acts: nothing proves them"));
    }
    if uncommitted > 0 {
        report.limits.push(format!("{uncommitted} records are not covered by an entry yet, and could still be altered; {open} executions are open"));
    }
    if !has_last {
        report
            .limits
            .push("no earlier checkpoint was compared, so a log that was replaced as a whole is not noticed".into());
    }
    if !source.has_versions() {
        report.limits.push("a copy has no versions: what was deleted or written again shows only in the bucket".into());
    }
}
