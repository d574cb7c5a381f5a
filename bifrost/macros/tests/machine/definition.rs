//! Definitions in the Amazon States Language that charts expand to.

use crate::courier::Courier;
use bifrost::machine::{Kind, Machine, State};
use bifrost_asl::StateMachine;
use serde_json::Value;

const FUNCTION: &str = "arn:aws:lambda:eu-west-1:000000000000:function:coinbase-courier";

fn state<'a>(definition: &'a Value, name: &str) -> &'a Value {
    &definition["States"][name]
}

#[test]
fn definition_is_pinned() {
    let definition = serde_json::to_string_pretty(&Courier::definition(FUNCTION)).unwrap();
    insta::assert_snapshot!(definition);
}

#[test]
fn definition_is_valid() {
    StateMachine::parse(&Courier::definition(FUNCTION)).unwrap();
}

#[test]
fn states_keep_the_order_of_the_chart() {
    let definition = Courier::definition(FUNCTION);
    let states: Vec<_> = definition["States"].as_object().unwrap().keys().collect();
    let chart: Vec<_> = Courier::STATES.iter().map(|state| state.name).collect();
    assert_eq!(states, chart);
    assert_eq!(chart, Courier::ALL.iter().map(|state| state.asl_name()).collect::<Vec<_>>());
}

#[test]
fn tasks_retry_transient_errors_of_lambda_first() {
    let definition = Courier::definition(FUNCTION);
    for State { name, .. } in Courier::STATES.iter().filter(|state| state.kind == Kind::Task) {
        let first = &state(&definition, name)["Retry"][0];
        assert_eq!(first["ErrorEquals"][0], "Lambda.ServiceException", "{name}");
        assert_eq!((&first["MaxAttempts"], &first["IntervalSeconds"]), (&6.into(), &2.into()), "{name}");
    }
}

#[test]
fn catches_put_the_error_into_the_input() {
    let definition = Courier::definition(FUNCTION);
    for State { name, .. } in Courier::STATES.iter().filter(|state| state.kind == Kind::Task) {
        for catch in state(&definition, name)["Catch"].as_array().unwrap() {
            assert_eq!(catch["ResultPath"], "$.error", "{name}");
        }
    }
}

#[test]
fn states_have_names_kinds_and_comments() {
    assert_eq!(Courier::NAME, "Courier");
    assert_eq!(Courier::from_asl_name("Fragile?"), Some(Courier::IsFragile));
    assert_eq!(Courier::from_asl_name("IsFragile"), None);
    assert_eq!(format!("{:>10}", Courier::IsFragile), "  Fragile?");
    let pack = State { name: "Pack", kind: Kind::Task, comment: Some("Finds a box for it.") };
    assert_eq!(Courier::STATES[0], pack);
}

mod before_any_task {
    //! Before the first task, fields that the client left out are absent, so a choice checks their presence.

    use crate::courier::{Parcel, deliver};
    use bifrost::machine::Machine;
    use bifrost::state_machine;
    use serde_json::json;

    state_machine! {
        pub(crate) machine Impatient(Parcel) starts at Heavy;

        choice Heavy { $.weight > 30 => TooHeavy; _ => Deliver; }
        task Deliver = deliver { next Again; catch _ => TooHeavy; }
        choice Again { $.weight > 30 => TooHeavy; _ => Delivered; }
        succeed Delivered;
        fail TooHeavy = "TooHeavy";
    }

    #[test]
    fn choice_checks_the_presence_of_fields_with_defaults() {
        let definition = Impatient::definition(super::FUNCTION);
        let test = json!({ "Variable": "$.weight", "NumericGreaterThan": 30 });
        let present = json!({ "Variable": "$.weight", "IsPresent": true });
        let choices = |state: &str| definition["States"][state]["Choices"].clone();
        assert_eq!(choices("Heavy"), json!([{ "And": [present, test], "Next": "TooHeavy" }]));
        assert_eq!(choices("Again")[0]["Variable"], "$.weight");
    }
}
