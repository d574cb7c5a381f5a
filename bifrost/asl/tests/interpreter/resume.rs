//! Interruption and resumption: another process continues an execution from its last checkpoint.

use std::cell::{Cell, RefCell};

use bifrost_asl::interpreter::{
    Checkpoint, Event, EventType, Execution, ExecutionOutcome, Interpreter, MemoryRecorder, Recorder, RecorderError,
    Redrive,
};
use chrono::TimeDelta;
use futures_util::FutureExt as _;
use serde_json::{Value, json};

use super::fixture::{Answer, Fixture, Midpoint, execution, start, task};

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

/// Saves everything, and fails at the given checkpoint.
struct FailingRecorder {
    memory: MemoryRecorder,
    remaining: Cell<usize>,
}

impl Recorder for FailingRecorder {
    fn record(&self, event: Event) {
        self.memory.record(event);
    }

    fn checkpoint(&self, progress: &Checkpoint) -> Result<(), RecorderError> {
        self.memory.checkpoint(progress)?;
        self.remaining.set(self.remaining.get().saturating_sub(1));
        if self.remaining.get() == 0 { Err(RecorderError("interrupted".into())) } else { Ok(()) }
    }
}

/// Interrupts an execution in the `nth` state; returns the saved events and checkpoint, as another process reads them.
fn interrupted_in(nth: usize) -> (Vec<Event>, Checkpoint) {
    let fixture = Fixture::new(all_kinds());
    let recorder = FailingRecorder { memory: MemoryRecorder::default(), remaining: Cell::new(nth) };
    let execution = execution(input());
    let interpreter = Interpreter::new(fixture.machine(), &fixture.clock, &fixture, &Midpoint);
    let interrupted =
        fixture.clock.run(interpreter.start(&execution, &recorder)).now_or_never().expect("it waits forever");
    assert!(interrupted.is_err());
    let checkpoint = serde_json::to_string(&recorder.memory.last_checkpoint().unwrap()).unwrap();
    (recorder.memory.events(), serde_json::from_str(&checkpoint).unwrap())
}

#[test]
fn interrupted_execution_ends_the_same() {
    let whole = Fixture::new(all_kinds());
    let expected = whole.run(input());
    for nth in 1..=7 {
        let (mut events, checkpoint) = interrupted_in(nth);
        let second = Fixture::new(all_kinds());
        assert_eq!(second.resume(input(), &checkpoint), expected, "interrupted in {}", checkpoint.state);
        events.extend(second.recorder.events());
        let fields = |event: &Event| (event.id, event.previous_event_id, event.event_type, event.details.clone());
        let whole: Vec<_> = whole.recorder.events().iter().map(fields).collect();
        assert_eq!(events.iter().map(fields).collect::<Vec<_>>(), whole, "interrupted in {}", checkpoint.state);
    }
}

#[test]
fn interrupted_wait_keeps_its_end() {
    let (_, checkpoint) = interrupted_in(3);
    assert_eq!(checkpoint.state.as_ref(), "Rest");
    let second = Fixture::new(all_kinds());
    let late = start() + TimeDelta::seconds(45);
    second.clock.run(bifrost_asl::interpreter::Clock::sleep_until(&second.clock, late)).now_or_never().unwrap();
    second.resume(input(), &checkpoint);
    assert_eq!(second.times(EventType::WaitStateExited).first(), Some(&60.0));
}

#[test]
fn interrupted_task_runs_again() {
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
fn timeout_counts_from_the_original_start() {
    let definition = json!({"TimeoutSeconds": 100, "StartAt": "Work", "States": {"Work": task(json!({"End": true}))}});
    let first = Fixture::new(definition.clone()).answering("Work", [Answer::Never]);
    let outcome = first.try_run(json!({}));
    assert!(matches!(outcome, Some(ExecutionOutcome::TimedOut)));
    let checkpoint = first.recorder.last_checkpoint().unwrap();
    let second = Fixture::new(definition).answering("Work", [Answer::After(80, Box::new(Answer::Echo))]);
    let late = start() + TimeDelta::seconds(45);
    second.clock.run(bifrost_asl::interpreter::Clock::sleep_until(&second.clock, late)).now_or_never().unwrap();
    assert!(matches!(second.resume(json!({}), &checkpoint), ExecutionOutcome::TimedOut));
    assert_eq!(second.now(), 100);
}

#[test]
fn timeout_counts_from_a_redrive() {
    let definition = json!({"TimeoutSeconds": 100, "StartAt": "Work", "States": {
        "Work": task(json!({"Parameters": {"count.$": "$$.Execution.RedriveCount"}, "End": true})),
    }});
    let fixture =
        Fixture::new(definition).answering("Work", [Answer::Never, Answer::After(80, Box::new(Answer::Echo))]);
    let outcome = fixture.try_run(json!({}));
    assert!(matches!(outcome, Some(ExecutionOutcome::TimedOut)));
    let checkpoint = fixture.recorder.last_checkpoint().unwrap();
    let redrive = Redrive { count: 1, last: Some(start() + TimeDelta::seconds(100)) };
    let redriven = Execution { redrive, ..execution(json!({})) };
    let interpreter = Interpreter::new(fixture.machine(), &fixture.clock, &fixture, &Midpoint);
    let resumed = interpreter.resume(&redriven, &checkpoint, &fixture.recorder);
    let outcome = fixture.clock.run(resumed).now_or_never().unwrap().unwrap();
    assert_eq!(outcome, ExecutionOutcome::Succeeded { output: json!({"count": 1}).into() });
    assert_eq!(fixture.now(), 180);
}

#[test]
fn checkpoint_of_another_machine_fails() {
    let (_, mut checkpoint) = interrupted_in(1);
    checkpoint.state = "Elsewhere".into();
    let outcome = Fixture::new(all_kinds()).resume(input(), &checkpoint);
    assert!(matches!(outcome, ExecutionOutcome::Failed { error: Some(error), .. } if error == "States.Runtime"));
}

#[test]
fn stopped_execution_is_aborted() {
    let definition = json!({"StartAt": "Work", "States": {"Work": task(json!({"End": true}))}});
    let fixture = Fixture::new(definition).answering("Work", [Answer::Never]);
    assert_eq!(fixture.try_run(json!({})), None);
    let mut checkpoint = fixture.recorder.last_checkpoint().unwrap();
    checkpoint.last_event = 4;
    let interpreter = Interpreter::new(fixture.machine(), &fixture.clock, &fixture, &Midpoint);
    let reason = (Some("Halted".to_owned()), None);
    let outcome = interpreter.abort(&execution(json!({})), &checkpoint, &fixture.recorder, reason);
    assert_eq!(outcome, ExecutionOutcome::Aborted { error: Some("Halted".to_owned()), cause: None });
    assert_eq!(fixture.history(4), ["ExecutionAborted<4"]);
}

#[test]
fn progress_is_saved_after_each_top_level_entry() {
    /// Records the order of its calls.
    #[derive(Default)]
    struct Order(RefCell<Vec<String>>);

    impl Recorder for Order {
        fn record(&self, event: Event) {
            self.0.borrow_mut().push(event.event_type.name());
        }

        fn checkpoint(&self, progress: &Checkpoint) -> Result<(), RecorderError> {
            self.0.borrow_mut().push(format!("{}@{}", progress.state, progress.last_event));
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
        (execution(json!({})), Interpreter::new(fixture.machine(), &fixture.clock, &fixture, &Midpoint));
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
