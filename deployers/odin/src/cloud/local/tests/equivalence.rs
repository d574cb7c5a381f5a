//! The law of time: going to a moment in one jump or in many steps leads to the same world.

use super::*;
use crate::cloud::local::{Behaviour, Health, InstanceNumber, StoredImage};
use proptest::prelude::*;

/// Something that a deployer, or a person, does.
#[derive(Debug, Clone)]
enum Action {
    Scale(u32),
    Detach,
    Delete,
    DropTemplate,
}

#[derive(Debug, Clone)]
struct Scenario {
    image: StoredImage,
    hooks: Vec<(bool, bool)>,
    room: Option<u32>,
    grace: u32,
    deeds: BTreeMap<i64, Action>,
    /// Moments at which one of the two clocks stops on its way.
    stops: Vec<i64>,
}

const END: i64 = 900;

fn behaviour() -> impl Strategy<Value = Behaviour> {
    let health = prop_oneof![3 => (0..60u32).prop_map(Health::AfterSeconds), 1 => Just(Health::Never)];
    let seconds = |most: u32| proptest::option::of(0..most);
    (seconds(60), proptest::option::of(health), proptest::option::weighted(0.3, 0..200u32), seconds(30)).prop_map(
        |(boots_after_seconds, health, terminates_after_seconds, stops_after_seconds)| Behaviour {
            boots_after_seconds,
            health,
            terminates_after_seconds,
            stops_after_seconds,
        },
    )
}

fn deed() -> impl Strategy<Value = Action> {
    prop_oneof![
        6 => (0..6u32).prop_map(Action::Scale),
        2 => Just(Action::Detach),
        1 => Just(Action::Delete),
        1 => Just(Action::DropTemplate),
    ]
}

fn scenario() -> impl Strategy<Value = Scenario> {
    let exceptions = proptest::collection::btree_map((1..8u64).prop_map(InstanceNumber::new), behaviour(), 0..3);
    let image = (behaviour(), exceptions).prop_map(|(instances, exceptions)| StoredImage {
        instances,
        exceptions,
        ..StoredImage::default()
    });
    let hooks = proptest::collection::vec((any::<bool>(), any::<bool>()), 0..3);
    let deeds = proptest::collection::btree_map(0..END, deed(), 0..6);
    let stops = proptest::collection::vec(0..END, 0..40);
    (image, hooks, proptest::option::of(0..8u32), 0..120u32, deeds, stops)
        .prop_map(|(image, hooks, room, grace, deeds, stops)| Scenario { image, hooks, room, grace, deeds, stops })
}

impl Scenario {
    /// The world of the scenario at its end, its clock having stopped at these moments beside those of the deeds.
    async fn play(&self, stops: &[i64]) -> OdinRegion {
        let mut resources = usual();
        let region = &mut resources["regions"][REGION];
        region["images"]["ami-1"] = serde_json::to_value(&self.image).unwrap();
        if let Some(room) = self.room {
            region["spare_capacity"] = json!({"t3.small": room});
        }
        let fixture = PortsFixture::of(&resources).and_template().await;
        let arn = fixture.target_group().await;
        let made = NewAutoScalingGroup {
            target_group_arns: vec![arn.clone()],
            health_check_grace_period_seconds: self.grace,
            lifecycle_hooks: self.hooks(),
            ..group(capacity(0, 2, 9))
        };
        fixture.ports.groups.create_group(&made).await.unwrap();
        let mut moments: Vec<i64> = stops.iter().copied().chain(self.deeds.keys().copied()).collect();
        moments.sort_unstable();
        for moment in moments {
            fixture.go_to(moment);
            if let Some(deed) = self.deeds.get(&moment) {
                fixture.perform(deed, &arn).await;
            }
        }
        fixture.go_to(END);
        fixture.region()
    }

    fn hooks(&self) -> Vec<LifecycleHook> {
        let hook = |(number, (launching, answered)): (usize, &(bool, bool))| LifecycleHook {
            name: format!("hook-{number}"),
            ..hook(
                if *launching { "autoscaling:EC2_INSTANCE_LAUNCHING" } else { "autoscaling:EC2_INSTANCE_TERMINATING" },
                if *answered { "hooks" } else { "nobody" },
            )
        };
        self.hooks.iter().enumerate().map(hook).collect()
    }
}

impl PortsFixture {
    /// Does it; that it is refused, because the group is gone by then, is no matter.
    async fn perform(&self, deed: &Action, arn: &str) {
        let (groups, arn) = (&self.ports.groups, arn.to_owned());
        let _refused = match deed {
            Action::Scale(desired) => groups.set_capacity(GROUP, capacity(0, *desired, 9)).await,
            Action::Detach => {
                let _refused = groups.detach_load_balancers(GROUP, &["web-elb".into()]).await;
                groups.detach_target_groups(GROUP, &[arn]).await
            }
            Action::Delete => groups.delete_group(GROUP).await,
            Action::DropTemplate => self.ports.templates.delete_launch_template(GROUP).await,
        };
    }
}

proptest! {
    #[test]
    fn one_jump_and_many_steps_lead_to_the_same_world(scenario in scenario()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let jump = runtime.block_on(scenario.play(&[]));
        let steps = runtime.block_on(scenario.play(&scenario.stops));
        prop_assert_eq!(jump, steps);
    }

    #[test]
    fn a_group_comes_to_what_is_desired_and_never_beyond_its_maximum(scenario in scenario()) {
        // With instances that get healthy in time, nobody answering for their death, and room for all of them.
        let image = StoredImage::default();
        let scenario = Scenario { image, room: None, hooks: Vec::new(), grace: 60, ..scenario };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let region = runtime.block_on(scenario.play(&scenario.stops));
        if let Some(group) = region.auto_scaling_groups.get(GROUP) {
            let living = u32::try_from(group.living().count()).unwrap();
            prop_assert!(living <= group.capacity.max_size);
            let settled = scenario.deeds.keys().all(|moment| *moment < END - 10);
            let whole = region.launch_templates.contains_key(GROUP);
            if settled && whole && !group.deleting {
                prop_assert_eq!(living, group.capacity.desired);
            }
        }
    }
}
