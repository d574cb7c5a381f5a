//! The right edge of the tree: its incomplete tiles, and how they grow.

use super::tile::{TILE_HEIGHT, TILE_WIDTH};
use super::tree::{complete, subtrees};
use bifrost_core::cloud::LogHead;
use tlog_tiles::{Hash, Tile};

/// The hashes of the incomplete tile of each level. With the size, they are all that is needed to continue a tree, and its root
/// follows from them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Edge {
    size: u64,
    levels: Vec<Vec<Hash>>,
}

impl Edge {
    /// The incomplete tiles of a tree of this size, the lowest level first. Levels without one are left out.
    #[must_use]
    pub fn tiles(size: u64) -> Vec<Tile> {
        let tile = |level| {
            let width = u32::try_from(hashes_at(size, level) % TILE_WIDTH).ok().filter(|width| *width > 0)?;
            Some(Tile::new(TILE_HEIGHT, level, hashes_at(size, level) / TILE_WIDTH, width, false))
        };
        (0..TILE_HEIGHT).filter_map(tile).collect()
    }

    /// The edge of a tree of this size, from its tiles.
    #[must_use]
    pub fn new(size: u64, tiles: impl IntoIterator<Item = (Tile, Vec<Hash>)>) -> Self {
        let mut edge = Self { size, levels: Vec::new() };
        for (tile, hashes) in tiles {
            edge.set_level(tile.level(), hashes);
        }
        edge
    }

    fn set_level(&mut self, level: u8, hashes: Vec<Hash>) {
        let level = usize::from(level);
        self.levels.resize(self.levels.len().max(level + 1), Vec::new());
        if let Some(slot) = self.levels.get_mut(level) {
            *slot = hashes;
        }
    }

    /// The head of a log with this edge.
    #[must_use]
    pub fn head(&self) -> LogHead {
        LogHead { size: self.size, subtrees: self.levels.iter().rev().flat_map(|hashes| subtrees(hashes)).collect() }
    }

    /// The hashes of the entries in the incomplete bundle.
    #[must_use]
    pub fn leaves(&self) -> &[Hash] {
        self.levels.first().map_or(&[], Vec::as_slice)
    }

    /// Adds leaves, and returns all tiles that are new or wider, the lowest level first.
    #[must_use]
    pub fn extend(&mut self, leaves: Vec<Hash>) -> Vec<(Tile, Vec<Hash>)> {
        let (old_size, added) = (self.size, leaves.len() as u64);
        let (mut tiles, mut new, mut level) = (Vec::new(), leaves, 0);
        while !new.is_empty() {
            let mut hashes = self.levels.get_mut(usize::from(level)).map(std::mem::take).unwrap_or_default();
            hashes.append(&mut new);
            let first = hashes_at(old_size, level) / TILE_WIDTH;
            let mut incomplete = Vec::new();
            for (number, hashes) in (first..).zip(hashes.chunks(1 << TILE_HEIGHT)) {
                let width = 1 << TILE_HEIGHT;
                let width = u32::try_from(hashes.len()).unwrap_or(width);
                tiles.push((Tile::new(TILE_HEIGHT, level, number, width, false), hashes.to_vec()));
                if u64::from(width) == TILE_WIDTH { new.push(complete(hashes)) } else { incomplete = hashes.to_vec() }
            }
            self.set_level(level, incomplete);
            level += 1;
        }
        self.size = old_size.saturating_add(added);
        tiles
    }
}

/// The number of hashes at this level of tiles, in all complete subtrees of a tree of this size.
fn hashes_at(size: u64, level: u8) -> u64 {
    size.checked_shr(u32::from(TILE_HEIGHT) * u32::from(level)).unwrap_or(0)
}
