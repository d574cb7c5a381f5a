//! The delays of retries.

use chrono::TimeDelta;

use super::failure::StateError;
use crate::{Random, Retrier};

/// The number of uses of each retrier since the state was entered.
pub(super) struct Retries<'f> {
    retriers: &'f [Retrier],
    used: Vec<u64>,
}

impl<'f> Retries<'f> {
    pub(super) fn new(retriers: &'f [Retrier]) -> Self {
        Self { retriers, used: vec![0; retriers.len()] }
    }

    /// The delay before the next attempt, or `None` if the error is not retried. The first retrier that matches the
    /// error decides; once it is exhausted, the error is not retried.
    pub(super) fn next_delay(&mut self, failure: &StateError, random: &dyn Random) -> Option<TimeDelta> {
        let mut retriers = self.retriers.iter().zip(&mut self.used);
        let (retrier, used) = retriers.find(|(retrier, _)| failure.matches_any(&retrier.error_equals))?;
        if *used >= retrier.max_attempts {
            return None;
        }
        let delay = delay(retrier, *used, random);
        *used += 1;
        Some(delay)
    }
}

/// The delay after a retrier has been used `used` times.
pub(super) fn delay(retrier: &Retrier, used: u64, random: &dyn Random) -> TimeDelta {
    #[expect(clippy::cast_precision_loss, reason = "a delay of 2^53 seconds need not be exact")]
    let (interval, longest) =
        (retrier.interval_seconds as f64, retrier.max_delay_seconds.map(|seconds| seconds as f64));
    let exponent = i32::try_from(used).unwrap_or(i32::MAX);
    let mut seconds = interval * retrier.backoff_rate.powi(exponent);
    if let Some(longest) = longest {
        seconds = seconds.min(longest);
    }
    if retrier.full_jitter {
        seconds *= random.unit();
    }
    milliseconds(seconds)
}

fn milliseconds(seconds: f64) -> TimeDelta {
    #[expect(clippy::cast_possible_truncation, reason = "a cast from float saturates, and the bound is below i64::MAX")]
    let milliseconds = (seconds * 1000.0).clamp(0.0, 1e15) as i64;
    TimeDelta::milliseconds(milliseconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interpreter::failure::FailureKind;

    struct Half;

    impl Random for Half {
        fn unit(&self) -> f64 {
            0.5
        }
        fn uuid(&self) -> String {
            String::new()
        }
    }

    fn retrier(name: &str, max_attempts: u64) -> Retrier {
        Retrier {
            error_equals: vec![name.to_owned()],
            max_attempts,
            interval_seconds: 3,
            backoff_rate: 2.0,
            max_delay_seconds: None,
            full_jitter: false,
        }
    }

    fn delays(retrier: Retrier) -> Vec<i64> {
        let retriers = [retrier];
        let mut uses = Retries::new(&retriers);
        let failure = StateError { error: Some("E".into()), cause: None, kind: FailureKind::Plain };
        std::iter::from_fn(|| uses.next_delay(&failure, &Half)).map(|delay| delay.num_milliseconds()).collect()
    }

    #[test]
    fn delays_grow_up_to_the_longest() {
        assert_eq!(delays(retrier("E", 3)), [3000, 6000, 12_000]);
        assert_eq!(delays(Retrier { max_delay_seconds: Some(5), ..retrier("E", 3) }), [3000, 5000, 5000]);
        assert_eq!(delays(Retrier { backoff_rate: 1.5, ..retrier("E", 3) }), [3000, 4500, 6750]);
        assert_eq!(delays(retrier("E", 0)), [] as [i64; 0]);
    }

    #[test]
    fn full_jitter_is_below_the_delay() {
        let jittered = Retrier { full_jitter: true, max_delay_seconds: Some(4), ..retrier("E", 2) };
        assert_eq!(delays(jittered), [1500, 2000]);
    }

    #[test]
    fn first_matching_retrier_decides_even_if_exhausted() {
        let retriers = [retrier("E", 1), retrier("States.ALL", 9)];
        let mut uses = Retries::new(&retriers);
        let named = StateError { error: Some("E".into()), cause: None, kind: FailureKind::Plain };
        let other = StateError { error: Some("F".into()), cause: None, kind: FailureKind::Plain };
        assert!(uses.next_delay(&named, &Half).is_some());
        assert!(uses.next_delay(&named, &Half).is_none());
        assert!(uses.next_delay(&other, &Half).is_some());
    }

    #[test]
    fn huge_delay_is_finite() {
        let endless = Retrier { backoff_rate: f64::MAX, ..retrier("E", 3) };
        assert_eq!(delays(endless), [3000, 1_000_000_000_000_000, 1_000_000_000_000_000]);
    }
}
