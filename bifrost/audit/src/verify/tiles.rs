//! Checks entries and hash tiles against the signed root, and finds what is wrong with those that do not fit.

use super::entries::{AT_ONCE, Entries, TileRef};
use super::report::{Finding, Findings};
use super::tree::{Level, WIDTH, level_above, level_count, level_len, proven};
use super::tree_problem::TreeProblem;
use super::{Progress, Stage, VerifyError};
use crate::log::{TILE_WIDTH, decode_hashes};
use crate::source::{LogSource, SourceError};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use tlog_tiles::Hash;

/// A tree whose parts were compared with its signed root.
pub(super) struct CheckedTree {
    pub(super) entries: Entries,
    /// The hashes that the root proves; those of the entries if it proves nothing.
    pub(super) levels: Vec<Level>,
}

/// Reads entries and hash tiles, and compares them with the signed root.
pub(super) async fn check(
    source: &dyn LogSource,
    size: u64,
    root: Hash,
    findings: &mut Findings,
    progress: &Progress<'_>,
) -> Result<CheckedTree, VerifyError> {
    let mut entries = Entries::read(source, size, findings, progress).await?;
    if entries.leaves.len() as u64 != size {
        // The checkpoint claims more than there is: without the rest there is no root to compare.
        findings.add(Finding::new(&TreeProblem::RootMismatch.into()));
        entries.index(findings);
        let levels = vec![entries.leaves.clone()];
        return Ok(CheckedTree { entries, levels });
    }
    let mut computed = vec![entries.leaves.clone()];
    for _ in 1..level_count(size) {
        let above = computed.last().map(|level| level_above(level)).unwrap_or_default();
        computed.push(above);
    }
    let stored = read_tiles(source, size, progress).await?;
    let hashes: Vec<Level> = stored.iter().map(|level| level.hashes.clone()).collect();
    let Some(levels) = proven(root, &computed, &hashes) else {
        for (tile, found) in &entries.odd {
            let problem = TreeProblem::EntriesMalformed(format!(
                "it has {} entries, and should have another number",
                found.len()
            ));
            let width = TILE_WIDTH.min(size.saturating_sub(tile * TILE_WIDTH));
            let tile = TileRef { level: 0, number: *tile, width, has_entries: true };
            findings.add(Finding::at(&problem.into(), &tile.key()).entry(tile.number * TILE_WIDTH));
        }
        (0..).zip(&stored).for_each(|(level, stored)| compare_tiles(level, stored, &Level::new(), findings));
        findings.add(Finding::new(&TreeProblem::RootMismatch.into()));
        entries.index(findings);
        return Ok(CheckedTree { entries, levels: computed });
    };
    drop((computed, hashes));
    if let Some(leaves) = levels.first() {
        settle_entries(source, size, leaves, &mut entries, findings).await?;
    }
    for (level, (stored, proven)) in (0..).zip(stored.iter().zip(&levels)) {
        compare_tiles(level, stored, proven, findings);
    }
    entries.index(findings);
    Ok(CheckedTree { entries, levels })
}

/// The tiles of a level as they are stored.
struct StoredLevel {
    hashes: Level,
    /// The tiles that are missing or do not have the right length.
    missing: Vec<TileRef>,
    wrong_length: Vec<TileRef>,
}

async fn read_tiles(
    source: &dyn LogSource,
    size: u64,
    progress: &Progress<'_>,
) -> Result<Vec<StoredLevel>, VerifyError> {
    let mut levels = Vec::new();
    for level in 0..level_count(size) {
        let len = level_len(size, level);
        let mut stored = StoredLevel { hashes: Level::new(), missing: Vec::new(), wrong_length: Vec::new() };
        let tiles = stream::iter(TileRef::all(level, len, false));
        let mut bodies = tiles.map(|tile| async move { Ok((tile, tile.read(source).await?)) }).buffered(AT_ONCE);
        while let Some((tile, found)) =
            bodies.try_next().await.map_err(|error: SourceError| VerifyError::from(error))?
        {
            let width = usize::try_from(tile.width).unwrap_or_default();
            let hashes = found
                .body
                .as_deref()
                .map(|body| decode_hashes(body).filter(|hashes| hashes.len() as u64 == found.width));
            match hashes {
                Some(Some(hashes)) => stored.hashes.extend(hashes.into_iter().take(width).map(Some)),
                wrong => {
                    let which = if wrong.is_none() { &mut stored.missing } else { &mut stored.wrong_length };
                    which.push(tile);
                    stored.hashes.resize(stored.hashes.len() + width, None);
                }
            }
            progress(Stage::Tiles, tile.number * TILE_WIDTH + tile.width);
        }
        drop(bodies);
        levels.push(stored);
    }
    Ok(levels)
}

/// Compares the leaves of the entries with the proven ones, object by object.
async fn settle_entries(
    source: &dyn LogSource,
    size: u64,
    proven: &Level,
    entries: &mut Entries,
    findings: &mut Findings,
) -> Result<(), VerifyError> {
    for tile in TileRef::all(0, size, true) {
        let from = usize::try_from(tile.number).unwrap_or_default() * WIDTH;
        let to = from + usize::try_from(tile.width).unwrap_or_default();
        let (Some(proven_part), Some(leaves)) = (proven.get(from..to), entries.leaves.get(from..to)) else { continue };
        let is_odd = entries.odd.contains_key(&tile.number);
        let unknown = leaves.iter().all(Option::is_none) && !is_odd;
        if unknown || proven_part == leaves {
            continue;
        }
        let found =
            entries.odd.get(&tile.number).cloned().unwrap_or_else(|| leaves.iter().flatten().copied().collect());
        let problem = classify(&found, proven_part, proven, tile.number * TILE_WIDTH);
        if let Some(problem) = problem {
            let index = match problem {
                TreeProblem::EntryAltered { index }
                | TreeProblem::EntryReordered { index, .. }
                | TreeProblem::EntryDropped { index }
                | TreeProblem::EntryInserted { index } => index,
                _ => tile.number * TILE_WIDTH,
            };
            findings.add(Finding::at(&problem.into(), &tile.key()).entry(index));
        }
        if let Some(body) = tile.read(source).await?.body {
            entries.settle(tile, &body, proven_part);
        }
    }
    Ok(())
}

/// What was done to the entries of an object. `None` if the root does not prove enough to say so.
pub(super) fn classify(
    found: &[Hash],
    proven: &[Option<Hash>],
    all: &[Option<Hash>],
    first: u64,
) -> Option<TreeProblem> {
    let differs = |at: &usize| match (found.get(*at), proven.get(*at)) {
        (Some(found), Some(Some(proven))) => found != proven,
        (None, None) | (Some(_), Some(None)) => false,
        (None, Some(_)) | (Some(_), None) => true,
    };
    let at = (0..found.len().max(proven.len())).find(differs)?;
    let index = first + at as u64;
    let here = found.get(at).copied();
    if found.len() < proven.len() && (here.is_none() || proven.get(at + 1).is_some_and(|next| *next == here)) {
        return Some(TreeProblem::EntryDropped { index });
    }
    if found.len() > proven.len()
        && (at >= proven.len() || proven.get(at).copied().flatten() == found.get(at + 1).copied())
    {
        return Some(TreeProblem::EntryInserted { index });
    }
    let of = all.iter().position(|leaf| leaf.is_some() && *leaf == here);
    Some(of.map_or(TreeProblem::EntryAltered { index }, |of| TreeProblem::EntryReordered { index, of: of as u64 }))
}

fn compare_tiles(level: u8, stored: &StoredLevel, proven: &Level, findings: &mut Findings) {
    let len = proven.len() as u64;
    for tile in &stored.missing {
        findings.add(Finding::at(&TreeProblem::TileMissing.into(), &tile.key()));
    }
    for tile in &stored.wrong_length {
        findings.add(Finding::at(&TreeProblem::TileAltered(0).into(), &tile.key()));
    }
    for tile in TileRef::all(level, len, false) {
        let from = usize::try_from(tile.number).unwrap_or_default() * WIDTH;
        let to = from + usize::try_from(tile.width).unwrap_or_default();
        let (Some(stored), Some(proven)) = (stored.hashes.get(from..to), proven.get(from..to)) else { continue };
        let differs =
            |(stored, proven): (&Option<Hash>, &Option<Hash>)| stored.is_some() && proven.is_some() && stored != proven;
        if let Some(at) = stored.iter().zip(proven).position(differs) {
            findings.add(Finding::at(&TreeProblem::TileAltered(at).into(), &tile.key()));
        }
    }
}
