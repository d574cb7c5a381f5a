//! The entries of the log, in a form that a few hundred thousand of them fit into little memory.

use super::problem::Problem;
use super::report::{Finding, Findings};
use super::tree::{Level, WIDTH};
use super::tree_problem::TreeProblem;
use super::{Progress, Stage, VerifyError};
use crate::log::{BundleError, TILE_HEIGHT, TILE_WIDTH, decode_bundle, tile_key};
use crate::source::{LogSource, SourceError};
use bifrost_core::audit::{LogEntry, SCHEMA};
use bifrost_core::json;
use bifrost_core::release::Sha256;
use chrono::{DateTime, Utc};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::Deserialize;
use std::collections::BTreeMap;
use tlog_tiles::{Hash, Tile, record_hash};

/// How many objects are read at once.
pub(super) const AT_ONCE: usize = 16;

/// How many objects with entries may be missing one after the other before the rest counts as missing, too: a checkpoint can claim any
/// size.
const MAX_GAP: u64 = 64;

/// How many entries that cannot be read are remembered.
const MAX_UNREADABLE: usize = 1000;

/// What identifies a chain in memory: the beginning of the SHA-256 of its directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ChainId([u8; 16]);

impl ChainId {
    pub(super) fn of(dir: &str) -> Self {
        let mut id = [0; 16];
        let sha256 = Sha256::of(dir.as_bytes());
        id.iter_mut().zip(sha256.as_bytes()).for_each(|(to, from)| *to = *from);
        Self(id)
    }
}

/// What an entry commits to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Commitment {
    pub(super) chain: ChainId,
    pub(super) number: u64,
    pub(super) sha256: Sha256,
}

/// The entries that the checkpoint signs.
#[derive(Default)]
pub(super) struct Entries {
    /// By index; `None` for an entry that is missing, altered or malformed.
    all: Vec<Option<Commitment>>,
    /// The leaves as the entries have them.
    pub(super) leaves: Level,
    /// The leaves of objects that have another number of entries than they should, by the number of the object.
    pub(super) odd: BTreeMap<u64, Vec<Hash>>,
    by_chain: Vec<u32>,
    by_record: Vec<u32>,
    seen: Vec<bool>,
    /// The last entry that can be read: its index, and its time.
    last: Option<(u64, DateTime<Utc>)>,
    /// Entries that cannot be read, with their objects.
    unreadable: BTreeMap<u64, (Problem, String)>,
}

/// An object with entries: its tile, and how many entries of it the checkpoint signs.
#[derive(Clone, Copy)]
pub(super) struct TileRef {
    pub(super) level: u8,
    pub(super) number: u64,
    pub(super) width: u64,
    pub(super) has_entries: bool,
}

impl TileRef {
    /// The tiles of a level with this many hashes, or of entries.
    pub(super) fn all(level: u8, len: u64, has_entries: bool) -> impl Iterator<Item = Self> {
        (0..len.div_ceil(TILE_WIDTH)).map(move |number| {
            let width = TILE_WIDTH.min(len - number * TILE_WIDTH);
            Self { level, number, width, has_entries }
        })
    }

    fn with_width(&self, width: u64) -> String {
        let width = u32::try_from(width.clamp(1, TILE_WIDTH)).unwrap_or(1);
        tile_key(&Tile::new(TILE_HEIGHT, self.level, self.number, width, self.has_entries))
    }

    pub(super) fn key(&self) -> String {
        self.with_width(self.width)
    }

    /// Reads the tile. If it is incomplete, the log may have grown since.
    pub(super) async fn read(&self, source: &dyn LogSource) -> Result<TileBody, SourceError> {
        let widths = [self.width, TILE_WIDTH];
        let widths = if self.width == TILE_WIDTH { &widths[..1] } else { &widths[..] };
        for width in widths {
            let key = self.with_width(*width);
            match source.get(&key).await {
                Ok(Some(body)) => return Ok(TileBody { key, width: *width, body: Some(body) }),
                Ok(None) => {}
                // What is too large is no tile.
                Err(SourceError::TooLarge { .. }) => {
                    return Ok(TileBody { key, width: *width, body: Some(Vec::new()) });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(TileBody { key: self.key(), width: self.width, body: None })
    }
}

/// A tile as it was found.
pub(super) struct TileBody {
    pub(super) key: String,
    /// The width in its key.
    pub(super) width: u64,
    /// `None` if it is missing.
    pub(super) body: Option<Vec<u8>>,
}

impl Entries {
    /// Reads the entries of a log of this size.
    pub(super) async fn read(
        source: &dyn LogSource,
        size: u64,
        findings: &mut Findings,
        progress: &Progress<'_>,
    ) -> Result<Self, VerifyError> {
        let mut entries = Self::default();
        let tiles = TileRef::all(0, size, true);
        let mut bodies =
            stream::iter(tiles).map(|tile| async move { Ok((tile, tile.read(source).await?)) }).buffered(AT_ONCE);
        let mut gap = 0;
        while let Some((tile, found)) =
            bodies.try_next().await.map_err(|error: SourceError| VerifyError::from(error))?
        {
            let (from, to) = (tile.number * TILE_WIDTH, tile.number * TILE_WIDTH + tile.width);
            match &found.body {
                None => {
                    gap += 1;
                    let to = if gap > MAX_GAP { size } else { to };
                    findings.add(Finding::at(&TreeProblem::EntriesMissing { from, to }.into(), &found.key).entry(from));
                    if gap > MAX_GAP {
                        break;
                    }
                    entries.push_unknown(tile.width);
                }
                Some(body) => {
                    gap = 0;
                    entries.push_tile(tile, &found, body, findings);
                }
            }
            progress(Stage::Entries, to);
        }
        drop(bodies);
        entries.seen = vec![false; entries.all.len()];
        Ok(entries)
    }

    fn push_unknown(&mut self, width: u64) {
        let width = usize::try_from(width).unwrap_or_default();
        self.all.resize(self.all.len() + width, None);
        self.leaves.resize(self.leaves.len() + width, None);
    }

    fn push_tile(&mut self, tile: TileRef, found: &TileBody, body: &[u8], findings: &mut Findings) {
        let (decoded, error) = match decode_bundle(body) {
            Ok(decoded) => (decoded, None),
            Err(error) => (whole_entries(body), Some(error)),
        };
        let from = tile.number * TILE_WIDTH;
        let width = usize::try_from(tile.width).unwrap_or_default();
        if error.is_none() && decoded.len() as u64 == found.width {
            for (index, entry) in (from..).zip(decoded.iter().take(width)) {
                self.leaves.push(Some(record_hash(entry)));
                let commitment = self.commitment(index, entry, &found.key);
                self.all.push(commitment);
            }
            return;
        }
        if let Some(error @ BundleError::Truncated { .. }) = error {
            findings.add(Finding::at(&TreeProblem::EntriesMalformed(error.to_string()).into(), &found.key).entry(from));
        }
        self.odd.insert(tile.number, decoded.iter().map(|entry| record_hash(entry)).collect());
        self.push_unknown(tile.width);
    }

    /// What an entry commits to. `None` if it cannot be read.
    fn commitment(&mut self, index: u64, entry: &[u8], key: &str) -> Option<Commitment> {
        let problem = match json::from_slice::<LogEntry>(entry) {
            Ok(entry) if entry.schema <= SCHEMA => {
                if self.last.is_none_or(|(last, _)| last <= index) {
                    self.last = Some((index, entry.time));
                }
                return Some(Commitment {
                    chain: ChainId::of(&entry.records),
                    number: entry.number,
                    sha256: entry.sha256,
                });
            }
            Ok(entry) => Problem::SchemaUnknown { found: entry.schema.into(), known: SCHEMA },
            Err(error) => match newer_schema(entry) {
                Some(found) => Problem::SchemaUnknown { found, known: SCHEMA },
                None => TreeProblem::EntryMalformed { index, problem: error.to_string() }.into(),
            },
        };
        if self.unreadable.len() < MAX_UNREADABLE {
            self.unreadable.insert(index, (problem, key.to_owned()));
        }
        None
    }

    /// Puts the entries of an object to where the signed tree has them, and forgets those that it does not have.
    pub(super) fn settle(&mut self, tile: TileRef, body: &[u8], proven: &[Option<Hash>]) {
        let decoded = decode_bundle(body).unwrap_or_else(|_| whole_entries(body));
        let from = tile.number * TILE_WIDTH;
        let by_leaf: BTreeMap<[u8; 32], &Vec<u8>> = decoded.iter().map(|entry| (record_hash(entry).0, entry)).collect();
        for (index, leaf) in (from..).zip(proven) {
            let entry = leaf.and_then(|leaf| by_leaf.get(&leaf.0));
            self.unreadable.remove(&index);
            let commitment = entry.and_then(|entry| self.commitment(index, entry, &tile.key()));
            let position = usize::try_from(index).unwrap_or(usize::MAX);
            if let Some(place) = self.all.get_mut(position) {
                *place = commitment;
            }
            if let Some(place) = self.leaves.get_mut(position) {
                *place = leaf.filter(|_| entry.is_some());
            }
        }
    }

    /// Reports the entries of the signed tree that cannot be read: only one of those that a newer version wrote.
    fn report_unreadable(&mut self, findings: &mut Findings) {
        let mut found_newer = false;
        for (index, (problem, key)) in std::mem::take(&mut self.unreadable) {
            let is_newer = matches!(problem, Problem::SchemaUnknown { .. });
            let is_signed = u32::try_from(index).is_ok_and(|index| self.leaf(index).is_some());
            if is_signed && !(is_newer && found_newer) {
                findings.add(Finding::at(&problem, &key).entry(index));
            }
            found_newer |= is_newer && is_signed;
        }
    }

    /// Sorts the entries, so that they are found, and reports those that are in the log twice or cannot be read.
    pub(super) fn index(&mut self, findings: &mut Findings) {
        self.report_unreadable(findings);
        let known = (0_u32..).zip(&self.all).filter_map(|(index, entry)| entry.is_some().then_some(index));
        self.by_chain = known.collect();
        self.by_record.clone_from(&self.by_chain);
        let (all, leaves) = (&self.all, &self.leaves);
        let at = |index: u32| all.get(index as usize).and_then(Option::as_ref);
        self.by_chain.sort_unstable_by_key(|index| (at(*index).map(|entry| (entry.chain, entry.number)), *index));
        self.by_record.sort_unstable_by_key(|index| (at(*index).map(|entry| entry.sha256), *index));
        let leaf = |index: u32| leaves.get(index as usize).copied().flatten();
        let mut twice: Vec<(u32, u32)> = Vec::new();
        for run in self.by_record.chunk_by(|a, b| at(*a).map(|entry| entry.sha256) == at(*b).map(|entry| entry.sha256))
        {
            let [first, others @ ..] = run else { continue };
            // The same record with another leaf is compared with its record later.
            twice.extend(others.iter().filter(|other| leaf(**other) == leaf(*first)).map(|other| (*other, *first)));
        }
        twice.sort_unstable();
        for (index, first) in twice {
            let problem = TreeProblem::EntryDuplicated { index: index.into(), first: first.into() };
            let tile =
                TileRef { level: 0, number: u64::from(index) / TILE_WIDTH, width: TILE_WIDTH, has_entries: true };
            findings.add(Finding::at(&problem.into(), &tile.key()).entry(index.into()));
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.all.iter().flatten().count() as u64
    }

    /// The entries of a chain, by number, with their indexes.
    pub(super) fn of_chain(&self, chain: ChainId) -> impl Iterator<Item = (u32, &Commitment)> {
        let at = |index: &u32| self.all.get(*index as usize).and_then(Option::as_ref);
        let from = self.by_chain.partition_point(|index| at(index).is_some_and(|entry| entry.chain < chain));
        let entries = self.by_chain.get(from..).unwrap_or_default().iter();
        entries.map_while(move |index| at(index).filter(|entry| entry.chain == chain).map(|entry| (*index, entry)))
    }

    /// The entry that commits to a record with this hash, in whatever chain.
    pub(super) fn of_record(&self, sha256: &Sha256) -> Option<u32> {
        let at = |index: &u32| self.all.get(*index as usize).and_then(Option::as_ref);
        let from = self.by_record.partition_point(|index| at(index).is_some_and(|entry| entry.sha256 < *sha256));
        self.by_record.get(from).copied().filter(|index| at(index).is_some_and(|entry| entry.sha256 == *sha256))
    }

    pub(super) fn leaf(&self, index: u32) -> Option<Hash> {
        self.leaves.get(index as usize).copied().flatten()
    }

    /// The time of the last entry. Not the latest time: one deployer whose clock is wrong must not make all others look late.
    pub(super) fn last_time(&self) -> Option<DateTime<Utc>> {
        self.last.map(|(_, time)| time)
    }

    /// Remembers that the records of a chain were found.
    pub(super) fn set_seen(&mut self, chain: ChainId) {
        let found: Vec<u32> = self.of_chain(chain).map(|(index, _)| index).collect();
        for index in found {
            if let Some(seen) = self.seen.get_mut(index as usize) {
                *seen = true;
            }
        }
    }

    /// The entries whose chains were not found: the first of each chain.
    pub(super) fn unseen(&self) -> Vec<(u32, Commitment)> {
        let at = |index: &u32| self.all.get(*index as usize).copied().flatten();
        let seen = |index: &u32| self.seen.get(*index as usize).copied().unwrap_or_default();
        let mut unseen: Vec<(u32, Commitment)> = Vec::new();
        for index in self.by_chain.iter().filter(|index| !seen(index)) {
            let Some(entry) = at(index) else { continue };
            if unseen.last().is_none_or(|(_, last)| last.chain != entry.chain) {
                unseen.push((*index, entry));
            }
        }
        unseen.sort_unstable_by_key(|(index, _)| *index);
        unseen
    }
}

/// The entries before the place where an object is damaged.
fn whole_entries(body: &[u8]) -> Vec<Vec<u8>> {
    let mut entries = Vec::new();
    let mut rest = body;
    while let Some((length, after)) = rest.split_first_chunk::<2>()
        && let Some((entry, after)) = after.split_at_checked(u16::from_be_bytes(*length).into())
        && entries.len() <= WIDTH
    {
        entries.push(entry.to_vec());
        rest = after;
    }
    entries
}

/// The schema of a line or entry, if it is newer than the newest that this version reads.
pub(super) fn newer_schema(json: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Schema {
        schema: u64,
    }
    let Schema { schema } = json::from_slice(json).ok()?;
    (schema > SCHEMA.into()).then_some(schema)
}

/// Reads one entry again, to say more about it.
pub(super) async fn read_entry(source: &dyn LogSource, index: u32, size: u64) -> Result<Option<LogEntry>, SourceError> {
    let number = u64::from(index) / TILE_WIDTH;
    let width = TILE_WIDTH.min(size.saturating_sub(number * TILE_WIDTH));
    let tile = TileRef { level: 0, number, width, has_entries: true };
    let Some(body) = tile.read(source).await?.body else { return Ok(None) };
    let decoded = decode_bundle(&body).unwrap_or_else(|_| whole_entries(&body));
    let entry = decoded.get(usize::try_from(u64::from(index) % TILE_WIDTH).unwrap_or_default());
    Ok(entry.and_then(|entry| json::from_slice(entry).ok()))
}
