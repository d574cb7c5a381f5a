//! How long to wait between two looks.
//!
//! A turn of a loop (wait, task, choice) is 9 events of an execution's 25,000. So waits grow with the time that passed, and a
//! deploy that takes months stays inside: from 5 s on each is a twentieth of the time so far, at most a minute or, where
//! that is more, a thousandth of the release's timeout or of the time so far.

use bifrost::release::Envelope;
use chrono::{DateTime, Utc};

/// The first wait (contract §8), in seconds.
pub const SHORTEST_SECONDS: u32 = 5;

/// The longest wait of a deploy that takes less than a day, in seconds.
const MINUTE: i64 = 60;

/// The next wait, in seconds.
#[must_use]
pub fn next_wait(envelope: &Envelope, now: DateTime<Utc>) -> u32 {
    let passed = envelope.started_at.map_or(0, |started_at| now.signed_duration_since(started_at).num_seconds());
    let longest = MINUTE.max(i64::from(envelope.timeout) / 1000).max(passed / 1000);
    let wait = (passed / 20).clamp(i64::from(SHORTEST_SECONDS), longest.max(i64::from(SHORTEST_SECONDS)));
    u32::try_from(wait).unwrap_or(u32::MAX)
}
