//! What can be wrong with the Merkle tree of an audit log: its checkpoint, its entries, its hash tiles.

use bifrost_core::error_code::Coded;

/// Something is wrong with the Merkle tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
#[non_exhaustive]
pub enum TreeProblem {
    /// The log has entries or records, and no signed checkpoint.
    #[error("there is no checkpoint, so nothing proves what the log had")]
    #[code(
        "audit/checkpoint-missing",
        "if the first writer was interrupted, run the deployer's `reconcile`; otherwise find out who deleted it"
    )]
    CheckpointMissing,
    /// The checkpoint is not one.
    #[error("the checkpoint is not valid: {0}")]
    #[code(
        "audit/checkpoint-malformed",
        "copy the log again; if the bucket has the same bytes, find out who wrote them"
    )]
    CheckpointMalformed(String),
    /// The checkpoint is that of another log.
    #[error("the checkpoint is of the log {found}, and the policy is for {expected}")]
    #[code("audit/checkpoint-other-log", "pass the policy of this log, or the log of this policy")]
    CheckpointOfOtherLog {
        /// The origin of the checkpoint.
        found: String,
        /// The origin in the policy.
        expected: String,
    },
    /// No key of the policy signed the checkpoint.
    #[error("no key of the policy signed the checkpoint; these did: {0}")]
    #[code(
        "audit/checkpoint-key-unknown",
        "if the log's key was replaced, add the new one to the policy; otherwise treat the log as forged"
    )]
    CheckpointKeyUnknown(String),
    /// The signature of the checkpoint does not fit its text.
    #[error("the signature of {0} does not fit the checkpoint")]
    #[code(
        "audit/checkpoint-signature",
        "copy the log again; if the bucket has the same bytes, treat the log as forged"
    )]
    CheckpointSignature(String),
    /// The log is smaller than it was when it was verified before.
    #[error("the log has {size} entries, and had {seen} when it was last verified")]
    #[code("audit/rolled-back", "find out who replaced the checkpoint: entries that were once signed cannot disappear")]
    RolledBack {
        /// Its size then.
        seen: u64,
        /// Its size now.
        size: u64,
    },
    /// The log has other entries than it had when it was verified before.
    #[error("the first {seen} entries are not those that were signed when the log was last verified")]
    #[code("audit/forked", "keep both checkpoints as evidence: the holder of the signing key rewrote the log")]
    Forked {
        /// Its size then.
        seen: u64,
    },
    /// Entries and tiles do not have the root that is signed.
    #[error("neither entries nor tiles have the root that the checkpoint signs")]
    #[code("audit/root-mismatch", "compare with another copy of the log: entries and tiles were replaced together")]
    RootMismatch,

    /// An object with entries is missing.
    #[error("the entries {from} to {to} are missing", to = to - 1)]
    #[code(
        "audit/entries-missing",
        "copy the log again; if the bucket does not have the object, find out who deleted it"
    )]
    EntriesMissing {
        /// The first.
        from: u64,
        /// The one after the last.
        to: u64,
    },
    /// An object with entries cannot be read.
    #[error("the object does not have entries in the format of tlog-tiles: {0}")]
    #[code("audit/entries-malformed", "copy the log again; if the bucket has the same bytes, find out who wrote them")]
    EntriesMalformed(String),
    /// An entry is not the one that is signed.
    #[error("entry {index} is not the one in the signed tree")]
    #[code("audit/entry-altered", "copy the log again; if the bucket has the same bytes, find out who wrote them")]
    EntryAltered {
        /// Its index.
        index: u64,
    },
    /// An entry is not where it was signed.
    #[error("entry {of} of the signed tree is in the place of entry {index}")]
    #[code("audit/entry-reordered", "copy the log again; if the bucket has the same bytes, find out who wrote them")]
    EntryReordered {
        /// The index where it is.
        index: u64,
        /// The index where it belongs.
        of: u64,
    },
    /// An entry was taken out.
    #[error("entry {index} of the signed tree was taken out of its object")]
    #[code("audit/entry-dropped", "copy the log again; if the bucket has the same bytes, find out who wrote them")]
    EntryDropped {
        /// Its index.
        index: u64,
    },
    /// An entry was put in that the signed tree does not have.
    #[error("before entry {index} there is one that the signed tree does not have")]
    #[code("audit/entry-inserted", "copy the log again; if the bucket has the same bytes, find out who wrote them")]
    EntryInserted {
        /// The index of the entry that should be there.
        index: u64,
    },
    /// The signed tree has the same entry twice.
    #[error("entry {index} is the same as entry {first}")]
    #[code("audit/entry-duplicated", "find out who wrote to the log's table: writers add an entry once")]
    EntryDuplicated {
        /// Its index.
        index: u64,
        /// The index of the first of them.
        first: u64,
    },
    /// The signed tree has an entry that is none.
    #[error("entry {index} is in the signed tree and cannot be read: {problem}")]
    #[code("audit/entry-malformed", "find out who wrote to the log's table: it is not an entry of a deployer")]
    EntryMalformed {
        /// Its index.
        index: u64,
        /// What is wrong.
        problem: String,
    },
    /// A hash tile is missing.
    #[error("a hash tile of the signed tree is missing")]
    #[code("audit/tile-missing", "copy the log again; tiles can be computed again from the entries")]
    TileMissing,
    /// A hash tile does not fit the signed tree.
    #[error("hash {0} of the tile is not the one in the signed tree, or its length is wrong")]
    #[code("audit/tile-altered", "copy the log again; tiles can be computed again from the entries")]
    TileAltered(usize),
}
