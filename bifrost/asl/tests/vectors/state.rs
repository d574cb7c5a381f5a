//! Single states.

use std::sync::Arc;

use bifrost_asl::StateMachine;
use bifrost_asl::interpreter::{Interpreter, StateTest, TaskOutcome, VirtualClock};
use chrono::DateTime;
use futures_util::FutureExt as _;
use serde_json::{Map, Value, json};

use super::compare::{same, same_cause};
use super::execution::execution;
use super::replay::{Replay, Steady};
use super::{Verdict, brief};

/// The name of a state that was recorded without a machine around it.
const ALONE: &str = "StateName";

pub(crate) fn grade(vector: &Value) -> (Verdict, Option<String>) {
    let request = &vector["request"];
    let definition = machine(&vector["definition"]);
    let machine = match StateMachine::parse(&definition) {
        Ok(machine) => machine,
        Err(invalid) if invalid.needs_jsonata() => return (Verdict::Jsonata, None),
        Err(invalid) => return (Verdict::Reached(0), Some(invalid.to_string())),
    };
    let clock = VirtualClock::new(DateTime::UNIX_EPOCH);
    let (replay, random, execution) = (Replay::new(vector), Steady::default(), execution(&vector["input"]));
    let interpreter = Interpreter::new(&machine, &clock, &replay, &random);
    let test = test(request, &vector["input"]);
    match clock.run(interpreter.test_state(&execution, &test)).now_or_never() {
        Some(Some(tested)) => compare(vector, &serde_json::to_value(tested).unwrap_or_default()),
        Some(None) => (Verdict::Reached(0), Some(format!("there is no state {}", test.state))),
        None => (Verdict::Reached(0), Some("the state waits for ever".to_owned())),
    }
}

/// A machine with the state, and with a state for each one that it names.
fn machine(definition: &Value) -> Value {
    if definition.get("States").is_some() {
        return definition.clone();
    }
    let mut states = Map::new();
    states.insert(ALONE.to_owned(), definition.clone());
    let targets = ["Choices", "Catch"].into_iter().filter_map(|field| definition.get(field)?.as_array()).flatten();
    let targets = targets.map(|rule| rule.get("Next")).chain([definition.get("Next"), definition.get("Default")]);
    for target in targets.flatten().filter_map(Value::as_str) {
        states.insert(target.to_owned(), json!({"Type": "Succeed"}));
    }
    json!({"StartAt": ALONE, "States": states})
}

fn test(request: &Value, input: &Value) -> StateTest {
    let configuration = &request["stateConfiguration"];
    let text = |value: &Value| value.as_str().and_then(|text| serde_json::from_str(text).ok());
    let mock = request.get("mock").map(|mock| match mock.get("result") {
        Some(result) => TaskOutcome::Succeeded(Arc::new(result.clone())),
        None => TaskOutcome::Failed {
            error: mock["errorOutput"]["error"].as_str().map(str::to_owned),
            cause: mock["errorOutput"]["cause"].as_str().map(str::to_owned),
        },
    });
    StateTest {
        state: request["stateName"].as_str().unwrap_or(ALONE).into(),
        input: Arc::new(input.clone()),
        context: request.get("context").cloned(),
        variables: Arc::new(request["variables"].as_object().cloned().unwrap_or_default()),
        mock,
        retry_count: configuration["retrierRetryCount"].as_u64().unwrap_or(0),
        failed_iterations: configuration["mapIterationFailureCount"].as_u64().unwrap_or(0),
        reader_items: text(&configuration["mapItemReaderData"]),
    }
}

fn compare(vector: &Value, tested: &Value) -> (Verdict, Option<String>) {
    let expected = &vector["expect"];
    for field in ["status", "output", "error", "nextState"] {
        let wanted = expected.get(field).unwrap_or(&Value::Null);
        if !same(wanted, &tested[field]) {
            return (
                Verdict::Reached(0),
                Some(format!("{field} {}, recorded {}", brief(&tested[field]), brief(wanted))),
            );
        }
    }
    if !same_cause(expected, tested["cause"].as_str()) {
        return (Verdict::Reached(1), Some(format!("cause {}, recorded {}", tested["cause"], expected["cause"])));
    }
    for (stage, wanted) in expected["inspection"].as_object().into_iter().flatten() {
        let found = &tested["inspection"][stage];
        if !same(wanted, found) {
            return (Verdict::Reached(2), Some(format!("{stage} {}, recorded {}", brief(found), brief(wanted))));
        }
    }
    let unasked = |(stage, _): &(&String, &Value)| expected["inspection"].get(stage.as_str()).is_none();
    let is_detailed = expected.get("inspection").is_some();
    match tested["inspection"].as_object().into_iter().flatten().find(unasked).filter(|_| is_detailed) {
        Some((stage, found)) => (Verdict::Reached(2), Some(format!("{stage} {} was not recorded", brief(found)))),
        None => (Verdict::Reached(4), None),
    }
}
