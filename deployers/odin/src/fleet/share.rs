//! The share of a fleet that runs young releases, and the goal that it is compared with.

use super::Fleet;
use chrono::TimeDelta;
use rust_decimal::Decimal;
use std::fmt;
use std::str::FromStr;

/// How many instances of a fleet run releases that are younger than some age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// The instances that do. Never more than `all`.
    pub younger: usize,
    /// All instances.
    pub all: usize,
}

impl Share {
    /// The share of the fleet that runs releases younger than `max_age`.
    #[must_use]
    pub fn of(fleet: &Fleet, max_age: TimeDelta) -> Self {
        let all = fleet.releases.iter().map(|release| release.instances).sum();
        let younger = fleet.releases.iter().filter(|release| release.is_younger(max_age, fleet.now));
        Self { younger: younger.map(|release| release.instances).sum(), all }
    }

    /// Whether it is at least the goal. A fleet without instances meets every goal.
    #[must_use]
    pub fn meets(self, goal: Percent) -> bool {
        Decimal::from(self.younger) * Decimal::ONE_HUNDRED >= goal.0 * Decimal::from(self.all)
    }

    /// The share in percent with one decimal, rounded down, so that a share below a goal never looks as if it met it. `None` for a
    /// fleet without instances.
    #[must_use]
    pub fn percent(self) -> Option<Decimal> {
        let tenths = self.younger.checked_mul(1000)?.checked_div(self.all)?;
        Some(Decimal::new(tenths.try_into().ok()?, 1))
    }
}

/// A share in percent, from 0 to 100, with any number of decimals. It is compared exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percent(Decimal);

/// The text is not a share in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a number from 0 to 100, such as 98 or 99.5")]
pub struct InvalidPercent;

impl FromStr for Percent {
    type Err = InvalidPercent;

    fn from_str(text: &str) -> Result<Self, InvalidPercent> {
        // `Decimal` also reads signs and underscores.
        if !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            return Err(InvalidPercent);
        }
        let percent = Decimal::from_str_exact(text).map_err(|_| InvalidPercent)?;
        if percent <= Decimal::ONE_HUNDRED { Ok(Self(percent.normalize())) } else { Err(InvalidPercent) }
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{AgeSource, FleetRelease};
    use super::*;
    use chrono::DateTime;
    use proptest::prelude::*;

    fn percent(text: &str) -> Percent {
        text.parse().unwrap()
    }

    /// A fleet with a release of each age in seconds, with so many instances.
    fn fleet(releases: &[(i64, usize)]) -> Fleet {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let release = |(age, instances): &(i64, usize)| FleetRelease {
            account: "000000000000".parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
            project: "web".into(),
            config: "dev".into(),
            release_id: "release-1".into(),
            created_at: now - TimeDelta::seconds(*age),
            age_source: AgeSource::Release,
            instances: *instances,
        };
        Fleet { releases: releases.iter().map(release).collect(), gaps: Vec::new(), now }
    }

    #[test]
    fn release_of_exactly_the_age_is_not_younger() {
        let fleet = fleet(&[(59, 1), (60, 2), (61, 4), (-5, 8)]);
        assert_eq!(Share::of(&fleet, TimeDelta::seconds(60)), Share { younger: 9, all: 15 });
    }

    #[test]
    fn goal_is_met_exactly() {
        assert!(Share { younger: 98, all: 100 }.meets(percent("98")));
        assert!(!Share { younger: 97, all: 100 }.meets(percent("98")));
        assert!(!Share { younger: 98, all: 100 }.meets(percent("98.0000000001")));
        assert!(Share { younger: 1, all: 3 }.meets(percent("33.3333333333333333333333333")));
        assert!(Share { younger: 0, all: 0 }.meets(percent("100")));
        assert!(Share { younger: 0, all: 7 }.meets(percent("0")));
    }

    #[test]
    fn share_is_rounded_down() {
        for (younger, all, shown) in [(97, 100, "97.0"), (2, 3, "66.6"), (9999, 10_000, "99.9"), (7, 7, "100.0")] {
            assert_eq!(Share { younger, all }.percent().unwrap().to_string(), shown);
        }
        assert_eq!(Share { younger: 0, all: 0 }.percent(), None);
    }

    #[test]
    fn percent_is_a_number_to_100() {
        for (text, shown) in [("98", "98"), ("99.50", "99.5"), ("0", "0"), ("100.0", "100"), ("007", "7")] {
            assert_eq!(percent(text).to_string(), shown);
        }
        for text in ["", ".", "100.1", "-1", "+1", "98%", "1e1", "1_0", "NaN", " 5", "98,5"] {
            assert_eq!(text.parse::<Percent>(), Err(InvalidPercent), "{text}");
        }
    }

    proptest! {
        #[test]
        fn share_that_is_shown_never_flatters(younger in 0..10_000_usize, older in 0..10_000_usize, goal in 0..=1000_i64) {
            let share = Share { younger, all: younger + older };
            let goal = Decimal::new(goal, 1);
            if let Some(shown) = share.percent() {
                prop_assert_eq!(shown >= goal, share.meets(Percent(goal)), "{} of {}", shown, goal);
            }
        }

        #[test]
        fn longer_age_and_lower_goal_are_easier(
            releases in prop::collection::vec((0..1000_i64, 0..50_usize), 0..20), age in 1..1000_i64, goal in 0..=100_i64,
        ) {
            let fleet = fleet(&releases);
            let [share, longer] = [age, age + 1].map(|age| Share::of(&fleet, TimeDelta::seconds(age)));
            prop_assert!(share.younger <= longer.younger && longer.younger <= longer.all && share.all == longer.all);
            let goal = Percent(Decimal::from(goal));
            prop_assert!(!share.meets(goal) || longer.meets(goal));
        }
    }
}
