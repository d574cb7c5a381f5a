use super::{Autoscaling, GroupObservation, Size, Target};
use crate::release::{Spread, Strategy};
use proptest::prelude::{prop_assert, prop_compose, proptest};

const ALL: [Strategy; 6] = [
    Strategy::AllAtOnce,
    Strategy::OneThenAllWithCanary,
    Strategy::QuarterSteps,
    Strategy::TenthSteps,
    Strategy::TenAtATime,
    Strategy::TwentyAtATime,
];

fn autoscaling(min_size: u32, max_size: u32, spread: &str) -> Autoscaling {
    let spread = Spread::try_from(spread.parse::<serde_json::Number>().unwrap()).unwrap();
    Autoscaling { min_size, max_size, spread, ..Autoscaling::default() }
}

fn target(min_size: u32, max_size: u32, spread: &str, previous: Option<u32>) -> Target {
    Target::new(&autoscaling(min_size, max_size, spread), previous)
}

fn size(min: u32, desired: u32) -> Size {
    Size { min, desired }
}

fn seen(size: Size, instances: u32, healthy: u32) -> GroupObservation {
    GroupObservation { size, instances, healthy }
}

#[test]
fn first_group_gets_min_size() {
    assert_eq!(target(3, 5, "0.8", None), Target { min_size: 3, max_size: 5, desired: 3, launched: 5, enough: 3 });
}

#[test]
fn previous_capacity_is_kept_within_bounds() {
    for (previous, desired) in [(0, 3), (4, 4), (9, 5)] {
        assert_eq!(target(3, 5, "0", Some(previous)).desired, desired);
    }
}

#[test]
fn spread_launches_more_and_requires_fewer() {
    let target = target(2, 200, "0.15", Some(100));
    // As floats, 100 × 1.15 is 114.99….
    assert_eq!((target.desired, target.launched, target.enough), (100, 115, 85));
}

#[test]
fn all_at_once_starts_with_all() {
    assert_eq!(Strategy::AllAtOnce.creation(&target(3, 5, "0.8", None)), size(3, 5));
}

#[test]
fn canary_is_alone_until_healthy() {
    let (canary, target) = (Strategy::OneThenAllWithCanary, target(3, 5, "0.8", None));
    let one = canary.creation(&target);
    assert_eq!(one, size(1, 1));
    assert_eq!(canary.step(&target, &seen(one, 0, 0)), one);
    assert_eq!(canary.step(&target, &seen(one, 1, 0)), one);
    // One instance terminates, and its replacement boots: no instance is healthy.
    assert_eq!(canary.step(&target, &seen(one, 2, 0)), one);
    assert_eq!(canary.step(&target, &seen(one, 1, 1)), size(3, 5));
    assert_eq!(canary.step(&target, &seen(size(3, 5), 5, 1)), size(3, 5));
}

#[test]
fn steps_grow_even_if_unhealthy() {
    // The figures of Go Odin's tests: 25 launched, at least 1.
    let target = target(1, 100, "0", Some(25));
    for (strategy, first, with_two) in [
        (Strategy::QuarterSteps, 6, 8),
        (Strategy::TenthSteps, 2, 4),
        (Strategy::TenAtATime, 10, 12),
        (Strategy::TwentyAtATime, 20, 22),
    ] {
        assert_eq!(strategy.creation(&target), size(1, first), "{strategy:?}");
        assert_eq!(strategy.step(&target, &seen(size(1, first), 2, 0)), size(1, with_two.max(first)), "{strategy:?}");
    }
}

#[test]
fn fewer_than_ten_start_at_once() {
    assert_eq!(Strategy::TenAtATime.creation(&target(2, 5, "0", Some(5))), size(2, 5));
}

#[test]
fn max_size_0_gets_no_instances() {
    for strategy in ALL {
        assert_eq!(strategy.creation(&target(0, 0, "0", None)), size(0, 0), "{strategy:?}");
    }
}

prop_compose! {
    fn any_target()(min in 0_u32..300, more in 0_u32..300, hundredths in 0_i64..=100, previous in proptest::option::of(0_u32..700))
        -> Target {
        target(min, min + more, &format!("{}.{:02}", hundredths / 100, hundredths % 100), previous)
    }
}

proptest! {
    #[test]
    fn sizes_are_in_order(target in any_target()) {
        prop_assert!(target.min_size <= target.enough && target.enough <= target.desired);
        prop_assert!(target.desired <= target.launched && target.launched <= target.max_size);
    }

    #[test]
    fn no_step_lowers_a_size(
        target in any_target(), strategy in proptest::sample::select(&ALL[..]),
        min in 0_u32..600, desired in 0_u32..600, instances in 0_u32..700, healthy in 0_u32..700,
    ) {
        let now = size(min.min(desired), desired);
        let next = strategy.step(&target, &seen(now, instances, healthy));
        prop_assert!(next.min >= now.min && next.desired >= now.desired);
        prop_assert!(next.min <= next.desired);
        prop_assert!(next.desired <= target.max_size.max(now.desired));
    }

    #[test]
    fn first_sizes_are_valid(target in any_target(), strategy in proptest::sample::select(&ALL[..])) {
        let first = strategy.creation(&target);
        prop_assert!(first.min <= first.desired && first.desired <= target.max_size);
    }

    /// Otherwise a deploy could never become healthy.
    #[test]
    fn every_strategy_reaches_its_target(
        target in any_target(), strategy in proptest::sample::select(&ALL[..]),
    ) {
        let mut now = strategy.creation(&target);
        for _ in 0..=600 {
            now = strategy.step(&target, &seen(now, now.desired, now.desired));
        }
        prop_assert!(now.desired >= target.launched && now.min >= target.min_size);
    }
}
