//! Receipts: proofs that the log has an entry, in the format of C2SP `tlog-proof`. They verify without network.

mod text;

pub use text::ReceiptTextError;

use crate::log::{CheckpointError, SignedCheckpoint, TILE_HEIGHT, TILE_WIDTH, decode_bundle, tile_key};
use crate::policy::{NotSigned, Policy};
use crate::source::{LogSource, SourceError};
use bifrost_core::audit::{EntryKind, LogEntry, SCHEMA, safe_text};
use bifrost_core::cloud::CHECKPOINT_KEY;
use bifrost_core::error_code::Coded;
use bifrost_core::json;
use bifrost_core::release::Sha256;
use std::cell::RefCell;
use std::collections::BTreeMap;
use text::ReceiptText;
use tlog_tiles::{Error as TreeError, Hash, HashReader, Tile, check_record, prove_record, record_hash};

/// A receipt cannot be made.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub enum ReceiptError {
    /// The log cannot be read.
    #[error(transparent)]
    #[code(source)]
    Source(#[from] SourceError),
    /// The log has no checkpoint yet, or one that cannot be read.
    #[error("the log has no checkpoint that can be read")]
    #[code("audit/receipt-without-checkpoint", "find out more with `bifrost audit verify`")]
    Checkpoint(#[source] Option<CheckpointError>),
    /// The checkpoint does not sign an entry with this index yet.
    #[error("the checkpoint signs {size} entries, and none with the index {index}")]
    #[code(
        "audit/receipt-not-signed",
        "wait until the entry is published: the next deploy or the deployer's `reconcile` does that"
    )]
    NotSigned {
        /// The index.
        index: u64,
        /// The number of entries.
        size: u64,
    },
    /// A tile of the log is missing or wrong, so there is no proof.
    #[error("{} is missing, or does not fit the checkpoint", safe_text(.0))]
    #[code("audit/receipt-no-proof", "find out what is wrong with `bifrost audit verify`")]
    NoProof(String),
}

/// A receipt does not prove that a release is in the log.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub enum ReceiptInvalid {
    /// The file is not a receipt.
    #[error("it is not a receipt: {0}")]
    #[code("audit/receipt-malformed", "pass the file that `--receipt` wrote, whole and unchanged")]
    Text(#[from] ReceiptTextError),
    /// The checkpoint in the receipt cannot be read.
    #[error("the checkpoint in the receipt cannot be read")]
    #[code("audit/receipt-checkpoint", "pass the file that `--receipt` wrote, whole and unchanged")]
    Checkpoint(#[from] CheckpointError),
    /// The receipt is of another log than the policy.
    #[error("the receipt is of the log {found}, and the policy is for {expected}")]
    #[code("audit/receipt-other-log", "pass the policy of the log that the receipt is of")]
    OtherLog {
        /// The origin in the receipt.
        found: String,
        /// The origin in the policy.
        expected: String,
    },
    /// No key of the policy signed the checkpoint in the receipt.
    #[error("no key of the policy signed the checkpoint in the receipt; these did: {0}")]
    #[code(
        "audit/receipt-key-unknown",
        "if the log's key was replaced, add the new one to the policy; otherwise do not trust the receipt"
    )]
    UnknownKeys(String),
    /// The signature of the checkpoint in the receipt is wrong.
    #[error("the signature of {0} does not fit the checkpoint in the receipt")]
    #[code("audit/receipt-signature", "do not trust the receipt: it was altered")]
    Signature(String),
    /// The entry in the receipt is not in the log.
    #[error("the proof does not show that entry {index} is in the log of {size} entries")]
    #[code("audit/receipt-inclusion", "do not trust the receipt: its entry, index or proof was altered")]
    NotIncluded {
        /// The index.
        index: u64,
        /// The number of entries.
        size: u64,
    },
    /// The receipt has no entry.
    #[error("the receipt has no line `extra` with the entry")]
    #[code("audit/receipt-no-entry", "pass the file that `--receipt` wrote: other programs leave the entry out")]
    NoEntry,
    /// The entry in the receipt cannot be read.
    #[error("the entry in the receipt cannot be read: {0}")]
    #[code("audit/receipt-entry", "if a newer version wrote it, update; otherwise do not trust the receipt")]
    Entry(String),
    /// The entry is about a release whose bytes it does not name.
    #[error("entry {index} does not name the SHA-256 of a release")]
    #[code(
        "audit/receipt-without-release",
        "pass the receipt of a deploy: other entries, such as those of acts, have no release"
    )]
    NoRelease {
        /// The index.
        index: u64,
    },
    /// The receipt is of another release.
    #[error("the receipt is of the release with SHA-256 {expected}, and the file has {found}")]
    #[code(
        "audit/receipt-other-release",
        "pass the release as it is stored, byte for byte, or the receipt of this release"
    )]
    OtherRelease {
        /// The hash in the entry.
        expected: Sha256,
        /// The hash of the file.
        found: Sha256,
    },
}

/// What a receipt proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedReceipt {
    /// The entry: who deployed what, where, when, and how it ended.
    pub entry: LogEntry,
    /// Its index.
    pub index: u64,
    /// The origin of the log.
    pub origin: String,
    /// The number of entries that the log had.
    pub size: u64,
    /// The keys that signed.
    pub signers: Vec<String>,
}

/// Makes the receipt of the entry with this index.
///
/// # Errors
/// [`ReceiptError`].
pub async fn receipt(source: &dyn LogSource, index: u64) -> Result<String, ReceiptError> {
    let (body, checkpoint) = checkpoint(source).await?;
    let size = checkpoint.size;
    if index >= size {
        return Err(ReceiptError::NotSigned { index, size });
    }
    let (key, entries) = read_tile(source, 0, index / TILE_WIDTH, size, true).await?;
    let entries = decode_bundle(&entries).map_err(|_| ReceiptError::NoProof(key.clone()))?;
    let position = usize::try_from(index % TILE_WIDTH).unwrap_or(usize::MAX);
    let entry = entries.into_iter().nth(position).ok_or_else(|| ReceiptError::NoProof(key.clone()))?;
    let proof = proof(source, index, size).await?;
    if check_record(&proof, size, checkpoint.root, index, record_hash(&entry)).is_err() {
        return Err(ReceiptError::NoProof(key));
    }
    let checkpoint = String::from_utf8_lossy(&body).into_owned();
    Ok(ReceiptText { extra: Some(entry), index, proof, checkpoint }.to_string())
}

/// The entry in a receipt that was made. Nothing is verified.
#[must_use]
pub fn entry_in(receipt: &str) -> Option<LogEntry> {
    let ReceiptText { extra, .. } = receipt.parse().ok()?;
    json::from_slice(&extra?).ok()
}

/// The index of the entry about a chain, `records/<deployer>/<execution>`: of the last that has its end, otherwise that of its
/// start. `None` if the checkpoint signs none.
///
/// # Errors
/// [`ReceiptError`].
pub async fn find_entry(source: &dyn LogSource, records: &str) -> Result<Option<u64>, ReceiptError> {
    let (_, checkpoint) = checkpoint(source).await?;
    // The end of a deploy that just ended is among the last.
    for number in (0..checkpoint.size.div_ceil(TILE_WIDTH)).rev() {
        let (key, body) = read_tile(source, 0, number, checkpoint.size, true).await?;
        let entries = decode_bundle(&body).map_err(|_| ReceiptError::NoProof(key))?;
        let signed = (number * TILE_WIDTH..checkpoint.size).zip(&entries);
        let ours = signed.filter_map(|(index, entry)| {
            let entry: LogEntry = json::from_slice(entry).ok()?;
            (entry.records == records).then_some((index, entry.kind))
        });
        let ours: Vec<_> = ours.collect();
        let end = ours.iter().rev().find(|(_, kind)| *kind != EntryKind::Started);
        if let Some((index, _)) = end.or(ours.last()) {
            return Ok(Some(*index));
        }
    }
    Ok(None)
}

async fn checkpoint(source: &dyn LogSource) -> Result<(Vec<u8>, SignedCheckpoint), ReceiptError> {
    let body = source.get(CHECKPOINT_KEY).await?.ok_or(ReceiptError::Checkpoint(None))?;
    let checkpoint = SignedCheckpoint::parse(&body).map_err(|error| ReceiptError::Checkpoint(Some(error)))?;
    Ok((body, checkpoint))
}

/// Reads a tile of a tree of this size, and returns its key, too.
async fn read_tile(
    source: &dyn LogSource,
    level: u8,
    number: u64,
    size: u64,
    has_entries: bool,
) -> Result<(String, Vec<u8>), ReceiptError> {
    let len = size.checked_shr(u32::from(TILE_HEIGHT) * u32::from(level)).unwrap_or_default();
    let width = TILE_WIDTH.min(len.saturating_sub(number * TILE_WIDTH)).max(1);
    let key =
        |width: u64| tile_key(&Tile::new(TILE_HEIGHT, level, number, u32::try_from(width).unwrap_or(1), has_entries));
    // The log may have grown since.
    for width in [width, TILE_WIDTH] {
        if let Some(body) = source.get(&key(width)).await? {
            return Ok((key(width), body));
        }
    }
    Err(ReceiptError::NoProof(key(width)))
}

/// Notes which hashes a proof needs, and has them when it is asked again.
#[derive(Default)]
struct Hashes {
    needed: RefCell<Vec<u64>>,
    known: BTreeMap<u64, Hash>,
}

impl HashReader for Hashes {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, TreeError> {
        let known: Option<Vec<Hash>> = indexes.iter().map(|index| self.known.get(index).copied()).collect();
        known.ok_or_else(|| {
            self.needed.replace(indexes.to_vec());
            TreeError::IndexesNotInTree
        })
    }
}

async fn proof(source: &dyn LogSource, index: u64, size: u64) -> Result<Vec<Hash>, ReceiptError> {
    let mut hashes = Hashes::default();
    // The library asks for all hashes at once, and cannot wait for them.
    if let Ok(proof) = prove_record(size, index, &hashes) {
        return Ok(proof);
    }
    let mut known = BTreeMap::new();
    for needed in hashes.needed.take() {
        let tile = Tile::from_index(TILE_HEIGHT, needed);
        let (key, body) = read_tile(source, tile.level(), tile.level_index(), size, false).await?;
        let hash = tile.hash_at_index(&body, needed).map_err(|_| ReceiptError::NoProof(key))?;
        known.insert(needed, hash);
    }
    hashes.known = known;
    prove_record(size, index, &hashes).map_err(|_| ReceiptError::NoProof(CHECKPOINT_KEY.to_owned()))
}

/// Verifies a receipt against the release and the keys that may sign. It needs no network.
///
/// # Errors
/// [`ReceiptInvalid`] names what the receipt does not prove.
pub fn verify_receipt(text: &str, release: &[u8], policy: &Policy) -> Result<VerifiedReceipt, ReceiptInvalid> {
    let ReceiptText { extra, index, proof, checkpoint } = text.parse()?;
    let checkpoint = SignedCheckpoint::parse(checkpoint.as_bytes())?;
    let signers = policy.signers(&checkpoint).map_err(|problem| match problem {
        NotSigned::Origin(found) => {
            ReceiptInvalid::OtherLog { found: safe_text(&found), expected: safe_text(&policy.origin) }
        }
        NotSigned::UnknownKeys(keys) => ReceiptInvalid::UnknownKeys(keys.join(", ")),
        NotSigned::Signature(key) => ReceiptInvalid::Signature(key),
    })?;
    let entry = extra.ok_or(ReceiptInvalid::NoEntry)?;
    let size = checkpoint.size;
    if check_record(&proof, size, checkpoint.root, index, record_hash(&entry)).is_err() {
        return Err(ReceiptInvalid::NotIncluded { index, size });
    }
    let entry: LogEntry = json::from_slice(&entry).map_err(|error| ReceiptInvalid::Entry(error.to_string()))?;
    if entry.schema > SCHEMA {
        return Err(ReceiptInvalid::Entry(format!("schema {}, and this version reads up to {SCHEMA}", entry.schema)));
    }
    let expected = entry.release_sha256.ok_or(ReceiptInvalid::NoRelease { index })?;
    let found = Sha256::of(release);
    if expected != found {
        return Err(ReceiptInvalid::OtherRelease { expected, found });
    }
    Ok(VerifiedReceipt { entry, index, origin: checkpoint.origin, size, signers })
}
