//! Advancing the clock in one step or in many gives the same result.

use super::*;
use crate::cloud::StackStatus;
use proptest::prelude::*;

/// A call by a deployer or a user.
#[derive(Debug, Clone)]
enum ClientCall {
    CreateChangeSet(u8),
    Execute(u8),
    Cancel,
    Delete,
}

#[derive(Debug, Clone)]
struct Scenario {
    /// Failures: resource, operation, seconds.
    failures: Vec<(&'static str, &'static str, u32)>,
    calls: BTreeMap<i64, ClientCall>,
    /// Times at which one of the two clocks stops in between.
    stops: Vec<i64>,
}

const END: i64 = 600;

fn call() -> impl Strategy<Value = ClientCall> {
    prop_oneof![
        4 => (0..3u8).prop_map(ClientCall::CreateChangeSet),
        6 => (0..3u8).prop_map(ClientCall::Execute),
        1 => Just(ClientCall::Cancel),
        1 => Just(ClientCall::Delete),
    ]
}

fn scenario() -> impl Strategy<Value = Scenario> {
    let names = prop::sample::select(vec!["hello", "helloRole", "table", "queue"]);
    let stages = prop::sample::select(vec!["create", "update", "delete", "rollback"]);
    let failures = prop::collection::vec((names, stages, 0..40u32), 0..2);
    let calls = prop::collection::btree_map(0..END, call(), 0..12);
    let stops = prop::collection::vec(0..END, 0..40);
    (failures, calls, stops).prop_map(|(failures, calls, stops)| Scenario { failures, calls, stops })
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
    /// The region at the end of the scenario. The clock stops at these times and at those of the calls.
    async fn run(&self, stops: &[i64]) -> FenrirRegion {
        let behaviour: BTreeMap<_, _> = self
            .failures
            .iter()
            .map(|(name, stage, seconds)| (*name, json!({"fails": stage, "seconds": seconds})))
            .collect();
        let fixture = PortsFixture::of(&json!({"behaviour": behaviour}));
        let mut moments: Vec<i64> = stops.iter().copied().chain(self.calls.keys().copied()).collect();
        moments.sort_unstable();
        let mut now = 0;
        for moment in moments.into_iter().chain([END]) {
            fixture.advance(moment - now);
            now = moment;
            if let Some(call) = self.calls.get(&moment).filter(|_| moment < END) {
                fixture.call(call).await;
            }
        }
        fixture.region()
    }
}

impl PortsFixture {
    /// Makes the call. It may be refused because of the stack's status.
    async fn call(&self, call: &ClientCall) {
        let stacks = &self.ports.stacks;
        let name = |number: &u8| format!("set-{number}");
        let _refused = match call {
            ClientCall::CreateChangeSet(number) => {
                let _refused = stacks.create_change_set(&proof(), &create(&name(number), &template(*number))).await;
                stacks.create_change_set(&proof(), &update(&name(number), &template(*number))).await.map(drop)
            }
            ClientCall::Execute(number) => self.execute(&name(number)).await,
            ClientCall::Cancel => stacks.cancel_update(&proof(), STACK, "cancel").await,
            ClientCall::Delete => stacks.delete_stack(&proof(), STACK, "delete").await,
        };
    }
}

proptest! {
    #[test]
    fn one_step_and_many_steps_are_equivalent(scenario in scenario()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        // A stop at the time of a call would make the call twice.
        let stops: Vec<_> = scenario.stops.iter().copied().filter(|stop| !scenario.calls.contains_key(stop)).collect();
        let one_step = runtime.block_on(scenario.run(&[]));
        let steps = runtime.block_on(scenario.run(&stops));
        prop_assert_eq!(one_step, steps);
    }

    #[test]
    fn every_operation_ends_and_frees_its_names(scenario in scenario()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut region = runtime.block_on(scenario.run(&[]));
        region.advance(at(100_000));
        for stack in region.stacks.values() {
            prop_assert!(stack.operation.is_none() && !stack.status.is_in_progress() || stack.status == StackStatus::ReviewInProgress);
            prop_assert!(stack.events.is_sorted_by_key(|event| event.timestamp));
        }
        let held: std::collections::BTreeSet<_> =
            region.stacks.values().flat_map(|stack| stack.resources.values()).filter_map(super::super::StoredResource::unique_name).collect();
        for name in region.names.difference(&held) {
            // A deleted stack keeps its retained table.
            prop_assert!(name.starts_with("AWS::DynamoDB::Table/"), "{}", name);
        }
    }
}
