//! Both groups change their sizes at any moment of a deploy: whatever the strategy, no demand is lost, and none is invented.

use crate::fixture::{Deploy, Fixture};
use crate::random::STRATEGIES;
use crate::sample_cloud::Scenario;
use bifrost::local::CallRecord;
use odin::cloud::local::{LifecycleState, OdinRegion, StoredGroup};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// The spread of the releases, in percent, and their sizes.
#[derive(Debug, Clone)]
struct Sizes {
    strategy: &'static str,
    detach: &'static str,
    spread_percent: u32,
    min: u32,
    max: u32,
}

impl Sizes {
    fn autoscaling(&self) -> Value {
        json!({
            "min_size": self.min, "max_size": self.max, "strategy": self.strategy, "max_terms": 9,
            "spread": f64::from(self.spread_percent) / 100.0,
            "policies": [{"type": "cpu_scale_up"}, {"type": "cpu_scale_down"}],
        })
    }

    fn within(&self, desired: u32) -> u32 {
        desired.clamp(self.min, self.max)
    }

    /// How many healthy instances replace a group of this desired capacity.
    fn enough(&self, desired: u32) -> u32 {
        (self.within(desired) * (100 - self.spread_percent) / 100).max(self.min)
    }
}

/// What the world does at a moment when the deploy waits.
#[derive(Debug, Clone, Copy)]
enum Event {
    /// The policies of the old group change its desired capacity.
    Old(i64),
    /// The policies of the new group change its desired capacity.
    New(i64),
    /// Auto Scaling balances the zones of a group that does not suspend this: it terminates an instance.
    Rebalance,
    Nothing,
}

fn sizes() -> impl Strategy<Value = Sizes> {
    let detach = prop::sample::select(&["Detach", "SkipDetach", "SkipDetachCheck"][..]);
    (prop::sample::select(&STRATEGIES[..]), detach, prop::sample::select(&[0, 15, 50, 80][..]), 1_u32..4, 0_u32..12)
        .prop_map(|(strategy, detach, spread_percent, min, more)| Sizes {
            strategy,
            detach,
            spread_percent,
            min,
            max: min + more,
        })
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        2 => (-4_i64..8).prop_map(Event::Old),
        2 => (-4_i64..8).prop_map(Event::New),
        1 => Just(Event::Rebalance),
        6 => Just(Event::Nothing),
    ]
}

/// The group of a release that is not being deleted.
fn live<'r>(region: &'r OdinRegion, release: &str) -> Option<&'r StoredGroup> {
    let id = format!("release-1-{release}");
    region.auto_scaling_groups.values().find(|group| group.tags["ReleaseID"] == id && !group.deleting)
}

fn live_mut<'r>(region: &'r mut OdinRegion, release: &str) -> Option<&'r mut StoredGroup> {
    let id = format!("release-1-{release}");
    region.auto_scaling_groups.values_mut().find(|group| group.tags["ReleaseID"] == id && !group.deleting)
}

/// Changes the desired capacity as policies do: within the sizes of the group, and down only with an enabled policy. Returns
/// the demand.
fn scale(group: &mut StoredGroup, by: i64) -> Option<u32> {
    let may_shrink = group.scaling_policies.values().any(|policy| policy.scaling_adjustment < 0 && policy.enabled);
    if by < 0 && !may_shrink {
        return None;
    }
    let desired = i64::from(group.capacity.desired) + by;
    let desired = desired.clamp(group.capacity.min_size.into(), group.capacity.max_size.into());
    group.capacity.desired = u32::try_from(desired).unwrap();
    (by > 0).then_some(group.capacity.desired)
}

fn rebalance(region: &mut OdinRegion, now: chrono::DateTime<chrono::Utc>) {
    let groups = region.auto_scaling_groups.values_mut();
    for group in groups.filter(|group| !group.az_rebalance_suspended && !group.deleting) {
        let mut instances = group.instances.values_mut();
        if let Some(instance) = instances.find(|instance| instance.lifecycle_state == LifecycleState::InService) {
            instance.terminates_at = Some(now);
        }
    }
}

/// How many instances of the new group are healthy in the group and in both balancers.
fn healthy(group: &StoredGroup, region: &OdinRegion, now: chrono::DateTime<chrono::Utc>) -> usize {
    let elb = &region.load_balancers["coinbase-deploy-test-web-elb"].instances;
    let targets = &region.target_groups["coinbase-deploy-test-web-tg"].targets;
    let is_healthy = |id: &String| {
        [elb, targets].iter().all(|known| {
            known.get(id).is_some_and(|found| found.healthy_at.is_some_and(|healthy_at| healthy_at <= now))
        })
    };
    let serving =
        group.instances.iter().filter(|(_, it)| it.lifecycle_state == LifecycleState::InService && !it.unhealthy);
    serving.filter(|(id, _)| is_healthy(id)).count()
}

/// Whether a call detaches, shrinks or deletes a group.
fn ends_a_group(record: &CallRecord) -> bool {
    let operation = record.call.name.operation;
    [
        "autoscaling:DetachLoadBalancers",
        "autoscaling:DetachLoadBalancerTargetGroups",
        "autoscaling:DeleteAutoScalingGroup",
    ]
    .contains(&operation)
}

/// Deploys a release over an earlier one, while this happens. Returns the largest demand that anyone had.
async fn replace(fixture: &Fixture, old: &str, new: &str, sizes: &Sizes, events: &[Event]) -> Option<u32> {
    let release = fixture.release(new);
    fixture.upload(&release).await;
    let before = live(&fixture.region(), old).unwrap().capacity.desired;
    let deploy: Deploy = fixture.start(&release).await;
    let mut demand = sizes.within(before);
    let mut events = events.iter();
    let happens = |_: &_| {
        let now = fixture.local_state().clock;
        fixture.change(|region| match events.next().copied().unwrap_or(Event::Nothing) {
            Event::Old(by) => {
                let group = live_mut(region, old).filter(|group| group.capacity.max_size > 0);
                demand =
                    demand.max(group.and_then(|group| scale(group, by)).map_or(0, |desired| sizes.within(desired)));
            }
            Event::New(by) => {
                demand = demand.max(live_mut(region, new).and_then(|group| scale(group, by)).unwrap_or(0));
            }
            Event::Rebalance => rebalance(region, now),
            Event::Nothing => {}
        });
        false
    };
    fixture.run_until(&deploy, happens).await;
    let run = fixture.harness.execution(&deploy.name).await.unwrap();
    match run.path().last().copied() {
        Some("Success") => Some(demand),
        // The old group grew, or instances went, again and again.
        Some("FailureClean" | "FailureDirty") => None,
        state => panic!("ended in {state:?}"),
    }
}

/// What the calls that end old groups showed.
#[derive(Default)]
struct Ends {
    violations: Vec<String>,
    /// Desired capacity of the old group at the last such call, unless it was scaled to 0 before.
    replaced: u32,
}

/// Checks each call that ends the old group: the new one has enough healthy instances for what the old one has now.
fn watch_ends(fixture: &Fixture, sizes: &Sizes) -> Arc<Mutex<Ends>> {
    let ends = Arc::new(Mutex::new(Ends::default()));
    let (found, sizes) = (Arc::clone(&ends), sizes.clone());
    fixture.harness.store().watch(Box::new(move |record, before, _| {
        if !ends_a_group(record) || !record.call.name.attempt.state.ends_with("Success") {
            return;
        }
        let region = crate::fixture::region(before, crate::sample_cloud::TARGET);
        let Some(old) = region.auto_scaling_groups.get(&record.call.name.resource) else { return };
        let newer = region.auto_scaling_groups.values();
        let newer = newer.filter(|group| !group.deleting && group.created_time > old.created_time);
        let healthy = newer.map(|group| healthy(group, &region, before.clock)).max().unwrap_or(0);
        let (enough, what) = (sizes.enough(old.capacity.desired), &record.call.name);
        let mut found = found.lock().unwrap();
        if healthy < usize::try_from(enough).unwrap() {
            found.violations.push(format!("{} {}: {healthy} healthy of {enough}", what.attempt.state, what.operation));
        }
        if old.capacity.max_size > 0 {
            found.replaced = sizes.within(old.capacity.desired);
        }
    }));
    ends
}

async fn check(sizes: Sizes, deploys: Vec<Vec<Event>>) {
    let fixture = Scenario::web()
        .with("/services/web/autoscaling", sizes.autoscaling())
        .with("/detach_strategy", json!(sizes.detach))
        .build();
    fixture.deploy("0").await;
    let ends = watch_ends(&fixture, &sizes);
    let mut old = "0".to_owned();
    for (number, events) in deploys.iter().enumerate() {
        let new = (number + 1).to_string();
        let demand = replace(&fixture, &old, &new, &sizes, events).await;
        let Ends { violations, replaced } = std::mem::take(&mut *ends.lock().unwrap());
        assert_eq!(violations, Vec::<String>::new());
        let Some(demand) = demand else { return };
        let region = fixture.region();
        let capacity = live(&region, &new).unwrap().capacity;
        assert!(live(&region, &old).is_none());
        assert_eq!((capacity.min_size, capacity.max_size), (sizes.min, sizes.max));
        assert!(capacity.desired >= replaced, "desired {} of {replaced} that were replaced", capacity.desired);
        // Spares are not demand.
        assert!(capacity.desired <= demand, "desired {} of a demand of {demand}", capacity.desired);
        let no_event = events.iter().all(|event| matches!(event, Event::Nothing | Event::Rebalance));
        assert!(!no_event || capacity.desired == demand, "desired {} of a demand of {demand}", capacity.desired);
        fixture.settle();
        old = new;
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 32,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_261_201),
        ..ProptestConfig::default()
    })]

    #[test]
    fn demand_is_neither_lost_nor_invented(sizes in sizes(), deploys in vec(vec(event(), 0..25), 1..4)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(check(sizes, deploys));
    }

    #[test]
    fn ten_releases_do_not_ratchet(sizes in sizes(), first in vec(event(), 0..25)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let deploys = [vec![first], vec![Vec::new(); 9]].concat();
        runtime.block_on(check(sizes, deploys));
    }
}
