//! Definitions in the Amazon States Language that charts expand to.

use crate::courier::Courier;
use bifrost::machine::{DefinitionSettings, Kind, Machine, State};
use bifrost_asl::StateMachine;
use serde_json::Value;

fn definition<M: Machine>() -> Value {
    M::definition(&DefinitionSettings {
        resource: "arn:aws:lambda:eu-west-1:000000000000:function:coinbase-courier".into(),
        task_timeout_seconds: 310,
        machine_timeout_seconds: 3600,
    })
}

fn state<'a>(definition: &'a Value, name: &str) -> &'a Value {
    &definition["States"][name]
}

#[test]
fn definition_is_pinned() {
    let definition = serde_json::to_string_pretty(&definition::<Courier>()).unwrap();
    insta::assert_snapshot!(definition);
}

#[test]
fn definition_is_valid() {
    StateMachine::parse(&definition::<Courier>()).unwrap();
}

#[test]
fn states_keep_the_order_of_the_chart() {
    let definition = definition::<Courier>();
    let states: Vec<_> = definition["States"].as_object().unwrap().keys().collect();
    let chart: Vec<_> = Courier::STATES.iter().map(|state| state.name).collect();
    assert_eq!(states, chart);
    assert_eq!(chart, Courier::ALL.iter().map(|state| state.name()).collect::<Vec<_>>());
}

#[test]
fn tasks_retry_transient_errors_of_lambda_first() {
    let definition = definition::<Courier>();
    for State { name, .. } in Courier::STATES.iter().filter(|state| state.kind == Kind::Task) {
        let first = &state(&definition, name)["Retry"][0];
        assert_eq!(first["ErrorEquals"][0], "Lambda.ServiceException", "{name}");
        assert_eq!((&first["MaxAttempts"], &first["IntervalSeconds"]), (&6.into(), &2.into()), "{name}");
    }
}

#[test]
fn catches_put_the_error_into_the_input() {
    let definition = definition::<Courier>();
    for State { name, .. } in Courier::STATES.iter().filter(|state| state.kind == Kind::Task) {
        for catch in state(&definition, name)["Catch"].as_array().unwrap() {
            let replaced = if catch["ErrorEquals"][0] == "InputError" { "$" } else { "$.error" };
            assert_eq!(catch["ResultPath"], replaced, "{name}");
        }
    }
}

#[test]
fn marks_change_the_definition() {
    let definition = definition::<Courier>();
    let has = |name: &str, entries: &str, error: &str| {
        let entries = state(&definition, name)[entries].as_array().unwrap();
        entries.iter().any(|entry| entry["ErrorEquals"][0] == error)
    };
    assert!(has("Validate", "Catch", "InputError") && !has("Pack", "Catch", "InputError"));
    assert!(has("Deliver", "Retry", "HaltError") && !has("Pack", "Retry", "HaltError"));
}

#[test]
fn states_of_the_life_cycle_are_typed() {
    assert_eq!(Courier::CHANGES_FROM, Courier::Pack);
    let ends = [Courier::SUCCESS, Courier::FAILURE_CLEAN, Courier::FAILURE_DIRTY];
    assert_eq!(ends, [Courier::Success, Courier::FailureClean, Courier::FailureDirty]);
}

#[test]
fn states_have_names_kinds_and_comments() {
    assert_eq!(Courier::NAME, "Courier");
    assert_eq!(Courier::from_name("Fragile?"), Some(Courier::IsFragile));
    assert_eq!(Courier::from_name("IsFragile"), None);
    assert_eq!(format!("{:>10}", Courier::IsFragile), "  Fragile?");
    let pack = State { name: "Pack", kind: Kind::Task, comment: Some("Finds a box for it.") };
    assert_eq!(Courier::STATES[2], pack);
}

mod before_any_task {
    //! Before a task has succeeded, fields that the client left out are absent, so a choice checks their presence.

    use crate::courier::{Parcel, deliver};
    use bifrost::lifecycle::{lock, succeed, validate};
    use bifrost::state_machine;
    use serde_json::json;

    state_machine! {
        pub(crate) machine Impatient(Parcel) starts at Validate, changes from Deliver;

        task Validate = validate { validates; next Lock; catch _ => Heavy; }
        choice Heavy { $.weight > 30 => FailureDirty; _ => FailureClean; }
        task Lock = lock { locks; next Deliver; catch _ => FailureDirty; }
        task Deliver = deliver { next Again; catch _ => FailureDirty; }
        choice Again { $.weight > 30 => FailureDirty; _ => Unlock; }
        task Unlock = succeed { unlocks; next Success; catch _ => FailureDirty; }
        succeed Success;
        fail FailureClean = "FailureClean";
        fail FailureDirty = "FailureDirty";
    }

    #[test]
    fn choice_checks_the_presence_of_fields_with_defaults() {
        let definition = super::definition::<Impatient>();
        let test = json!({ "Variable": "$.weight", "NumericGreaterThan": 30 });
        let present = json!({ "Variable": "$.weight", "IsPresent": true });
        let choices = |state: &str| definition["States"][state]["Choices"].clone();
        assert_eq!(choices("Heavy"), json!([{ "And": [present, test], "Next": "FailureDirty" }]));
        assert_eq!(choices("Again")[0]["Variable"], "$.weight");
    }
}
