//! The law of time: going to a moment in one jump or in many steps leads to the same world.

use super::*;
use crate::cloud::StackStatus;
use proptest::prelude::*;

/// Something that a deployer, or a person, does.
#[derive(Debug, Clone)]
enum ResourceOperation {
    Make(u8),
    Execute(u8),
    Cancel,
    Delete,
}

#[derive(Debug, Clone)]
struct Scenario {
    /// What fails: a resource, and when.
    failures: Vec<(&'static str, &'static str, u32)>,
    deeds: BTreeMap<i64, ResourceOperation>,
    /// Moments at which one of the two clocks stops on its way.
    stops: Vec<i64>,
}

const END: i64 = 600;

fn operation() -> impl Strategy<Value = ResourceOperation> {
    prop_oneof![
        4 => (0..3u8).prop_map(ResourceOperation::Make),
        6 => (0..3u8).prop_map(ResourceOperation::Execute),
        1 => Just(ResourceOperation::Cancel),
        1 => Just(ResourceOperation::Delete),
    ]
}

fn scenario() -> impl Strategy<Value = Scenario> {
    let names = prop::sample::select(vec!["hello", "helloRole", "table", "queue"]);
    let stages = prop::sample::select(vec!["create", "update", "delete", "rollback"]);
    let failures = prop::collection::vec((names, stages, 0..40u32), 0..2);
    let deeds = prop::collection::btree_map(0..END, operation(), 0..12);
    let stops = prop::collection::vec(0..END, 0..40);
    (failures, deeds, stops).prop_map(|(failures, deeds, stops)| Scenario { failures, deeds, stops })
}

/// The template of that number: each differs from the others.
fn template(number: u8) -> Value {
    let mut template = if number == 0 { hello() } else { new_code() };
    if number == 2 {
        template["Resources"]["queue"] = json!({"Type": "AWS::SQS::Queue"});
        template["Resources"]["table"]["Properties"] = json!({"PrimaryKey": {"Name": "n", "Type": "Number"}});
    }
    template
}

impl Scenario {
    /// The world of the scenario at its end, its clock having stopped at these moments beside those of the deeds.
    async fn play(&self, stops: &[i64]) -> FenrirRegion {
        let behaviour: BTreeMap<_, _> = self
            .failures
            .iter()
            .map(|(name, stage, seconds)| (*name, json!({"fails": stage, "seconds": seconds})))
            .collect();
        let fixture = PortsFixture::of(&json!({"behaviour": behaviour}));
        let mut moments: Vec<i64> = stops.iter().copied().chain(self.deeds.keys().copied()).collect();
        moments.sort_unstable();
        let mut now = 0;
        for moment in moments.into_iter().chain([END]) {
            fixture.advance(moment - now);
            now = moment;
            if let Some(operation) = self.deeds.get(&moment).filter(|_| moment < END) {
                fixture.perform(operation).await;
            }
        }
        fixture.region()
    }
}

impl PortsFixture {
    /// Does it; that it is refused, because it is not the time for it, is no matter.
    async fn perform(&self, operation: &ResourceOperation) {
        let stacks = &self.ports.stacks;
        let name = |number: &u8| format!("set-{number}");
        let _refused = match operation {
            ResourceOperation::Make(number) => {
                let _refused = stacks.create_change_set(&create(&name(number), &template(*number))).await;
                stacks.create_change_set(&update(&name(number), &template(*number))).await
            }
            ResourceOperation::Execute(number) => self.execute(&name(number)).await,
            ResourceOperation::Cancel => stacks.cancel_update(STACK, "cancel").await,
            ResourceOperation::Delete => stacks.delete_stack(STACK, "delete").await,
        };
    }
}

proptest! {
    #[test]
    fn one_jump_and_many_steps_lead_to_the_same_world(scenario in scenario()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        // The moments of a scenario that two deeds share are one deed; stops at them must not do it twice.
        let stops: Vec<_> = scenario.stops.iter().copied().filter(|stop| !scenario.deeds.contains_key(stop)).collect();
        let jump = runtime.block_on(scenario.play(&[]));
        let steps = runtime.block_on(scenario.play(&stops));
        prop_assert_eq!(jump, steps);
    }

    #[test]
    fn a_stack_always_comes_to_rest_and_no_name_is_left_that_no_resource_has(scenario in scenario()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut region = runtime.block_on(scenario.play(&[]));
        region.advance(at(100_000));
        for stack in region.stacks.values() {
            prop_assert!(stack.operation.is_none() && !stack.status.is_in_progress() || stack.status == StackStatus::ReviewInProgress);
            prop_assert!(stack.events.is_sorted_by_key(|event| event.timestamp));
        }
        let held: std::collections::BTreeSet<_> =
            region.stacks.values().flat_map(|stack| stack.resources.values()).filter_map(super::super::StoredResource::unique_name).collect();
        for name in region.names.difference(&held) {
            // What a deleted stack leaves behind on purpose.
            prop_assert!(name.starts_with("AWS::DynamoDB::Table/"), "{}", name);
        }
    }
}
