//! The Merkle tree of the entries, computed from the entries and from the hash tiles, and what of both the signed root proves.

use crate::log::{TILE_HEIGHT, TILE_WIDTH};
use tlog_tiles::{EMPTY_HASH, Hash, node_hash};

/// The hashes of one level of tiles, as far as they are known.
pub(super) type Level = Vec<Option<Hash>>;

/// The number of hashes in a complete tile, as an index.
pub(super) const WIDTH: usize = 1 << TILE_HEIGHT;

/// How many hashes the level has in a tree of this size.
pub(super) fn level_len(size: u64, level: u8) -> u64 {
    size.checked_shr(u32::from(TILE_HEIGHT) * u32::from(level)).unwrap_or_default()
}

/// How many levels of tiles a tree of this size has.
pub(super) fn level_count(size: u64) -> u8 {
    (0..8).take_while(|level| level_len(size, *level) > 0).fold(0, |count, _| count + 1)
}

/// The hash of a complete tile.
fn tile_hash(hashes: &[Option<Hash>]) -> Option<Hash> {
    let mut row: Vec<Hash> = hashes.iter().copied().collect::<Option<_>>()?;
    while row.len() > 1 {
        row = row
            .chunks(2)
            .map(|pair| if let [left, right] = pair { node_hash(*left, *right) } else { EMPTY_HASH })
            .collect();
    }
    row.first().copied()
}

/// The level above, of the complete tiles of a level.
pub(super) fn level_above(level: &[Option<Hash>]) -> Level {
    let (tiles, _) = level.as_chunks::<WIDTH>();
    tiles.iter().map(|tile| tile_hash(tile)).collect()
}

/// The part of a level that is in its last tile, if that is not complete.
fn edge(level: &[Option<Hash>]) -> &[Option<Hash>] {
    level.as_chunks::<WIDTH>().1
}

/// The root of the tree, by the hashes at the right edge of each level, from the lowest. `None` if one is not known.
fn edge_root<'h>(edges: impl Iterator<Item = &'h [Option<Hash>]>) -> Option<Hash> {
    let mut root: Option<Hash> = None;
    for edge in edges {
        let mut rest = edge;
        let mut subtrees = Vec::new();
        while let Some(height) = rest.len().checked_ilog2() {
            let (subtree, after) = rest.split_at(1 << height);
            subtrees.push(tile_hash(subtree)?);
            rest = after;
        }
        for left in subtrees.into_iter().rev() {
            root = Some(root.map_or(left, |right| node_hash(left, right)));
        }
    }
    Some(root.unwrap_or(EMPTY_HASH))
}

/// The root of the first `size` leaves. `None` if one of them is not known.
pub(super) fn root_of(leaves: &[Option<Hash>], size: u64) -> Option<Hash> {
    let leaves = leaves.get(..usize::try_from(size).ok()?)?;
    let mut levels = vec![leaves.to_vec()];
    while let Some(last) = levels.last()
        && last.len() as u64 >= TILE_WIDTH
    {
        let above = level_above(last);
        levels.push(above);
    }
    edge_root(levels.iter().map(|level| edge(level)))
}

/// The hashes of each level that the signed root proves, by what was computed from the entries and what the tiles have. A hash is `None`
/// if nothing is known that fits. The result is `None` if the edge does not have the root.
///
/// An altered object is one or the other, so the root proves the one that is left.
pub(super) fn proven(root: Hash, computed: &[Level], stored: &[Level]) -> Option<Vec<Level>> {
    let count = computed.len().min(stored.len());
    // Which of both is taken at the edge of each level: every combination, as there are only a few levels.
    let choices = (0_u32..1 << count).find(|choice| {
        let pick = |level: usize| if choice >> level & 1 == 0 { computed.get(level) } else { stored.get(level) };
        edge_root((0..count).map(|level| pick(level).map_or(&[][..], |hashes| edge(hashes)))) == Some(root)
    })?;
    let mut levels: Vec<Level> = Vec::new();
    for level in (0..count).rev() {
        let (computed, stored) = (computed.get(level)?, stored.get(level)?);
        let mut proven = Level::with_capacity(computed.len());
        let (computed_tiles, computed_edge) = computed.as_chunks::<WIDTH>();
        let (stored_tiles, stored_edge) = stored.as_chunks::<WIDTH>();
        let above = levels.last();
        for (index, (computed, stored)) in computed_tiles.iter().zip(stored_tiles).enumerate() {
            let expected = above.and_then(|above| above.get(index).copied().flatten());
            let fits = |tile: &&[Option<Hash>; WIDTH]| expected.is_some() && tile_hash(&tile[..]) == expected;
            match [computed, stored].into_iter().find(fits) {
                Some(tile) => proven.extend_from_slice(tile),
                None => proven.resize(proven.len() + WIDTH, None),
            }
        }
        proven.extend_from_slice(if choices >> level & 1 == 0 { computed_edge } else { stored_edge });
        levels.push(proven);
    }
    levels.reverse();
    Some(levels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{next_head, root};
    use bifrost_core::cloud::LogHead;
    use proptest::prelude::*;
    use tlog_tiles::record_hash;

    fn leaves(size: u64) -> (Level, Hash) {
        let mut head = LogHead::default();
        let mut leaves = Level::new();
        for number in 0..size {
            let entry = number.to_string();
            head = next_head(&head, entry.as_bytes()).unwrap();
            leaves.push(Some(record_hash(entry.as_bytes())));
        }
        (leaves, root(&head).unwrap())
    }

    fn levels(leaves: &Level) -> Vec<Level> {
        let mut levels = vec![leaves.clone()];
        for level in 1..level_count(leaves.len() as u64) {
            levels.push(level_above(&levels[usize::from(level) - 1]));
        }
        levels
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn root_is_that_of_the_writer(size in 0_u64..1000) {
            let (leaves, root) = leaves(size);
            prop_assert_eq!(root_of(&leaves, size), Some(root));
            prop_assert_eq!(root_of(&leaves, size + 1), None);
        }

        #[test]
        fn damage_on_one_side_leaves_everything_proven(size in 1_u64..1000, at: prop::sample::Index, is_missing: bool, in_tiles: bool) {
            let (leaves, root) = leaves(size);
            let honest = levels(&leaves);
            let mut damaged = leaves.clone();
            let at = at.index(damaged.len());
            damaged[at] = if is_missing { None } else { Some(Hash([9; 32])) };
            let damaged = levels(&damaged);
            let found = if in_tiles { proven(root, &honest, &damaged) } else { proven(root, &damaged, &honest) };
            prop_assert_eq!(found, Some(honest));
        }

        #[test]
        fn damage_on_both_sides_is_not_proven(size in 257_u64..1000, at: prop::sample::Index) {
            let (leaves, root) = leaves(size);
            let honest = levels(&leaves);
            let mut damaged = leaves.clone();
            // In a complete tile: the hash of a damaged edge is nowhere else.
            let at = at.index(damaged.len() / WIDTH * WIDTH);
            damaged[at] = Some(Hash([9; 32]));
            let computed = levels(&damaged);
            let mut stored = honest.clone();
            stored[0] = damaged;
            let found = proven(root, &computed, &stored).unwrap();
            let tile = at / WIDTH;
            for (index, hash) in found[0].iter().enumerate() {
                let expected = honest[0][index].filter(|_| index / WIDTH != tile);
                prop_assert_eq!(*hash, expected, "{}", index);
            }
            prop_assert_eq!(proven(root, &computed, &computed), None);
        }
    }
}
