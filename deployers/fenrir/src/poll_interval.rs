//! How long to wait between two polls.
//!
//! The first polls follow each other closely, so that a deploy needs at most 3 s more than CloudFormation: less than 1 s until
//! the change set is seen to be complete, and less than 2 s until the result is. One pass of a loop (wait, task, choice) is 9 of
//! the 25,000 events that an execution may have. So waits grow after half an hour: each is a fraction of the time since the
//! start, and has a maximum that depends on the release's timeout. A halt flag counts for 5 minutes only, so no wait is that long.

use bifrost::release::Envelope;
use chrono::{DateTime, TimeDelta, Utc};

/// The first and shortest wait, in seconds.
pub const FIRST_SECONDS: u32 = 1;

/// How much the clocks of AWS's services may differ from the deployer's.
pub const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(5);

/// How long a deploy that must stop waits for CloudFormation, which has no limit of its own: it cannot cancel the creation of a
/// stack, and rolls back for as long as each resource needs.
pub const MAX_STOPPING: TimeDelta = TimeDelta::hours(6);

/// How long the change set is looked at every second.
const FOR_CHANGE_SET: i64 = 180;

/// How long the stack is looked at every second.
const FOR_STACK: i64 = 30;

/// How long the stack is looked at every other second.
const HALF_AN_HOUR: i64 = 1800;

/// The wait for the change set, in seconds.
#[must_use]
pub fn change_set_wait(envelope: &Envelope, now: DateTime<Utc>) -> u32 {
    let passed = passed(envelope.started_at, now);
    seconds(if passed < FOR_CHANGE_SET { 1 } else { by_duration(envelope, passed) })
}

/// The wait for the stack, in seconds. `stopping_since` is when the deploy was found to have to stop.
#[must_use]
pub fn stack_wait(envelope: &Envelope, stopping_since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> u32 {
    seconds(match stopping_since {
        Some(_) => (passed(stopping_since, now) / 30).clamp(2, 120),
        None => by_duration(envelope, passed(envelope.started_at, now)),
    })
}

fn by_duration(envelope: &Envelope, passed: i64) -> i64 {
    if passed < FOR_STACK {
        1
    } else if passed < HALF_AN_HOUR {
        2
    } else {
        (passed / 180).min(i64::from(envelope.timeout) / 800).max(2)
    }
}

/// Not negative, also if the clock was set back.
fn passed(since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> i64 {
    since.map_or(0, |since| now.signed_duration_since(since).num_seconds()).max(0)
}

fn seconds(wait: i64) -> u32 {
    u32::try_from(wait).unwrap_or(FIRST_SECONDS).max(FIRST_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::{FenrirFields, sample};
    use bifrost::Fields;
    use bifrost::lifecycle::MAX_HALT_AGE;

    const MAX: u32 = FenrirFields::MAX_TIMEOUT_SECONDS;

    fn start() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn envelope(timeout: u32) -> Envelope {
        Envelope { timeout, started_at: Some(start()), ..sample::release().envelope }
    }

    /// The waits of one loop, from one time after the start to another, in seconds.
    fn waits(from: i64, to: i64, wait: impl Fn(DateTime<Utc>) -> u32) -> Vec<u32> {
        let (mut now, mut waits) = (start() + TimeDelta::seconds(from), Vec::new());
        while now < start() + TimeDelta::seconds(to) {
            waits.push(wait(now));
            now += TimeDelta::seconds(waits.last().copied().unwrap().into());
        }
        waits
    }

    /// The waits of a deploy that takes its whole timeout, and then as long as it may to stop.
    fn longest(timeout: u32) -> Vec<u32> {
        let envelope = envelope(timeout);
        let change_set = waits(0, FOR_CHANGE_SET, |now| change_set_wait(&envelope, now));
        let end = i64::from(timeout);
        let stack = waits(FOR_CHANGE_SET, end, |now| stack_wait(&envelope, None, now));
        let stopping_since = Some(start() + TimeDelta::seconds(end));
        let stopping = waits(end, end + MAX_STOPPING.num_seconds(), |now| stack_wait(&envelope, stopping_since, now));
        [change_set, stack, stopping].concat()
    }

    #[test]
    fn short_deploy_waits_less_than_three_seconds_too_long() {
        for timeout in [300, MAX] {
            let envelope = envelope(timeout);
            assert!(waits(0, FOR_CHANGE_SET, |now| change_set_wait(&envelope, now)).iter().all(|wait| *wait == 1));
            assert!(waits(0, HALF_AN_HOUR, |now| stack_wait(&envelope, None, now)).iter().all(|wait| *wait <= 2));
        }
    }

    #[test]
    fn longest_deploy_fits_into_the_history() {
        for timeout in [1, 300, 3600, 86_400, MAX] {
            let polls = longest(timeout).len();
            // Room for the other states, and for retries.
            assert!(polls * 9 < 25_000 - 2000, "{timeout} s: {polls} polls");
        }
    }

    #[test]
    fn halt_flag_is_seen_while_it_counts() {
        let longest = longest(MAX).into_iter().max().map(|seconds| TimeDelta::seconds(seconds.into()));
        assert!(longest.is_some_and(|longest| longest + TimeDelta::minutes(1) < MAX_HALT_AGE), "{longest:?}");
    }

    #[test]
    fn clock_set_back_gives_the_shortest_wait() {
        let before = start() - TimeDelta::hours(1);
        assert_eq!(change_set_wait(&envelope(300), before), FIRST_SECONDS);
        assert_eq!(stack_wait(&envelope(300), None, before), FIRST_SECONDS);
        assert_eq!(stack_wait(&envelope(300), Some(start()), before), 2);
    }
}
