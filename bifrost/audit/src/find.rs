//! Finds the end of one execution among the newest entries, without an index of the whole log.

use crate::log::{BundleError, CheckpointError, SignedCheckpoint, TILE_HEIGHT, TILE_WIDTH, decode_bundle, tile_key};
use crate::source::{LogSource, SourceError};
use bifrost_core::audit::{EntryKind, LogEntry};
use bifrost_core::cloud::CHECKPOINT_KEY;
use bifrost_core::error_code::Coded;
use bifrost_core::json;
use chrono::{DateTime, TimeDelta, Utc};
use tlog_tiles::Tile;

/// How much older than the execution an entry may be by the clock of its writer, and still come after it.
const CLOCK_SKEW: TimeDelta = TimeDelta::hours(1);

/// The end of an execution cannot be looked for.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub enum FindError {
    /// The log cannot be read.
    #[error(transparent)]
    #[code(source)]
    Source(#[from] SourceError),
    /// The log's checkpoint is not one.
    #[error("{CHECKPOINT_KEY} is not a signed checkpoint")]
    #[code("audit/tail-checkpoint", "run `bifrost audit verify`: it says what of the log still holds")]
    Checkpoint(#[from] CheckpointError),
    /// Entries that the checkpoint counts are missing or damaged.
    #[error("{key} does not have the entries that the checkpoint counts")]
    #[code("audit/tail-entries", "run `bifrost audit verify`: it says what of the log still holds")]
    Entries {
        /// The key of the object with the entries.
        key: String,
        /// What is wrong with it, if it exists.
        source: Option<BundleError>,
    },
}

/// The last entry of the execution with this ARN that says how it ended, and the index of the entry. `None` if the published log has none.
/// `since` is when the execution started.
///
/// # Errors
/// [`FindError`].
pub async fn find_end(
    source: &dyn LogSource,
    execution: &str,
    since: DateTime<Utc>,
) -> Result<Option<(u64, LogEntry)>, FindError> {
    let Some(checkpoint) = source.get(CHECKPOINT_KEY).await? else { return Ok(None) };
    let size = SignedCheckpoint::parse(&checkpoint)?.size;
    for number in (0..size.div_ceil(TILE_WIDTH)).rev() {
        let entries = bundle(source, number, size).await?;
        let mut is_older = true;
        for (place, bytes) in entries.iter().enumerate().rev() {
            // Entries of later versions, or garbage, are for `verify`.
            let Ok(entry) = json::from_slice::<LogEntry>(bytes) else { continue };
            if entry.execution.as_deref() == Some(execution) {
                match entry.kind {
                    EntryKind::Ended | EntryKind::Refused | EntryKind::Closed => {
                        return Ok(Some((number * TILE_WIDTH + place as u64, entry)));
                    }
                    EntryKind::Started => return Ok(None),
                    EntryKind::Act | EntryKind::Review | EntryKind::Event => {}
                }
            }
            is_older &= entry.time < since.checked_sub_signed(CLOCK_SKEW).unwrap_or(DateTime::<Utc>::MIN_UTC);
        }
        if is_older {
            return Ok(None);
        }
    }
    Ok(None)
}

/// The entries of the bundle with this number in a log of this size.
async fn bundle(source: &dyn LogSource, number: u64, size: u64) -> Result<Vec<Vec<u8>>, FindError> {
    let width = u32::try_from((size - number * TILE_WIDTH).min(TILE_WIDTH)).unwrap_or(u32::MAX);
    let key = tile_key(&Tile::new(TILE_HEIGHT, 0, number, width, true));
    let Some(body) = source.get(&key).await? else { return Err(FindError::Entries { key, source: None }) };
    let mut entries = match decode_bundle(&body) {
        Ok(entries) => entries,
        Err(error) => return Err(FindError::Entries { key, source: Some(error) }),
    };
    if entries.len() < width as usize {
        return Err(FindError::Entries { key, source: None });
    }
    entries.truncate(width as usize);
    Ok(entries)
}
