//! A fixture for one execution: a virtual clock, tasks with fixed responses, and the history.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use async_trait::async_trait;
use bifrost_asl::interpreter::{
    Checkpoint, Clock as _, Event, EventType, Execution, ExecutionOutcome, Interpreter, MemoryRecorder, Redrive,
    TaskOutcome, TaskRequest, Tasks, VirtualClock,
};
use bifrost_asl::{Random, StateMachine};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt as _;
use serde_json::{Value, json};

/// What a task does.
#[derive(Clone)]
pub(crate) enum Answer {
    /// Returns this result.
    Output(Value),
    /// Returns its parameters.
    Echo,
    /// Fails with this error.
    Fail(&'static str),
    /// Never ends.
    Never,
    /// Takes this many seconds first.
    After(i64, Box<Answer>),
    /// Sends a heartbeat every this many seconds, this many times, then does the other.
    Heartbeats(i64, usize, Box<Answer>),
}

pub(crate) struct Fixture {
    machine: StateMachine,
    pub(crate) clock: VirtualClock,
    answers: RefCell<BTreeMap<String, VecDeque<Answer>>>,
    pub(crate) requests: RefCell<Vec<(String, Value, u64)>>,
    pub(crate) recorder: MemoryRecorder,
}

/// The start of every clock.
pub(crate) fn start() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}

pub(crate) fn execution(input: Value) -> Execution {
    Execution {
        arn: "arn:aws:states:us-east-1:000000000000:execution:machine:name".to_owned(),
        name: "name".to_owned(),
        role_arn: "arn:aws:iam::000000000000:role/machine".to_owned(),
        start_time: start(),
        state_machine_arn: "arn:aws:states:us-east-1:000000000000:stateMachine:machine".to_owned(),
        state_machine_name: "machine".to_owned(),
        input: Arc::new(input),
        redrive: Redrive::default(),
    }
}

/// A task state for a definition.
pub(crate) fn task(fields: Value) -> Value {
    let mut task = json!({"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:f"});
    task.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    task
}

/// A machine of one state, named `Only`.
pub(crate) fn only(state: Value) -> Fixture {
    Fixture::new(json!({"StartAt": "Only", "States": {"Only": state}}))
}

impl Fixture {
    pub(crate) fn new(definition: Value) -> Self {
        Self {
            machine: StateMachine::parse(&definition).unwrap_or_else(|invalid| panic!("{invalid}")),
            clock: VirtualClock::new(start()),
            answers: RefCell::default(),
            requests: RefCell::default(),
            recorder: MemoryRecorder::default(),
        }
    }

    /// What the tasks of `state` do, in order; the last answer is repeated.
    pub(crate) fn answering(self, state: &str, answers: impl IntoIterator<Item = Answer>) -> Self {
        self.answers.borrow_mut().insert(state.to_owned(), answers.into_iter().collect());
        self
    }

    pub(crate) fn run(&self, input: Value) -> ExecutionOutcome {
        self.try_run(input).expect("the execution waits forever")
    }

    /// `None` if the execution waits forever; its future is then dropped.
    pub(crate) fn try_run(&self, input: Value) -> Option<ExecutionOutcome> {
        let execution = execution(input);
        let interpreter = Interpreter::new(&self.machine, &self.clock, self, &Midpoint);
        let outcome = self.clock.run(interpreter.start(&execution, &self.recorder)).now_or_never();
        outcome.map(|outcome| outcome.expect("memory does not fail"))
    }

    pub(crate) fn resume(&self, input: Value, checkpoint: &Checkpoint) -> ExecutionOutcome {
        let execution = execution(input);
        let interpreter = Interpreter::new(&self.machine, &self.clock, self, &Midpoint);
        let outcome = self.clock.run(interpreter.resume(&execution, checkpoint, &self.recorder)).now_or_never();
        outcome.expect("the execution waits forever").expect("memory does not fail")
    }

    pub(crate) fn machine(&self) -> &StateMachine {
        &self.machine
    }

    pub(crate) fn output(&self, input: Value) -> Value {
        match self.run(input) {
            ExecutionOutcome::Succeeded { output } => output.as_ref().clone(),
            other => panic!("{other:?}"),
        }
    }

    /// The error and the cause of an execution that fails.
    pub(crate) fn failure(&self, input: Value) -> (String, String) {
        match self.run(input) {
            ExecutionOutcome::Failed { error, cause } => (error.unwrap_or_default(), cause.unwrap_or_default()),
            other => panic!("{other:?}"),
        }
    }

    /// The names of the states in the order in which they were entered.
    pub(crate) fn path(&self) -> Vec<String> {
        let entered = |event: &Event| event.event_type.name().ends_with("StateEntered");
        let names = self.recorder.events().into_iter().filter(entered).filter_map(|event| event.details.name);
        names.map(|name| name.to_string()).collect()
    }

    /// `type<previous id>` of each event, from the `from`th on.
    pub(crate) fn history(&self, from: usize) -> Vec<String> {
        let events = self.recorder.events().into_iter().skip(from);
        events.map(|event| format!("{}<{}", event.event_type.name(), event.previous_event_id)).collect()
    }

    /// The times of the events of a type, in seconds from the start.
    pub(crate) fn times(&self, event_type: EventType) -> Vec<f64> {
        let events = self.recorder.events().into_iter().filter(|event| event.event_type == event_type);
        events.map(|event| (event.timestamp - start()).as_seconds_f64()).collect()
    }

    /// Seconds from the start.
    pub(crate) fn now(&self) -> i64 {
        (self.clock.now() - start()).num_seconds()
    }

    async fn answer(&self, answer: Answer, request: &TaskRequest<'_>) -> TaskOutcome {
        match answer {
            Answer::Output(output) => TaskOutcome::Succeeded(Arc::new(output)),
            Answer::Echo => TaskOutcome::Succeeded(Arc::clone(&request.parameters)),
            Answer::Fail(error) => {
                TaskOutcome::Failed { error: Some(error.to_owned()), cause: Some(format!("{error} happened")) }
            }
            Answer::Never => std::future::pending().await,
            Answer::After(seconds, then) => {
                self.clock.sleep_until(self.clock.now() + TimeDelta::seconds(seconds)).await;
                Box::pin(self.answer(*then, request)).await
            }
            Answer::Heartbeats(seconds, times, then) => {
                for _ in 0..times {
                    self.clock.sleep_until(self.clock.now() + TimeDelta::seconds(seconds)).await;
                    request.progress.heartbeat();
                }
                Box::pin(self.answer(*then, request)).await
            }
        }
    }
}

#[async_trait(?Send)]
impl Tasks for Fixture {
    async fn run(&self, request: TaskRequest<'_>) -> TaskOutcome {
        let sent = (request.state.to_string(), request.parameters.as_ref().clone(), request.retry_count);
        self.requests.borrow_mut().push(sent);
        let answer = {
            let mut answers = self.answers.borrow_mut();
            let answers = answers.entry(request.state.to_string()).or_default();
            if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() }
        };
        self.answer(answer.unwrap_or(Answer::Echo), &request).await
    }
}

/// Returns the middle of every range.
pub(crate) struct Midpoint;

impl Random for Midpoint {
    fn unit(&self) -> f64 {
        0.5
    }

    fn uuid(&self) -> String {
        "00000000-0000-4000-8000-000000000000".to_owned()
    }
}
