//! Each execution twice: as an interpreter ran it that we did not write, and as ours runs it when its tasks answer the same.

use async_trait::async_trait;
use bifrost::asl::interpreter::{
    Event, Execution, Interpreter, MemoryRecorder, TaskOutcome, TaskRequest, Tasks, VirtualClock,
};
use bifrost::asl::{Random, StateMachine};
use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;

/// A state that was entered, with what it was given.
type Step = (String, Value);

/// Runs an execution again, in our interpreter, and compares the states that it enters and what each is given.
pub(crate) fn has_a_twin(definition: &str, input: &str, history: &[Value]) {
    let definition = StateMachine::parse(&serde_json::from_str(definition).unwrap()).unwrap();
    let theirs: Vec<Step> =
        history.iter().filter_map(|event| event.get("stateEnteredEventDetails")).map(step).collect();
    let ours = run(&definition, &serde_json::from_str(input).unwrap(), answers(history));
    let path = |steps: &[Step]| steps.iter().map(|(state, _)| state.clone()).collect::<Vec<_>>();
    assert_eq!(path(&ours), path(&theirs));
    assert_eq!(ours, theirs);
}

fn step(entered: &Value) -> Step {
    (entered["name"].as_str().unwrap().to_owned(), serde_json::from_str(entered["input"].as_str().unwrap()).unwrap())
}

/// What the tasks answered, one attempt after another.
fn answers(history: &[Value]) -> VecDeque<TaskOutcome> {
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
    let answer = |event: &Value| match event["type"].as_str()? {
        "LambdaFunctionSucceeded" => {
            let output = text(&event["lambdaFunctionSucceededEventDetails"]["output"])?;
            Some(TaskOutcome::Succeeded(Arc::new(serde_json::from_str(&output).unwrap())))
        }
        "LambdaFunctionFailed" => {
            let failed = &event["lambdaFunctionFailedEventDetails"];
            Some(TaskOutcome::Failed { error: text(&failed["error"]), cause: text(&failed["cause"]) })
        }
        _ => None,
    };
    history.iter().filter_map(answer).collect()
}

fn run(definition: &StateMachine, input: &Value, answers: VecDeque<TaskOutcome>) -> Vec<Step> {
    let now = DateTime::<Utc>::UNIX_EPOCH;
    let execution = Execution {
        arn: "arn:aws:states:us-east-1:000000000000:execution:coinbase-odin:twin".into(),
        name: "twin".into(),
        role_arn: "arn:aws:iam::000000000000:role/twin".into(),
        start_time: now,
        state_machine_arn: "arn:aws:states:us-east-1:000000000000:stateMachine:coinbase-odin".into(),
        state_machine_name: "coinbase-odin".into(),
        input: Arc::new(input.clone()),
    };
    let (clock, recorder, tasks) =
        (VirtualClock::new(now), MemoryRecorder::default(), ScriptedTasks(RefCell::new(answers)));
    let interpreter = Interpreter::new(definition, &clock, &tasks, &Middle);
    let outcome = clock.run(interpreter.start(&execution, &recorder)).now_or_never();
    assert!(outcome.is_some(), "our execution waits for ever");
    assert!(tasks.0.borrow().is_empty(), "our execution asked fewer tasks");
    let entered = |event: Event| {
        let given = event.details.input.map(|input| input.as_ref().clone());
        event.event_type.is_entrance().then(|| (event.details.name.unwrap().to_string(), given.unwrap()))
    };
    recorder.events().into_iter().filter_map(entered).collect()
}

/// Tasks that answer as they are told.
struct ScriptedTasks(RefCell<VecDeque<TaskOutcome>>);

#[async_trait(?Send)]
impl Tasks for ScriptedTasks {
    async fn run(&self, request: TaskRequest<'_>) -> TaskOutcome {
        let answer = self.0.borrow_mut().pop_front();
        answer.unwrap_or_else(|| panic!("our execution asked {} once more", request.state))
    }
}

/// Draws the middle of every range.
struct Middle;

impl Random for Middle {
    fn unit(&self) -> f64 {
        0.5
    }

    fn uuid(&self) -> String {
        "00000000-0000-4000-8000-000000000000".to_owned()
    }
}
