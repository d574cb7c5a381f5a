//! Single states, run as AWS's `TestState` runs them: one attempt, possibly with mocked work.

use std::cell::Cell;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::DateTime;
use futures_util::FutureExt as _;
use serde_json::{Map as Fields, Value, json};

use super::compare::{same, same_cause};
use super::execution::execution;
use super::replay::{FixedRandom, Replay};
use super::{Graded, Verdict, brief, grade_jsonata};
use crate::interpreter::context::ContextObject;
use crate::interpreter::distributed::threshold_exceeded;
use crate::interpreter::failure::{FailureKind, StateError, Stop};
use crate::interpreter::frame::{Frame, Visit};
use crate::interpreter::recorder::NullRecorder;
use crate::interpreter::retry::delay;
use crate::interpreter::run::{Run, Step};
use crate::interpreter::{Clock as _, TaskOutcome, TaskRequest, Tasks, VirtualClock};
use crate::{Flow, MachineType, Map, State, StateKind, StateMachine, Transition};

/// The name of a state that was recorded without a machine.
const ALONE: &str = "StateName";

pub(super) fn grade(vector: &Value) -> Graded {
    let definition = definition(&vector["definition"]);
    let machine = match StateMachine::parse(&definition) {
        Ok(machine) => machine,
        Err(invalid) if invalid.needs_jsonata() => return grade_jsonata(&definition, MachineType::Standard),
        Err(invalid) => return (Verdict::Grade(0), Some(invalid.to_string())),
    };
    let name = vector["request"]["stateName"].as_str().unwrap_or(ALONE);
    let Some(state) = find(&machine.flow, name) else {
        return (Verdict::Grade(0), Some(format!("state {name} does not exist")));
    };
    let clock = VirtualClock::new(DateTime::UNIX_EPOCH);
    match clock.run(test_state(vector, state, &clock)).now_or_never() {
        Some(response) => compare(vector, &response),
        None => (Verdict::Grade(0), Some("the state waits for ever".to_owned())),
    }
}

/// A machine with the state, and with each state that it names.
fn definition(recorded: &Value) -> Value {
    if recorded.get("States").is_some() {
        return recorded.clone();
    }
    let mut states = Fields::new();
    states.insert(ALONE.to_owned(), recorded.clone());
    let targets = ["Choices", "Catch"].into_iter().filter_map(|field| recorded.get(field)?.as_array()).flatten();
    let targets = targets.map(|rule| rule.get("Next")).chain([recorded.get("Next"), recorded.get("Default")]);
    for target in targets.flatten().filter_map(Value::as_str) {
        states.insert(target.to_owned(), json!({"Type": "Succeed"}));
    }
    json!({"StartAt": ALONE, "States": states})
}

/// The state of this name, in the flow or inside of its states.
fn find<'m>(flow: &'m Flow, name: &str) -> Option<&'m State> {
    let inner = |state: &'m State| match &state.kind {
        StateKind::Parallel(parallel) => parallel.branches.iter().collect(),
        StateKind::Map(map) => vec![&map.item_processor.flow],
        _ => Vec::new(),
    };
    let found = flow.states.get(name);
    found.or_else(|| flow.states.values().flat_map(inner).find_map(|flow| find(flow, name)))
}

/// Runs a state with the vector's request, and returns the response in AWS's format.
async fn test_state(vector: &Value, state: &State, clock: &VirtualClock) -> Value {
    let (request, input) = (&vector["request"], &vector["input"]);
    let (execution, random) = (execution(input), FixedRandom::default());
    let (mock, replay) = (mock(request).map(Mock), Replay::new(vector));
    let run = Run {
        clock,
        tasks: mock.as_ref().map_or(&replay, |mock| mock as &dyn Tasks),
        random: &random,
        recorder: &NullRecorder,
        execution: &execution,
        last_event: Cell::new(0),
    };
    let mut frame = Frame::top(match request.get("context") {
        Some(context) => ContextObject::given(&execution, context.clone()),
        None => ContextObject::new(&execution),
    });
    frame.variables = Arc::new(request["variables"].as_object().cloned().unwrap_or_default());
    frame.inspection = Some(Fields::new());
    frame.context.enter(state, clock.now());
    let visit = Visit { state, input: Arc::new(input.clone()), entered_at: clock.now(), entered_event: 0 };
    let test = StateTest { run, visit, configuration: &request["stateConfiguration"], mock: mock.as_ref() };
    let result = test.attempt(&mut frame).await;
    test.response(frame, result)
}

fn mock(request: &Value) -> Option<TaskOutcome> {
    let mock = request.get("mock")?;
    let text = |field: &str| mock["errorOutput"][field].as_str().map(str::to_owned);
    Some(match mock.get("result") {
        Some(result) => TaskOutcome::Succeeded(Arc::new(result.clone())),
        None => TaskOutcome::Failed { error: text("error"), cause: text("cause") },
    })
}

/// The mocked result of a `Task`, of the branches of a `Parallel` or of the iterations of a `Map`.
struct Mock(TaskOutcome);

#[async_trait(?Send)]
impl Tasks for Mock {
    async fn run(&self, _request: TaskRequest<'_>) -> TaskOutcome {
        self.0.clone()
    }
}

impl Mock {
    fn result(&self) -> Result<Arc<Value>, StateError> {
        match &self.0 {
            TaskOutcome::Succeeded(result) => Ok(Arc::clone(result)),
            TaskOutcome::Failed { error, cause } => Err(StateError {
                error: error.as_deref().map(Into::into),
                cause: cause.as_deref().map(Into::into),
                kind: FailureKind::Plain,
            }),
        }
    }
}

struct StateTest<'t> {
    run: Run<'t>,
    visit: Visit<'t>,
    configuration: &'t Value,
    mock: Option<&'t Mock>,
}

impl StateTest<'_> {
    async fn attempt(&self, frame: &mut Frame<'_>) -> Result<Step, Stop> {
        let Self { run, visit, mock, .. } = self;
        let Some(completion) = visit.state.completion() else { return run.state(visit, frame).await };
        frame.inspect("input", &visit.input);
        let result = match (&visit.state.kind, mock) {
            (StateKind::Task(task), _) => run.task(visit, frame, task).await?.value,
            (StateKind::Map(map), Some(mock)) => self.mocked_map(frame, map, mock)?,
            (_, Some(mock)) => mock.result()?,
            (_, None) => return Err(StateError::new("NotMocked", "TestState runs no branches or iterations").into()),
        };
        let output = run.output_of_work(visit, frame, &result, completion)?;
        Ok(Step { output, transition: completion.transition.clone() })
    }

    fn mocked_map(&self, frame: &mut Frame<'_>, map: &Map, mock: &Mock) -> Result<Arc<Value>, StateError> {
        let Self { run, visit, configuration, .. } = self;
        let input = visit.effective_input(frame)?;
        let items = match configuration["mapItemReaderData"].as_str().map(serde_json::from_str::<Value>) {
            Some(Ok(Value::Array(items))) => items.into_iter().map(Arc::new).collect(),
            Some(Ok(_)) => Vec::new(),
            Some(Err(_)) | None => visit.items(frame, map, &input)?,
        };
        let count = items.len();
        if let Some(selector) = &map.item_selector {
            let selected = run.select_items(visit, frame, selector, &input, items)?;
            frame.inspect("afterItemSelector", &selected);
        }
        visit.max_concurrency(frame, map, &input)?;
        let tolerance = visit.tolerance(frame, map, &input)?;
        let failed = configuration["mapIterationFailureCount"].as_u64().unwrap_or(0);
        if tolerance.is_exceeded(usize::try_from(failed).unwrap(), count) {
            return Err(threshold_exceeded());
        }
        mock.result()
    }

    /// The response of `TestState`.
    fn response(&self, mut frame: Frame<'_>, result: Result<Step, Stop>) -> Value {
        let (status, step, failure) = match result {
            Ok(step) => ("SUCCEEDED", Some(step), None),
            Err(Stop::Failed(failure)) => {
                let (status, step) = self.handle(&mut frame, &failure);
                (status, step, Some(failure))
            }
            Err(Stop::Recorder(error)) => panic!("{error}"),
        };
        let next = step.as_ref().and_then(|step| match &step.transition {
            Transition::Next(next) => Some(next),
            Transition::End => None,
        });
        json!({
            "status": status,
            "output": step.as_ref().map(|step| &step.output.value),
            "error": failure.as_ref().and_then(|failure| failure.error.as_ref()),
            "cause": failure.as_ref().and_then(|failure| failure.cause.as_ref()),
            "nextState": next,
            "inspection": frame.inspection,
        })
    }

    /// Handles an error: `TestState` reports whether it would be retried, and lets a catcher handle it.
    fn handle(&self, frame: &mut Frame<'_>, failure: &StateError) -> (&'static str, Option<Step>) {
        let Some(completion) = self.visit.state.completion() else { return ("FAILED", None) };
        let used = self.configuration["retrierRetryCount"].as_u64().unwrap_or(0);
        let mut details = Fields::new();
        let (mut status, mut step) = ("FAILED", None);
        let mut retriers = completion.retry.iter().enumerate();
        let retrier = retriers.find(|(_, retrier)| failure.matches_any(&retrier.error_equals));
        if let Some((index, _)) = retrier {
            details.insert("retryIndex".into(), index.into());
        }
        let mut catchers = completion.catch.iter().enumerate();
        if let Some((_, retrier)) = retrier.filter(|(_, retrier)| used < retrier.max_attempts) {
            let seconds = delay(retrier, used, self.run.random).num_seconds();
            details.insert("retryBackoffIntervalSeconds".into(), seconds.into());
            status = "RETRIABLE";
        } else if let Some((index, catcher)) = catchers.find(|(_, catcher)| failure.matches_any(&catcher.error_equals))
        {
            details.insert("catchIndex".into(), index.into());
            step = self.run.handle(&self.visit, frame, failure, catcher).ok();
            status = if step.is_some() { "CAUGHT_ERROR" } else { "FAILED" };
        }
        if !details.is_empty() {
            frame.inspect("errorDetails", &details);
        }
        (status, step)
    }
}

fn compare(vector: &Value, response: &Value) -> Graded {
    let expected = &vector["expect"];
    for field in ["status", "output", "error", "nextState"] {
        let (wanted, found) = (&expected[field], &response[field]);
        if !same(wanted, found) {
            return (Verdict::Grade(0), Some(format!("{field} {}, recorded {}", brief(found), brief(wanted))));
        }
    }
    if !same_cause(expected, response["cause"].as_str()) {
        return (Verdict::Grade(1), Some(format!("cause {}, recorded {}", response["cause"], expected["cause"])));
    }
    let Some(recorded) = expected["inspection"].as_object() else { return (Verdict::Grade(4), None) };
    for (stage, wanted) in recorded {
        let found = &response["inspection"][stage];
        if !same(wanted, found) {
            return (Verdict::Grade(2), Some(format!("{stage} {}, recorded {}", brief(found), brief(wanted))));
        }
    }
    let mut stages = response["inspection"].as_object().into_iter().flatten();
    match stages.find(|(stage, _)| !recorded.contains_key(stage.as_str())) {
        Some((stage, found)) => (Verdict::Grade(2), Some(format!("{stage} {} was not recorded", brief(found)))),
        None => (Verdict::Grade(4), None),
    }
}
