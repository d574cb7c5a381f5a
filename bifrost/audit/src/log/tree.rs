//! The head of the log as a Merkle tree (RFC 6962).

use bifrost_core::audit::damaged_log;
use bifrost_core::cloud::{CloudError, LogHead};
use bifrost_core::release::Sha256;
use tlog_tiles::{EMPTY_HASH, Hash, node_hash, record_hash};

/// The head after one more entry.
///
/// # Errors
/// `AuditLogDamaged` if the head does not have one subtree for each 1 bit of its size.
pub fn next_head(head: &LogHead, entry: &[u8]) -> Result<LogHead, CloudError> {
    check(head)?;
    let mut subtrees = head.subtrees.clone();
    let mut hash = record_hash(entry);
    // Each 1 bit at the end of the size is a complete subtree that the entry completes to one of twice the size.
    for _ in 0..head.size.trailing_ones() {
        let left = subtrees.pop().ok_or_else(|| invalid(head))?;
        hash = node_hash(tree_hash(&left), hash);
    }
    subtrees.push(Sha256::from_bytes(hash.0));
    let size = head.size.checked_add(1).ok_or_else(|| invalid(head))?;
    Ok(LogHead { size, subtrees })
}

/// The root of the tree with this head.
///
/// # Errors
/// `AuditLogDamaged` if the head does not have one subtree for each 1 bit of its size.
pub fn root(head: &LogHead) -> Result<Hash, CloudError> {
    check(head)?;
    let mut subtrees = head.subtrees.iter().rev().map(tree_hash);
    let Some(last) = subtrees.next() else { return Ok(EMPTY_HASH) };
    Ok(subtrees.fold(last, |right, left| node_hash(left, right)))
}

fn check(head: &LogHead) -> Result<(), CloudError> {
    let expected = head.size.count_ones() as usize;
    if head.subtrees.len() == expected { Ok(()) } else { Err(invalid(head)) }
}

fn invalid(head: &LogHead) -> CloudError {
    let problem = format!("a head of size {} cannot have {} subtrees", head.size, head.subtrees.len());
    damaged_log("dynamodb:GetItem", "head of the log", &problem)
}

fn tree_hash(hash: &Sha256) -> Hash {
    Hash(*hash.as_bytes())
}

/// The hash of a complete tree whose leaves, or roots of subtrees, are `hashes`: a power of two of them.
pub(super) fn complete(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => EMPTY_HASH,
        [hash] => *hash,
        _ => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            node_hash(complete(left), complete(right))
        }
    }
}

/// The hashes of the complete subtrees that make up a tree with these leaves, from left to right.
pub(super) fn subtrees(mut hashes: &[Hash]) -> Vec<Sha256> {
    let mut subtrees = Vec::new();
    while let Some(height) = hashes.len().checked_ilog2() {
        let (subtree, rest) = hashes.split_at(1 << height);
        subtrees.push(Sha256::from_bytes(complete(subtree).0));
        hashes = rest;
    }
    subtrees
}

#[cfg(test)]
mod tests {
    use super::*;
    use tlog_tiles::{Error, HashReader, stored_hashes, tree_hash};

    /// All hashes of a tree, as the library stores them.
    struct Stored(Vec<Hash>);

    impl HashReader for Stored {
        fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
            Ok(indexes.iter().map(|index| self.0[usize::try_from(*index).unwrap()]).collect())
        }
    }

    #[test]
    fn roots_are_those_of_the_library() {
        let (mut stored, mut head, mut leaves) = (Stored(Vec::new()), LogHead::default(), Vec::new());
        assert_eq!(root(&head).unwrap(), EMPTY_HASH);
        for size in 1..=600_u64 {
            let entry = size.to_string();
            let hashes = stored_hashes(size - 1, entry.as_bytes(), &stored).unwrap();
            stored.0.extend(hashes);
            leaves.push(record_hash(entry.as_bytes()));
            head = next_head(&head, entry.as_bytes()).unwrap();
            assert_eq!(root(&head).unwrap(), tree_hash(size, &stored).unwrap(), "size {size}");
            assert_eq!(head, LogHead { size, subtrees: subtrees(&leaves) });
        }
    }

    #[test]
    fn invalid_heads_are_damage() {
        let hash = Sha256::of(b"");
        for (size, count) in [(0, 1), (1, 0), (2, 2), (3, 1), (u64::MAX, 63), (u64::MAX, 64)] {
            let head = LogHead { size, subtrees: vec![hash; count] };
            assert_eq!(next_head(&head, b"{}").unwrap_err().code, "AuditLogDamaged", "{size} {count}");
        }
        assert_eq!(root(&LogHead { size: 5, subtrees: Vec::new() }).unwrap_err().code, "AuditLogDamaged");
    }
}
