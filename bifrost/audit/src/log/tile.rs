//! Keys of tiles, and bundles of entries (C2SP `tlog-tiles`).

use bifrost_core::cloud::MAX_ENTRY_BYTES;
use tlog_tiles::{Hash, Tile};

/// The height of a tile: it has 2⁸ hashes or entries.
pub const TILE_HEIGHT: u8 = 8;

/// The number of hashes or entries in a complete tile.
pub const TILE_WIDTH: u64 = 1 << TILE_HEIGHT;

/// The largest bundle of entries that we write, in bytes.
pub const MAX_BUNDLE_BYTES: u64 = TILE_WIDTH * (2 + MAX_ENTRY_BYTES as u64);

/// The number of bytes of a hash.
const HASH_BYTES: usize = 32;

/// What the keys of tiles begin with.
const PREFIX: &str = "log/tile/";

/// The highest level with a complete tile: a tree has less than 2⁶⁴ entries.
const MAX_LEVEL: u8 = 7;

/// The key of a tile, such as `log/tile/0/x001/234.p/5`, or of a bundle of entries, such as `log/tile/entries/x001/234`. A tile with
/// less than 256 hashes ends with their number.
#[must_use]
pub fn tile_key(tile: &Tile) -> String {
    let level = if tile.is_data() { "entries".to_owned() } else { tile.level().to_string() };
    // The number is written in groups of three digits, all but the last with an `x`, so that no directory has too many files.
    let mut number = format!("{:03}", tile.level_index() % 1000);
    let mut rest = tile.level_index() / 1000;
    while rest > 0 {
        number = format!("x{:03}/{number}", rest % 1000);
        rest /= 1000;
    }
    let partial = if u64::from(tile.width()) == TILE_WIDTH { String::new() } else { format!(".p/{}", tile.width()) };
    format!("{PREFIX}{level}/{number}{partial}")
}

/// The tile with this key. `None` if it is not exactly a key that [`tile_key`] returns.
#[must_use]
pub fn parse_tile_key(key: &str) -> Option<Tile> {
    // The largest number has seven groups.
    let rest = key.strip_prefix(PREFIX).filter(|rest| rest.len() <= 64)?;
    let (level, rest) = rest.split_once('/')?;
    let (level, is_entries) = if level == "entries" { (0, true) } else { (level.parse().ok()?, false) };
    let (number, width) = match rest.split_once(".p/") {
        Some((number, width)) => (number, width.parse().ok().filter(|width| (1..TILE_WIDTH).contains(width))?),
        None => (rest, TILE_WIDTH),
    };
    let mut index = 0_u64;
    for group in number.split('/') {
        let digits: u64 = group.trim_start_matches('x').parse().ok().filter(|digits| *digits < 1000)?;
        index = index.checked_mul(1000)?.checked_add(digits)?;
    }
    if level > MAX_LEVEL {
        return None;
    }
    let tile = Tile::new(TILE_HEIGHT, level, index, u32::try_from(width).ok()?, is_entries);
    // Everything that is not in its only form: signs, leading zeros, missing groups.
    (tile_key(&tile) == key).then_some(tile)
}

/// The bytes of a tile with these hashes.
#[must_use]
pub fn encode_hashes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// The hashes of a tile. `None` if the number of bytes is not that of whole hashes.
#[must_use]
pub fn decode_hashes(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<HASH_BYTES>();
    rest.is_empty().then(|| hashes.iter().map(|hash| Hash(*hash)).collect())
}

/// A bundle of entries cannot be encoded or decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// An entry is longer than its length can say.
    #[error("entry {index} has {bytes} bytes, and at most 65,535 are possible")]
    TooLong {
        /// The index in the bundle.
        index: usize,
        /// The number of bytes.
        bytes: usize,
    },
    /// The bundle ends within an entry.
    #[error("the bundle ends within entry {index}, which begins at byte {offset}")]
    Truncated {
        /// The index in the bundle.
        index: usize,
        /// Where the entry begins.
        offset: usize,
    },
}

/// A bundle of entries: each after its length as two bytes, big-endian.
///
/// # Errors
/// [`BundleError::TooLong`].
pub fn encode_bundle<T: AsRef<[u8]>>(entries: impl IntoIterator<Item = T>) -> Result<Vec<u8>, BundleError> {
    let mut bundle = Vec::new();
    for (index, entry) in entries.into_iter().enumerate() {
        let entry = entry.as_ref();
        let length = u16::try_from(entry.len()).map_err(|_| BundleError::TooLong { index, bytes: entry.len() })?;
        bundle.extend_from_slice(&length.to_be_bytes());
        bundle.extend_from_slice(entry);
    }
    Ok(bundle)
}

/// The entries of a bundle.
///
/// # Errors
/// [`BundleError::Truncated`].
pub fn decode_bundle(bundle: &[u8]) -> Result<Vec<Vec<u8>>, BundleError> {
    let mut entries = Vec::new();
    let mut rest = bundle;
    while !rest.is_empty() {
        let truncated = BundleError::Truncated { index: entries.len(), offset: bundle.len() - rest.len() };
        let (length, after) = rest.split_first_chunk::<2>().ok_or(truncated)?;
        let (entry, after) = after.split_at_checked(u16::from_be_bytes(*length).into()).ok_or(truncated)?;
        entries.push(entry.to_vec());
        rest = after;
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_are_those_of_the_specification() {
        let keys = [
            (Tile::new(8, 0, 0, 1, false), "log/tile/0/000.p/1"),
            (Tile::new(8, 0, 1_234_067, 256, false), "log/tile/0/x001/x234/067"),
            (Tile::new(8, 2, 999, 255, false), "log/tile/2/999.p/255"),
            (Tile::new(8, 0, 1_000, 112, true), "log/tile/entries/x001/000.p/112"),
        ];
        for (tile, key) in keys {
            assert_eq!(tile_key(&tile), key);
            assert_eq!(parse_tile_key(key), Some(tile));
        }
    }

    #[test]
    fn other_keys_are_refused() {
        let keys = [
            "log/checkpoint",
            "log/tile/",
            "log/tile/0",
            "log/tile/0/",
            "log/tile/0/0",
            "log/tile/0/0000",
            "log/tile/0/001/002",
            "log/tile/0/x000/001",
            "log/tile/00/001",
            "log/tile/8/001",
            "log/tile/+1/001",
            "log/tile/data/001",
            "log/tile/0/001.p/0",
            "log/tile/0/001.p/256",
            "log/tile/0/001.p/01",
            "log/tile/0/001.p/",
            "log/tile/0/xx001/002",
            "log/tile/0/001/",
            "log/tile/0/ü",
            "log/tile/0/x018/x446/x744/x073/x709/x551/616",
            "log/tile/0/x018/x446/x744/x073/x709/x551/x616/001",
        ];
        for key in keys {
            assert_eq!(parse_tile_key(key), None, "{key}");
        }
    }

    #[test]
    fn longest_entry_is_65535_bytes() {
        let longest = vec![7; 65_535];
        assert_eq!(decode_bundle(&encode_bundle([&longest]).unwrap()).unwrap(), [longest]);
        let too_long = encode_bundle([vec![7; 1], vec![7; 65_536]]).unwrap_err();
        assert_eq!(too_long, BundleError::TooLong { index: 1, bytes: 65_536 });
    }

    #[test]
    fn hashes_have_32_bytes() {
        assert_eq!(decode_hashes(&[7; 64]), Some(vec![Hash([7; 32]); 2]));
        assert_eq!(decode_hashes(&[7; 63]), None);
    }

    proptest! {
        #[test]
        fn key_names_its_tile(level in 0_u8..8, number: u64, width in 1_u32..=256, is_entries: bool) {
            let tile = Tile::new(8, if is_entries { 0 } else { level }, number, width, is_entries);
            prop_assert_eq!(parse_tile_key(&tile_key(&tile)), Some(tile));
        }

        #[test]
        fn any_key_is_parsed_or_refused(key in "log/tile/(0|entries|[0-9]{1,3})/[x0-9/.p]{0,20}") {
            if let Some(tile) = parse_tile_key(&key) {
                prop_assert_eq!(tile_key(&tile), key);
            }
        }

        #[test]
        fn bundle_has_its_entries(entries: Vec<Vec<u8>>) {
            prop_assert_eq!(decode_bundle(&encode_bundle(&entries).unwrap()).unwrap(), entries);
        }

        #[test]
        fn cut_bundle_is_refused_or_shorter(entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..9), 1..9), cut: prop::sample::Index) {
            let bundle = encode_bundle(&entries).unwrap();
            let cut = cut.index(bundle.len());
            match decode_bundle(&bundle[..cut]) {
                Ok(found) => prop_assert!(entries.starts_with(&found) && found.len() < entries.len()),
                Err(error) => {
                    let inside = matches!(error, BundleError::Truncated { offset, .. } if offset < cut);
                    prop_assert!(inside);
                }
            }
        }
    }
}
