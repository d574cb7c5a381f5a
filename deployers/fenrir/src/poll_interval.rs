//! How long to wait between two looks.
//!
//! A turn of a loop (wait, task, choice) is 9 events of an execution's 25,000. So waits grow with the time that passed, and a
//! deploy that takes months stays inside: from 5 s on each is a twentieth of the time so far, at most a minute or, where
//! that is more, a thousandth of the release's timeout or of the time so far.

use bifrost::release::Envelope;
use chrono::{DateTime, TimeDelta, Utc};

/// The first wait (contract §8), in seconds.
pub const MIN_SECONDS: u32 = 5;

/// By how much the clocks of AWS's services may differ from the deployer's.
pub const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(5);

/// The longest wait of a deploy that takes less than a day, in seconds.
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

    /// The waits of a deploy that takes so long, one after the other.
    fn waits(timeout: u32, lasts: TimeDelta) -> Vec<u32> {
        let mut envelope = sample::release().envelope;
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        (envelope.timeout, envelope.started_at) = (timeout, Some(start));
        let (mut now, mut waits) = (start, Vec::new());
        while now - start < lasts {
            waits.push(next_wait(&envelope, now));
            now += TimeDelta::seconds(waits.last().copied().unwrap().into());
        }
        waits
    }

    #[test]
    fn a_short_deploy_is_looked_at_often_and_a_long_one_every_minute() {
        assert!(waits(300, TimeDelta::seconds(100)).iter().all(|wait| *wait == 5));
        assert_eq!(waits(7200, TimeDelta::hours(2)).last(), Some(&60));
    }

    #[test]
    fn the_longest_deploy_stays_inside_the_history_of_an_execution() {
        // The making of the change set, the update, and its roll-back: each may take the whole timeout.
        for timeout in [300, 86_400, 31_536_000, u32::MAX] {
            let turns = waits(timeout, TimeDelta::seconds(3 * i64::from(timeout))).len();
            assert!(turns * 9 < 25_000 - 100, "{timeout} s: {turns} turns");
        }
    }

    #[test]
    fn a_clock_that_goes_back_does_not_stop_the_looks() {
        let mut envelope = sample::release().envelope;
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        envelope.started_at = Some(start);
        assert_eq!(next_wait(&envelope, start - TimeDelta::hours(1)), MIN_SECONDS);
    }
}
