//! Publishes what is sequenced: tiles, then a signed checkpoint.

use super::backoff::Backoff;
use super::checkpoint::SignedCheckpoint;
use super::edge::Edge;
use super::tile::{
    MAX_BUNDLE_BYTES, TILE_HEIGHT, TILE_WIDTH, decode_bundle, decode_hashes, encode_bundle, encode_hashes, tile_key,
};
use super::tiled::{TiledLog, contended};
use super::{refused, tree};
use crate::key::verifier_key;
use bifrost_core::audit::damaged_log;
use bifrost_core::cloud::{CHECKPOINT_KEY, CloudError, ErrorKind, LogHead, PutNew};
use futures_util::future::try_join;
use futures_util::{StreamExt, TryStreamExt, stream};
use signed_note::{StandardVerifier, Verifier};
use std::collections::BTreeSet;
use tlog_tiles::{EMPTY_HASH, Hash, Tile, record_hash};

/// How often a writer tries to replace the checkpoint while others replace it. Each of them reads the head after a failure, so that a few
/// attempts cover everything that was sequenced before.
const MAX_PUBLISH_ATTEMPTS: u32 = 30;

/// How many calls to S3 are made at once.
const CONCURRENCY: usize = 8;

/// If more entries than this are to be published, they are not kept in memory, but read twice.
const MAX_KEPT: u64 = 1024;

/// What is published: the checkpoint as it was read.
pub(super) struct Published {
    /// `None` if there is none yet.
    checkpoint: Option<SignedCheckpoint>,
    tag: Option<String>,
}

impl Published {
    fn size(&self) -> u64 {
        self.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.size)
    }

    fn root(&self) -> Hash {
        self.checkpoint.as_ref().map_or(EMPTY_HASH, |checkpoint| checkpoint.root)
    }

    /// Checks that the head, which was read after the checkpoint, continues it, as far as can be seen without tiles.
    pub(super) fn check(&self, head: &LogHead) -> Result<(), CloudError> {
        let (size, root) = (self.size(), tree::root(head)?);
        if size > head.size {
            let problem = format!("it covers {size} entries, but the table has only {}", head.size);
            return Err(damaged_log("s3:GetObject", CHECKPOINT_KEY, &problem));
        }
        if size == head.size && root != self.root() {
            let problem =
                format!("its root {} of size {size} is not the root {root} that follows from the table", self.root());
            return Err(damaged_log("s3:GetObject", CHECKPOINT_KEY, &problem));
        }
        Ok(())
    }
}

/// Sequenced entries that go into one bundle.
struct Part {
    from: u64,
    to: u64,
    /// `None` if they are too many to be kept.
    entries: Option<Vec<Vec<u8>>>,
}

impl TiledLog {
    /// Reads the checkpoint.
    pub(super) async fn published(&self) -> Result<Published, CloudError> {
        let Some(stored) = self.store.checkpoint().await? else { return Ok(Published { checkpoint: None, tag: None }) };
        let checkpoint = SignedCheckpoint::parse(&stored.body);
        let checkpoint = checkpoint.and_then(|checkpoint| checkpoint.of(&self.origin));
        let checkpoint = checkpoint.map_err(|error| damaged_log("s3:GetObject", CHECKPOINT_KEY, &error.to_string()))?;
        Ok(Published { checkpoint: Some(checkpoint), tag: Some(stored.tag) })
    }

    /// Publishes the entries of this head, and of later ones if another writer interferes.
    pub(super) async fn publish_head(
        &self,
        mut head: LogHead,
        published: Option<Published>,
        mut backoff: Backoff,
    ) -> Result<(), CloudError> {
        let target = head.size;
        let mut known = published;
        // Tiles that were written or found equal in an earlier attempt.
        let mut stored = BTreeSet::new();
        for _ in 0..MAX_PUBLISH_ATTEMPTS {
            let published = match known.take() {
                Some(published) => published,
                None => self.published().await?,
            };
            if published.size() > head.size {
                head = self.store.head().await?;
            }
            published.check(&head)?;
            if published.size() >= target && self.needs_nothing(&published).await? {
                return Ok(());
            }
            self.write_tiles(&published, &head, &mut stored).await?;
            if self.replace_checkpoint(&published, &head).await? {
                return Ok(());
            }
            backoff.wait(self.store.as_ref()).await;
            head = self.store.head().await?;
        }
        Err(contended("s3:PutObject"))
    }

    /// Whether nothing is to be published: the checkpoint is signed with our key, or the log is empty.
    async fn needs_nothing(&self, published: &Published) -> Result<bool, CloudError> {
        match &published.checkpoint {
            Some(checkpoint) => Ok(checkpoint.is_signed_by(self.key().await?)),
            None => Ok(true),
        }
    }

    async fn key(&self) -> Result<&[u8; 32], CloudError> {
        self.key.get_or_try_init(|| self.signer.public_key()).await
    }

    /// Writes the tiles that are new between the published size and the size of the head.
    async fn write_tiles(
        &self,
        published: &Published,
        head: &LogHead,
        stored: &mut BTreeSet<String>,
    ) -> Result<(), CloudError> {
        let size = published.size();
        let (mut edge, bundle) = self.edge(published).await?;
        let (parts, leaves) = self.sequenced(size, head.size).await?;
        let tiles = edge.extend(leaves.clone());
        // Before anything is written: a tile cannot be replaced.
        if edge.head() != *head {
            let problem = format!(
                "entries {size} to {} in the table and the tiles do not have the root that the table has",
                head.size
            );
            return Err(damaged_log("dynamodb:BatchGetItem", "audit log", &problem));
        }
        let mut bundle = Some(bundle);
        for part in parts {
            let first = bundle.take().unwrap_or_default();
            self.write_bundle(part, first, size, &leaves, stored).await?;
        }
        let tiles = tiles.into_iter().map(|(tile, hashes)| (tile_key(&tile), encode_hashes(&hashes)));
        let tiles: Vec<_> = tiles.filter(|(key, _)| !stored.contains(key)).collect();
        let write = |(key, bytes): (String, Vec<u8>)| async move { self.write_once(&key, bytes).await.map(|()| key) };
        let written: Vec<String> = stream::iter(tiles).map(write).buffer_unordered(CONCURRENCY).try_collect().await?;
        stored.extend(written);
        Ok(())
    }

    /// The incomplete tiles and bundle of what is published, checked against the checkpoint.
    async fn edge(&self, published: &Published) -> Result<(Edge, Vec<Vec<u8>>), CloudError> {
        let size = published.size();
        let read = |tile: Tile| async move { self.read_hashes(&tile).await.map(|hashes| (tile, hashes)) };
        let tiles = stream::iter(Edge::tiles(size)).map(read).buffered(CONCURRENCY).try_collect::<Vec<_>>();
        let (tiles, bundle) = try_join(tiles, self.read_bundle(size)).await?;
        let edge = Edge::new(size, tiles);
        if tree::root(&edge.head())? != published.root() {
            let problem = format!("the tiles do not have the root {} of size {size}", published.root());
            return Err(damaged_log("s3:GetObject", CHECKPOINT_KEY, &problem));
        }
        let leaves: Vec<_> = bundle.iter().map(|entry| record_hash(entry)).collect();
        if leaves != edge.leaves() {
            let key = tile_key(&bundle_tile(size / TILE_WIDTH, size % TILE_WIDTH));
            return Err(damaged_log(
                "s3:GetObject",
                &key,
                "its entries are not those of the hashes in the tile of level 0",
            ));
        }
        Ok((edge, bundle))
    }

    async fn read_hashes(&self, tile: &Tile) -> Result<Vec<Hash>, CloudError> {
        let key = tile_key(tile);
        let bytes = self.read(&key, 32 << TILE_HEIGHT).await?;
        let hashes = decode_hashes(&bytes).filter(|hashes| hashes.len() == tile.width() as usize);
        hashes.ok_or_else(|| damaged_log("s3:GetObject", &key, &format!("it has {} bytes", bytes.len())))
    }

    /// The entries of the incomplete bundle of a log of this size.
    async fn read_bundle(&self, size: u64) -> Result<Vec<Vec<u8>>, CloudError> {
        let width = size % TILE_WIDTH;
        if width == 0 {
            return Ok(Vec::new());
        }
        let key = tile_key(&bundle_tile(size / TILE_WIDTH, width));
        let bytes = self.read(&key, MAX_BUNDLE_BYTES).await?;
        decode_bundle(&bytes).map_err(|error| damaged_log("s3:GetObject", &key, &error.to_string()))
    }

    async fn read(&self, key: &str, limit_bytes: u64) -> Result<Vec<u8>, CloudError> {
        let bytes = self.store.get(key, limit_bytes).await?;
        bytes.ok_or_else(|| damaged_log("s3:GetObject", key, "the object is missing"))
    }

    /// Reads the sequenced entries, by bundle, and returns the hashes of their leaves, too.
    async fn sequenced(&self, from: u64, to: u64) -> Result<(Vec<Part>, Vec<Hash>), CloudError> {
        let keep = to.saturating_sub(from) <= MAX_KEPT;
        let (mut parts, mut leaves, mut next) = (Vec::new(), Vec::new(), from);
        while next < to {
            let end = to.min((next / TILE_WIDTH + 1).saturating_mul(TILE_WIDTH));
            let entries = self.entries(next, end).await?;
            leaves.extend(entries.iter().map(|entry| record_hash(entry)));
            parts.push(Part { from: next, to: end, entries: keep.then_some(entries) });
            next = end;
        }
        Ok((parts, leaves))
    }

    async fn entries(&self, from: u64, to: u64) -> Result<Vec<Vec<u8>>, CloudError> {
        let entries = self.store.entries(from, to).await?;
        if entries.len() as u64 != to - from {
            let problem = format!("the table returned {} of the entries {from} to {to}", entries.len());
            return Err(damaged_log("dynamodb:BatchGetItem", "audit log", &problem));
        }
        Ok(entries)
    }

    /// Writes a bundle: the entries that the incomplete one has, and those that were sequenced.
    async fn write_bundle(
        &self,
        part: Part,
        mut bundle: Vec<Vec<u8>>,
        size: u64,
        leaves: &[Hash],
        stored: &mut BTreeSet<String>,
    ) -> Result<(), CloudError> {
        let Part { from, to, entries } = part;
        let number = from / TILE_WIDTH;
        let key = tile_key(&bundle_tile(number, to - number * TILE_WIDTH));
        if stored.contains(&key) {
            return Ok(());
        }
        let entries = match entries {
            Some(entries) => entries,
            None => self.entries(from, to).await?,
        };
        let hashes = entries.iter().map(|entry| record_hash(entry));
        let expected = leaves.iter().skip(usize::try_from(from - size).unwrap_or(usize::MAX)).copied();
        if !hashes.eq(expected.take(entries.len())) {
            return Err(damaged_log(
                "dynamodb:BatchGetItem",
                "audit log",
                &format!("entries {from} to {to} in the table changed"),
            ));
        }
        bundle.extend(entries);
        let bytes =
            encode_bundle(bundle).map_err(|error| damaged_log("dynamodb:BatchGetItem", &key, &error.to_string()))?;
        self.write_once(&key, bytes).await?;
        stored.insert(key);
        Ok(())
    }

    /// Writes a tile, or finds that it is stored already.
    async fn write_once(&self, key: &str, bytes: Vec<u8>) -> Result<(), CloudError> {
        match self.store.put_new(key, bytes.clone()).await? {
            PutNew::Written => Ok(()),
            PutNew::Exists if self.read(key, MAX_BUNDLE_BYTES).await? == bytes => Ok(()),
            PutNew::Exists => Err(damaged_log("s3:PutObject", key, "the object exists with other content")),
        }
    }

    /// Signs a checkpoint of the head and puts it in the place of the published one. `false` if another writer replaced that.
    async fn replace_checkpoint(&self, published: &Published, head: &LogHead) -> Result<bool, CloudError> {
        let text = SignedCheckpoint::text(&self.origin, head.size, &tree::root(head)?);
        let (key, signature) = try_join(self.key(), self.signer.sign(&text)).await?;
        let wrong_key =
            |message: &str| refused("kms:Sign", &self.origin, ErrorKind::Invalid, "AuditSignatureInvalid", message);
        let verifier =
            StandardVerifier::new(&verifier_key(&self.origin, key)).map_err(|error| wrong_key(&error.to_string()))?;
        if !verifier.verify(&text, &signature) {
            return Err(wrong_key("the public key does not verify the signature; check that both are of one key"));
        }
        let previous = published.checkpoint.as_ref();
        let body = SignedCheckpoint::sign(&self.origin, &text, key, signature, previous);
        let body = body.map_err(|error| wrong_key(&error.to_string()))?;
        self.store.put_checkpoint(body, published.tag.as_deref()).await
    }
}

/// The bundle with this number and width. A width of 0 means 256, as a complete bundle has.
fn bundle_tile(number: u64, width: u64) -> Tile {
    let width = u32::try_from(width).ok().filter(|width| (1..1 << TILE_HEIGHT).contains(width));
    Tile::new(TILE_HEIGHT, 0, number, width.unwrap_or(1 << TILE_HEIGHT), true)
}
