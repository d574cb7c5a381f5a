//! Property of the time: advancing in one jump or in many steps leads to the same state.

use super::*;
use crate::cloud::local::{Behaviour, Health, InstanceNumber, StoredImage};
use proptest::prelude::*;

/// A change by a deployer or an operator.
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
    actions: BTreeMap<i64, Action>,
    /// Seconds at which one of the two clocks stops on its way.
    stops: Vec<i64>,
}

const END: i64 = 900;

fn behaviour() -> impl Strategy<Value = Behaviour> {
    let health = prop_oneof![3 => (0..60u32).prop_map(Health::AfterSeconds), 1 => Just(Health::Never)];
    let seconds = |max: u32| proptest::option::of(0..max);
    (seconds(60), proptest::option::of(health), proptest::option::weighted(0.3, 0..200u32), seconds(30)).prop_map(
        |(boots_after_seconds, health, terminates_after_seconds, stops_after_seconds)| Behaviour {
            boots_after_seconds,
            health,
            terminates_after_seconds,
            stops_after_seconds,
        },
    )
}

fn action() -> impl Strategy<Value = Action> {
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
    let actions = proptest::collection::btree_map(0..END, action(), 0..6);
    let stops = proptest::collection::vec(0..END, 0..40);
    (image, hooks, proptest::option::of(0..8u32), 0..120u32, actions, stops)
        .prop_map(|(image, hooks, room, grace, actions, stops)| Scenario { image, hooks, room, grace, actions, stops })
}

impl Scenario {
    /// The region at the end of the scenario. The clock stops at these seconds and at those of the actions.
    async fn run(&self, stops: &[i64]) -> OdinRegion {
        let mut resources = sample_resources();
        let region = &mut resources["regions"][REGION];
        region["images"]["ami-1"] = serde_json::to_value(&self.image).unwrap();
        if let Some(room) = self.room {
            region["spare_capacity"] = json!({"t3.small": room});
        }
        let fixture = PortsFixture::of(&resources).add_template().await;
        let arn = fixture.target_group().await;
        let created = NewAutoScalingGroup {
            target_group_arns: vec![arn.clone()],
            health_check_grace_period_seconds: self.grace,
            lifecycle_hooks: self.hooks(),
            ..group(capacity(0, 2, 9))
        };
        fixture.ports.groups.create_group(&proof(), &created).await.unwrap();
        let mut seconds: Vec<i64> = stops.iter().copied().chain(self.actions.keys().copied()).collect();
        seconds.sort_unstable();
        for second in seconds {
            fixture.advance_to(second);
            if let Some(action) = self.actions.get(&second) {
                fixture.perform(action, &arn).await;
            }
        }
        fixture.advance_to(END);
        fixture.region()
    }

    fn hooks(&self) -> Vec<LifecycleHook> {
        let hook = |(number, (launching, answered)): (usize, &(bool, bool))| LifecycleHook {
            name: format!("hook-{number}"),
            ..hook(
                if *launching { "autoscaling:EC2_INSTANCE_LAUNCHING" } else { "autoscaling:EC2_INSTANCE_TERMINATING" },
                if *answered { "hooks" } else { "unanswered" },
            )
        };
        self.hooks.iter().enumerate().map(hook).collect()
    }
}

impl PortsFixture {
    /// Performs an action. It may be refused because the group is already deleted.
    async fn perform(&self, action: &Action, arn: &str) {
        let (groups, arn) = (&self.ports.groups, arn.to_owned());
        let _refused = match action {
            Action::Scale(desired) => groups.set_capacity(&proof(), GROUP, capacity(0, *desired, 9)).await,
            Action::Detach => {
                let _refused = groups.detach_load_balancers(&proof(), GROUP, &["web-elb".into()]).await;
                groups.detach_target_groups(&proof(), GROUP, &[arn]).await
            }
            Action::Delete => groups.delete_group(&proof(), GROUP).await,
            Action::DropTemplate => self.ports.templates.delete_launch_template(&proof(), GROUP).await,
        };
    }
}

proptest! {
    #[test]
    fn one_jump_equals_many_steps(scenario in scenario()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let jump = runtime.block_on(scenario.run(&[]));
        let steps = runtime.block_on(scenario.run(&scenario.stops));
        prop_assert_eq!(jump, steps);
    }

    #[test]
    fn group_reaches_desired_within_maximum(scenario in scenario()) {
        // The instances become healthy in time, no hook delays them, and capacity is unlimited.
        let image = StoredImage::default();
        let scenario = Scenario { image, room: None, hooks: Vec::new(), grace: 60, ..scenario };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let region = runtime.block_on(scenario.run(&scenario.stops));
        if let Some(group) = region.auto_scaling_groups.get(GROUP) {
            let active = u32::try_from(group.active().count()).unwrap();
            prop_assert!(active <= group.capacity.max_size);
            let settled = scenario.actions.keys().all(|second| *second < END - 10);
            let can_launch = region.launch_templates.contains_key(GROUP);
            if settled && can_launch && !group.deleting {
                prop_assert_eq!(active, group.capacity.desired);
            }
        }
    }
}
