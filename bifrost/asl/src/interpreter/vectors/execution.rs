//! Whole executions: their outcome, their history, and the requests of their tasks.

use std::sync::Arc;

use chrono::DateTime;
use futures_util::FutureExt as _;
use serde_json::{Map, Value};

use super::compare::{same, same_cause, same_event};
use super::replay::{FixedRandom, Replay};
use super::{Graded, Verdict, brief, grade_jsonata, machine_type};
use crate::StateMachine;
use crate::interpreter::{Event, Execution, ExecutionOutcome, Interpreter, MemoryRecorder, Redrive, VirtualClock};

pub(super) fn grade(vector: &Value) -> Graded {
    let machine = match StateMachine::parse_as(&vector["definition"], machine_type(vector)) {
        Ok(machine) => machine,
        Err(invalid) if invalid.needs_jsonata() => return grade_jsonata(&vector["definition"], machine_type(vector)),
        Err(invalid) => return (Verdict::Grade(0), Some(invalid.to_string())),
    };
    let (replay, recorder) = (Replay::new(vector), MemoryRecorder::default());
    let clock = VirtualClock::new(DateTime::UNIX_EPOCH);
    let (execution, random) = (execution(&vector["input"]), FixedRandom::default());
    let interpreter = Interpreter::new(&machine, &clock, &replay, &random);
    let run = clock.run(interpreter.start(&execution, &recorder)).now_or_never();
    match run {
        None => (Verdict::Grade(0), Some("the execution waits for ever".to_owned())),
        Some(Err(error)) => (Verdict::Grade(0), Some(error.to_string())),
        Some(Ok(outcome)) => compare(vector, &outcome, &recorder.events(), &replay),
    }
}

pub(super) fn execution(input: &Value) -> Execution {
    Execution {
        arn: "arn:aws:states:us-east-1:111111111111:execution:SM:EXEC".to_owned(),
        name: "EXEC".to_owned(),
        role_arn: "arn:aws:iam::111111111111:role/SFN".to_owned(),
        start_time: DateTime::UNIX_EPOCH,
        state_machine_arn: "arn:aws:states:us-east-1:111111111111:stateMachine:SM".to_owned(),
        state_machine_name: "SM".to_owned(),
        input: Arc::new(input.clone()),
        redrive: Redrive::default(),
    }
}

fn compare(vector: &Value, outcome: &ExecutionOutcome, events: &[Event], replay: &Replay<'_>) -> Graded {
    let expected = &vector["expect"];
    if let Some(difference) = different_end(expected, outcome) {
        return (Verdict::Grade(0), Some(difference));
    }
    let cause = parts(outcome).3;
    if !same_cause(expected, cause) {
        let wanted = expected.get("cause").or_else(|| expected.get("cause_json")).unwrap_or(&Value::Null);
        return (Verdict::Grade(1), Some(format!("cause {cause:?}, recorded {}", brief(wanted))));
    }
    if let Some(difference) = replay.differences().into_iter().next() {
        return (Verdict::Grade(2), Some(difference));
    }
    let Some(recorded) = expected.get("events").and_then(Value::as_array) else { return (Verdict::Grade(4), None) };
    let events: Vec<Value> = events.iter().map(flat).collect();
    let in_order = expected["events_order"] == "total";
    if let Some(difference) = different_events(recorded, &events, in_order, false) {
        return (Verdict::Grade(2), Some(difference));
    }
    match different_events(recorded, &events, in_order, in_order) {
        Some(difference) => (Verdict::Grade(3), Some(difference)),
        None => (Verdict::Grade(4), None),
    }
}

fn different_end(expected: &Value, outcome: &ExecutionOutcome) -> Option<String> {
    let (status, output, error, cause) = parts(outcome);
    if expected["status"] != status {
        return Some(format!("status {status} ({error:?}: {cause:?}), recorded {}", expected["status"]));
    }
    if let Some(wanted) = expected.get("output") {
        let output = output.unwrap_or(&Value::Null);
        if !same(wanted, output) {
            return Some(format!("output {}, recorded {}", brief(output), brief(wanted)));
        }
    }
    let wanted = expected.get("error").and_then(Value::as_str);
    (status != "SUCCEEDED" && wanted != error).then(|| format!("error {error:?}, recorded {wanted:?}"))
}

type Parts<'o> = (&'static str, Option<&'o Value>, Option<&'o str>, Option<&'o str>);

/// Status, output, error, cause.
fn parts(outcome: &ExecutionOutcome) -> Parts<'_> {
    match outcome {
        ExecutionOutcome::Succeeded { output } => ("SUCCEEDED", Some(output.as_ref()), None, None),
        ExecutionOutcome::Failed { error, cause } => ("FAILED", None, error.as_deref(), cause.as_deref()),
        ExecutionOutcome::TimedOut => ("TIMED_OUT", None, None, None),
        ExecutionOutcome::Aborted { error, cause } => ("ABORTED", None, error.as_deref(), cause.as_deref()),
    }
}

fn different_events(recorded: &[Value], events: &[Value], in_order: bool, ids: bool) -> Option<String> {
    if recorded.len() != events.len() {
        let types =
            |events: &[Value]| events.iter().map(|event| event["type"].to_string()).collect::<Vec<_>>().join(" ");
        let (left, right) = (types(events), types(recorded));
        return Some(format!("{} events, recorded {}: {left} / {right}", events.len(), recorded.len()));
    }
    if in_order {
        let mut pairs = recorded.iter().zip(events);
        let (wanted, event) = pairs.find(|(wanted, event)| !same_event(wanted, event, ids))?;
        return Some(format!("event {}, recorded {}", brief(event), brief(wanted)));
    }
    let mut left: Vec<&Value> = events.iter().collect();
    for wanted in recorded {
        match left.iter().position(|event| same_event(wanted, event, false)) {
            Some(index) => drop(left.remove(index)),
            None => return Some(format!("no event like {}", brief(wanted))),
        }
    }
    None
}

/// An event in the vectors' flat form.
fn flat(event: &Event) -> Value {
    let details = serde_json::to_value(&event.details).unwrap_or_default();
    let mut flat = Map::new();
    flat.insert("type".to_owned(), event.event_type.name().into());
    flat.insert("id".to_owned(), event.id.into());
    flat.insert("prev".to_owned(), event.previous_event_id.into());
    for (name, value) in details.as_object().into_iter().flatten() {
        let name = match name.as_str() {
            "assignedVariables" => "assigned",
            "timeoutInSeconds" => "timeoutSeconds",
            "heartbeatInSeconds" => "heartbeatSeconds",
            "taskCredentials" => "credentials",
            name => name,
        };
        flat.insert(name.to_owned(), value.clone());
    }
    Value::Object(flat)
}
