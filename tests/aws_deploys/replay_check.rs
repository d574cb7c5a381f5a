//! Replays the executions of moto's Step Functions in our interpreter, with the same results of the tasks.

use async_trait::async_trait;
use bifrost::asl::interpreter::{
    Event, Execution, Interpreter, MemoryRecorder, Redrive, TaskOutcome, TaskRequest, Tasks, VirtualClock,
};
use bifrost::asl::{Random, StateMachine};
use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;

/// A state that was entered, with its input.
type Step = (String, Value);

/// Repeats an execution in our interpreter, and compares the states that it enters and their inputs.
pub(crate) fn check_replay(definition: &str, input: &str, history: &[Value]) {
    let definition = StateMachine::parse(&serde_json::from_str(definition).unwrap()).unwrap();
    let expected: Vec<Step> =
        history.iter().filter_map(|event| event.get("stateEnteredEventDetails")).map(step).collect();
    let actual = run(&definition, &serde_json::from_str(input).unwrap(), answers(history));
    let path = |steps: &[Step]| steps.iter().map(|(state, _)| state.clone()).collect::<Vec<_>>();
    assert_eq!(path(&actual), path(&expected));
    assert_eq!(actual, expected);
}

fn step(entered: &Value) -> Step {
    (entered["name"].as_str().unwrap().to_owned(), serde_json::from_str(entered["input"].as_str().unwrap()).unwrap())
}

/// The results of the task attempts, in order.
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
        arn: "arn:aws:states:us-east-1:000000000000:execution:coinbase-odin:replay".into(),
        name: "replay".into(),
        role_arn: "arn:aws:iam::000000000000:role/replay".into(),
        start_time: now,
        state_machine_arn: "arn:aws:states:us-east-1:000000000000:stateMachine:coinbase-odin".into(),
        state_machine_name: "coinbase-odin".into(),
        input: Arc::new(input.clone()),
        redrive: Redrive::default(),
    };
    let (clock, recorder, tasks) =
        (VirtualClock::new(now), MemoryRecorder::default(), ScriptedTasks(RefCell::new(answers)));
    let interpreter = Interpreter::new(definition, &clock, &tasks, &MiddleRandom);
    let outcome = clock.run(interpreter.start(&execution, &recorder)).now_or_never();
    assert!(outcome.is_some(), "our execution does not end");
    assert!(tasks.0.borrow().is_empty(), "our execution ran fewer tasks");
    let entered = |event: Event| {
        let input = event.details.input.map(|input| input.as_ref().clone());
        event.event_type.is_entrance().then(|| (event.details.name.unwrap().to_string(), input.unwrap()))
    };
    recorder.events().into_iter().filter_map(entered).collect()
}

/// Tasks with scripted results.
struct ScriptedTasks(RefCell<VecDeque<TaskOutcome>>);

#[async_trait(?Send)]
impl Tasks for ScriptedTasks {
    async fn run(&self, request: TaskRequest<'_>) -> TaskOutcome {
        let answer = self.0.borrow_mut().pop_front();
        answer.unwrap_or_else(|| panic!("our execution ran {} once more", request.state))
    }
}

/// Returns the middle of every range.
struct MiddleRandom;

impl Random for MiddleRandom {
    fn unit(&self) -> f64 {
        0.5
    }

    fn uuid(&self) -> String {
        "00000000-0000-4000-8000-000000000000".to_owned()
    }
}
