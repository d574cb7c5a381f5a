//! How long to wait between two polls.
//!
//! One pass of a loop (wait, task, choice) is 9 of the 25,000 events that an execution may have. So that even a deploy of
//! months stays below that, waits grow: each is a twentieth of the time since the start, at least 5 s and at most 60 s. If a
//! thousandth of the release's timeout or of the time since the start is more than 60 s, that is the maximum.

use bifrost::release::Envelope;
use chrono::{DateTime, TimeDelta, Utc};

/// The first and shortest wait (contract §8), in seconds.
pub const MIN_SECONDS: u32 = 5;

/// How much the clocks of AWS's services may differ from the deployer's.
pub const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(5);

/// The longest wait of a deploy whose timeout is at most 60,000 s, in seconds.
const MINUTE: i64 = 60;

/// The next wait, in seconds.
#[must_use]
pub fn next_wait(envelope: &Envelope, now: DateTime<Utc>) -> u32 {
    let passed = envelope.started_at.map_or(0, |started_at| now.signed_duration_since(started_at).num_seconds());
    let longest = MINUTE.max(i64::from(envelope.timeout) / 1000).max(passed / 1000);
    let wait = (passed / 20).clamp(i64::from(MIN_SECONDS), longest.max(i64::from(MIN_SECONDS)));
    u32::try_from(wait).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::sample;

    /// The waits of a deploy of that duration.
    fn waits(timeout: u32, duration: TimeDelta) -> Vec<u32> {
        let mut envelope = sample::release().envelope;
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        (envelope.timeout, envelope.started_at) = (timeout, Some(start));
        let (mut now, mut waits) = (start, Vec::new());
        while now - start < duration {
            waits.push(next_wait(&envelope, now));
            now += TimeDelta::seconds(waits.last().copied().unwrap().into());
        }
        waits
    }

    #[test]
    fn waits_grow_from_five_seconds_to_a_minute() {
        assert!(waits(300, TimeDelta::seconds(100)).iter().all(|wait| *wait == 5));
        assert_eq!(waits(7200, TimeDelta::hours(2)).last(), Some(&60));
    }

    #[test]
    fn longest_deploy_fits_into_the_history() {
        // Creating the change set, the update and its rollback may each take the whole timeout.
        for timeout in [300, 86_400, 31_536_000, u32::MAX] {
            let polls = waits(timeout, TimeDelta::seconds(3 * i64::from(timeout))).len();
            assert!(polls * 9 < 25_000 - 100, "{timeout} s: {polls} polls");
        }
    }

    #[test]
    fn clock_set_back_gives_the_shortest_wait() {
        let mut envelope = sample::release().envelope;
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        envelope.started_at = Some(start);
        assert_eq!(next_wait(&envelope, start - TimeDelta::hours(1)), MIN_SECONDS);
    }
}
