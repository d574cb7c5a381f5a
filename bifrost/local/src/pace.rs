//! How fast the world's clock goes.

use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// How fast the engine moves the world's clock while every execution waits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// At once to the next thing that is due: a year takes no time.
    Virtual,
    /// This many seconds of the world in a second of the wall; 1 is real time.
    Speed(f64),
}

/// How often a paced clock moves.
pub(super) const FRAME: Duration = Duration::from_millis(40);

impl Pace {
    /// How far the clock may go in a frame of wall time, when `due` is next.
    pub(super) fn step(self, now: DateTime<Utc>, due: DateTime<Utc>, frame: Duration) -> DateTime<Utc> {
        match self {
            Self::Virtual => due,
            Self::Speed(speed) => {
                #[allow(clippy::cast_possible_truncation, reason = "saturates, and a frame is short")]
                let millis = (frame.as_secs_f64() * speed * 1000.0).max(1.0) as i64;
                let step = TimeDelta::try_milliseconds(millis).unwrap_or(TimeDelta::MAX);
                now.checked_add_signed(step).map_or(due, |then| then.min(due))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    #[test]
    fn a_paced_clock_goes_no_further_than_what_is_due() {
        let frame = Duration::from_millis(100);
        assert_eq!(Pace::Virtual.step(at(0), at(500), frame), at(500));
        assert_eq!(Pace::Speed(10.0).step(at(0), at(500), frame), at(1));
        assert_eq!(Pace::Speed(10_000.0).step(at(0), at(500), frame), at(500));
        assert_eq!(Pace::Speed(f64::INFINITY).step(at(0), at(500), frame), at(500));
    }
}
