//! Death and resumption: an execution goes on in another process from its last checkpoint.

use std::cell::{Cell, RefCell};

use bifrost_asl::interpreter::{
    Checkpoint, Event, EventType, ExecutionOutcome, Interpreter, MemoryRecorder, Recorder, RecorderError,
};
use chrono::TimeDelta;
use futures_util::FutureExt as _;
use serde_json::{Value, json};

use super::fixture::{Answer, Fixture, Halves, execution, start, task};

/// Every kind of state, with variables, on one path.
fn all_kinds() -> Value {
    json!({"StartAt": "Prepare", "States": {
        "Prepare": {"Type": "Pass", "Assign": {"kept.$": "$.n"}, "Next": "Ask"},
        "Ask": {"Type": "Choice", "Choices": [{"Variable": "$.n", "IsPresent": true, "Next": "Rest"}], "Default": "Done"},
        "Rest": {"Type": "Wait", "Seconds": 60, "Next": "Work"},
        "Work": task(json!({"ResultPath": "$.work", "Next": "Fork"})),
        "Fork": {"Type": "Parallel", "ResultPath": "$.fork", "Next": "Each", "Branches": [
            {"StartAt": "Left", "States": {"Left": {"Type": "Wait", "Seconds": 5, "End": true}}},
            {"StartAt": "Right", "States": {"Right": task(json!({"Parameters": {"v.$": "$kept"}, "End": true}))}},
        ]},
        "Each": {
            "Type": "Map", "ItemsPath": "$.items", "ResultPath": "$.each", "Next": "Done",
            "ItemProcessor": {"StartAt": "One", "States": {"One": task(json!({"End": true}))}},
        },
        "Done": {"Type": "Succeed"},
    }})
}

fn input() -> Value {
    json!({"n": 1, "items": ["a", "b"]})
}

/// Saves everything, and dies at the given checkpoint.
struct Mortal {
    memory: MemoryRecorder,
    left: Cell<usize>,
}

impl Recorder for Mortal {
    fn record(&self, event: Event) {
        self.memory.record(event);
    }

    fn checkpoint(&self, at: &Checkpoint) -> Result<(), RecorderError> {
        self.memory.checkpoint(at)?;
        self.left.set(self.left.get().saturating_sub(1));
        if self.left.get() == 0 { Err(RecorderError("killed".into())) } else { Ok(()) }
    }
}

/// Runs until death in the `nth` state; the events and the checkpoint that survive, as another process reads them.
fn killed_in(nth: usize) -> (Vec<Event>, Checkpoint) {
    let fixture = Fixture::new(all_kinds());
    let mortal = Mortal { memory: MemoryRecorder::default(), left: Cell::new(nth) };
    let execution = execution(input());
    let interpreter = Interpreter::new(fixture.machine(), &fixture.clock, &fixture, &Halves);
    let died = fixture.clock.run(interpreter.start(&execution, &mortal)).now_or_never().expect("it waits for ever");
    assert!(died.is_err());
    let checkpoint = serde_json::to_string(&mortal.memory.last_checkpoint().unwrap()).unwrap();
    (mortal.memory.events(), serde_json::from_str(&checkpoint).unwrap())
}

#[test]
fn an_execution_killed_in_any_state_ends_as_if_it_had_lived() {
    let whole = Fixture::new(all_kinds());
    let expected = whole.run(input());
    for nth in 1..=7 {
        let (mut events, checkpoint) = killed_in(nth);
        let second = Fixture::new(all_kinds());
        assert_eq!(second.resume(input(), &checkpoint), expected, "killed in {}", checkpoint.state);
        events.extend(second.recorder.events());
        let facts = |event: &Event| (event.id, event.previous_event_id, event.event_type, event.details.clone());
        let whole: Vec<_> = whole.recorder.events().iter().map(facts).collect();
        assert_eq!(events.iter().map(facts).collect::<Vec<_>>(), whole, "killed in {}", checkpoint.state);
    }
}

#[test]
fn a_wait_that_was_cut_goes_on_to_its_original_end() {
    let (_, checkpoint) = killed_in(3);
    assert_eq!(checkpoint.state.as_ref(), "Rest");
    let second = Fixture::new(all_kinds());
    let late = start() + TimeDelta::seconds(45);
    second.clock.run(bifrost_asl::interpreter::Clock::sleep_until(&second.clock, late)).now_or_never().unwrap();
    second.resume(input(), &checkpoint);
    assert_eq!(second.times(EventType::WaitStateExited).first(), Some(&60.0));
}

#[test]
fn a_task_that_was_cut_is_run_again_and_its_ids_go_on() {
    let definition = json!({"StartAt": "Work", "States": {"Work": task(json!({"End": true}))}});
    let first = Fixture::new(definition.clone()).answering("Work", [Answer::Never]);
    assert_eq!(first.try_run(json!({})), None);
    let mut checkpoint = first.recorder.last_checkpoint().unwrap();
    let last = first.recorder.events().last().unwrap().id;
    assert_eq!((checkpoint.entered_event, checkpoint.last_event, last), (2, 2, 4));
    checkpoint.last_event = last;

    let second = Fixture::new(definition);
    second.resume(json!({}), &checkpoint);
    let expected = [
        "LambdaFunctionScheduled<2",
        "LambdaFunctionStarted<5",
        "LambdaFunctionSucceeded<6",
        "TaskStateExited<7",
        "ExecutionSucceeded<8",
    ];
    assert_eq!(second.history(0), expected);
    assert_eq!(second.recorder.events()[0].id, 5);
}

#[test]
fn the_machine_s_timeout_counts_from_the_original_start() {
    let definition = json!({"TimeoutSeconds": 100, "StartAt": "Work", "States": {"Work": task(json!({"End": true}))}});
    let first = Fixture::new(definition.clone()).answering("Work", [Answer::Never]);
    let outcome = first.try_run(json!({}));
    assert!(matches!(outcome, Some(ExecutionOutcome::TimedOut { .. })));
    let checkpoint = first.recorder.last_checkpoint().unwrap();
    let second = Fixture::new(definition).answering("Work", [Answer::After(80, Box::new(Answer::Echo))]);
    let late = start() + TimeDelta::seconds(45);
    second.clock.run(bifrost_asl::interpreter::Clock::sleep_until(&second.clock, late)).now_or_never().unwrap();
    assert!(matches!(second.resume(json!({}), &checkpoint), ExecutionOutcome::TimedOut { .. }));
    assert_eq!(second.now(), 100);
}

#[test]
fn a_checkpoint_of_another_machine_fails_and_says_why() {
    let (_, mut checkpoint) = killed_in(1);
    checkpoint.state = "Elsewhere".into();
    let outcome = Fixture::new(all_kinds()).resume(input(), &checkpoint);
    let cause = "The state machine has no state 'Elsewhere' to go on in.";
    let expected = ExecutionOutcome::Failed { error: Some("States.Runtime".to_owned()), cause: Some(cause.to_owned()) };
    assert_eq!(outcome, expected);
}

#[test]
fn an_execution_that_somebody_stopped_is_aborted() {
    let definition = json!({"StartAt": "Work", "States": {"Work": task(json!({"End": true}))}});
    let fixture = Fixture::new(definition).answering("Work", [Answer::Never]);
    assert_eq!(fixture.try_run(json!({})), None);
    let mut checkpoint = fixture.recorder.last_checkpoint().unwrap();
    checkpoint.last_event = 4;
    let interpreter = Interpreter::new(fixture.machine(), &fixture.clock, &fixture, &Halves);
    let reason = (Some("Halted".to_owned()), None);
    let outcome = interpreter.abort(&execution(json!({})), &checkpoint, &fixture.recorder, reason);
    assert_eq!(outcome, ExecutionOutcome::Aborted { error: Some("Halted".to_owned()), cause: None });
    assert_eq!(fixture.history(4), ["ExecutionAborted<4"]);
}

#[test]
fn the_progress_is_saved_after_the_entrance_of_each_state_of_the_machine_s_own_flow() {
    /// Notes the order of what it is told.
    #[derive(Default)]
    struct Order(RefCell<Vec<String>>);

    impl Recorder for Order {
        fn record(&self, event: Event) {
            self.0.borrow_mut().push(event.event_type.name());
        }

        fn checkpoint(&self, at: &Checkpoint) -> Result<(), RecorderError> {
            self.0.borrow_mut().push(format!("{}@{}", at.state, at.last_event));
            Ok(())
        }
    }

    let fixture = Fixture::new(json!({"StartAt": "Fork", "States": {
        "Fork": {"Type": "Parallel", "Next": "Done", "Branches": [
            {"StartAt": "In", "States": {"In": {"Type": "Pass", "End": true}}},
        ]},
        "Done": {"Type": "Succeed"},
    }}));
    let order = Order::default();
    let (execution, interpreter) =
        (execution(json!({})), Interpreter::new(fixture.machine(), &fixture.clock, &fixture, &Halves));
    interpreter.start(&execution, &order).now_or_never().unwrap().unwrap();
    let saved: Vec<_> = order.0.into_inner();
    let expected = [
        "ExecutionStarted",
        "ParallelStateEntered",
        "Fork@2",
        "ParallelStateStarted",
        "PassStateEntered",
        "PassStateExited",
        "ParallelStateSucceeded",
        "ParallelStateExited",
        "SucceedStateEntered",
        "Done@8",
        "SucceedStateExited",
        "ExecutionSucceeded",
    ];
    assert_eq!(saved, expected);
}
