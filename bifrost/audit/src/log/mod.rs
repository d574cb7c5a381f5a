//! The Merkle log: appends entries, publishes tiles, and signs checkpoints.
//!
//! An append has three steps. Each can be repeated, and a writer may crash between any two of them:
//!
//! 1. It reads the checkpoint and the head of the log.
//! 2. One transaction in the table gives the entry its index: the entry is *sequenced*. It moves the head on condition that nobody else
//!    moved it, and stores the index under the hash of the entry, so that an append whose answer was lost finds it.
//! 3. It publishes all sequenced entries that the checkpoint does not cover: write-once tiles, then a signed checkpoint, on condition that
//!    nobody else replaced it. An entry whose writer crashed after the second step is published by the next writer.
//!
//! Tiles and checkpoints have the formats of C2SP `tlog-tiles` and `tlog-checkpoint`.
//!
//! | module | contents |
//! | --- | --- |
//! | `tiled` | [`TiledLog`]: append, and its order |
//! | `publish` | publication of what is sequenced |
//! | `edge` | the incomplete tiles at the right edge of the tree, and how they grow |
//! | `tree` | the head of the log as a Merkle tree |
//! | `tile` | keys of tiles, and bundles of entries |
//! | `checkpoint` | [`SignedCheckpoint`] |
//! | `backoff` | how long a writer waits for other writers |

mod backoff;
mod checkpoint;
mod edge;
mod publish;
mod tile;
mod tiled;
mod tree;

pub use checkpoint::{CheckpointError, SignedCheckpoint};
pub use edge::Edge;
pub use tile::{
    BundleError, MAX_BUNDLE_BYTES, TILE_HEIGHT, TILE_WIDTH, decode_bundle, decode_hashes, encode_bundle, encode_hashes,
    parse_tile_key, tile_key,
};
pub use tiled::TiledLog;
pub use tree::{next_head, root};

use bifrost_core::audit::safe_text;
use bifrost_core::cloud::{CloudError, ErrorKind};

/// The error of a call that the log does not accept.
pub(crate) fn refused(
    operation: &'static str,
    resource: &str,
    kind: ErrorKind,
    code: &str,
    message: &str,
) -> CloudError {
    CloudError {
        operation,
        resource: safe_text(resource),
        kind,
        code: code.to_owned(),
        message: message.to_owned(),
        request_id: None,
    }
}
