//! Checks the tiles that the current tree does not need: those of earlier sizes, and those that no checkpoint signs yet.

use super::report::{Finding, Findings, Report};
use super::tiles::classify;
use super::tree::{Level, level_len};
use super::tree_problem::TreeProblem;
use crate::log::{TILE_WIDTH, decode_bundle, decode_hashes};
use tlog_tiles::{Hash, Tile, record_hash};

/// How many bytes of such tiles are read. Each append leaves one of up to some hundred kilobytes, of which nothing depends any more.
const BUDGET: u64 = 256 * 1024 * 1024;

/// The tiles of a log beside those of its current tree.
pub(super) struct StoredTiles<'l> {
    levels: &'l [Level],
    size: u64,
    read: u64,
    /// Tiles that were not read, because there are too many.
    skipped: u64,
    /// The size of the tree with all entries that are published.
    published: u64,
}

impl<'l> StoredTiles<'l> {
    pub(super) fn new(levels: &'l [Level], size: u64) -> Self {
        Self { levels, size, read: 0, skipped: 0, published: size }
    }

    /// How many hashes or entries the current tree has where the tile is.
    fn covered(&self, tile: &Tile) -> u64 {
        let len = if tile.is_data() { self.size } else { level_len(self.size, tile.level()) };
        len.saturating_sub(tile.level_index().saturating_mul(TILE_WIDTH))
    }

    /// Whether the tile was not read as a part of the current tree, and is to be read.
    pub(super) fn is_unread(&mut self, tile: &Tile, bytes: u64) -> bool {
        let (width, covered) = (u64::from(tile.width()), self.covered(tile));
        if tile.is_data() && width > covered {
            let published = tile.level_index().saturating_mul(TILE_WIDTH).saturating_add(width);
            self.published = self.published.max(published);
        }
        let is_read = width <= covered && (width == TILE_WIDTH || width == covered);
        if covered == 0 || is_read {
            return false;
        }
        self.read = self.read.saturating_add(bytes);
        self.skipped += u64::from(self.read > BUDGET);
        self.read <= BUDGET
    }

    /// Compares a tile with the hashes that the root proves.
    pub(super) fn check(&self, tile: &Tile, key: &str, body: &[u8], findings: &mut Findings) {
        let first = tile.level_index().saturating_mul(TILE_WIDTH);
        let known = self.covered(tile).min(tile.width().into());
        let all = self.levels.get(usize::from(tile.level())).map(Vec::as_slice).unwrap_or_default();
        let range = usize::try_from(first).ok().zip(usize::try_from(known).ok());
        let Some(proven) = range.and_then(|(first, known)| all.get(first..first.checked_add(known)?)) else { return };
        let found: Option<Vec<Hash>> = if tile.is_data() {
            decode_bundle(body).ok().map(|entries| entries.iter().map(|entry| record_hash(entry)).collect())
        } else {
            decode_hashes(body)
        };
        let Some(mut found) = found else {
            findings.add(Finding::at(&malformed(tile, "it is cut or has other bytes").into(), key));
            return;
        };
        if found.len() == tile.width() as usize {
            // Nothing is known about the others.
            found.truncate(proven.len());
        }
        match classify(&found, proven, all, first) {
            Some(problem) if tile.is_data() => findings.add(Finding::at(&problem.into(), key).entry(first)),
            Some(_) => {
                let same = found.iter().zip(proven).take_while(|(found, proven)| Some(**found) == **proven).count();
                findings.add(Finding::at(&TreeProblem::TileAltered(same).into(), key));
            }
            None if found.len() != proven.len() => {
                findings.add(Finding::at(&malformed(tile, "it has another length").into(), key));
            }
            None => {}
        }
    }

    /// Adds to the report what was not checked.
    pub(super) fn finish(self, report: &mut Report) {
        if self.published > self.size {
            let count = self.published - self.size;
            report.limits.push(format!("{count} entries are published that the checkpoint does not sign yet"));
        }
        if self.skipped > 0 {
            report.limits.push(format!(
                "{} tiles of earlier sizes were not read: the current tree does not need them",
                self.skipped
            ));
        }
    }
}

fn malformed(tile: &Tile, problem: &str) -> TreeProblem {
    if tile.is_data() { TreeProblem::EntriesMalformed(problem.into()) } else { TreeProblem::TileAltered(0) }
}
