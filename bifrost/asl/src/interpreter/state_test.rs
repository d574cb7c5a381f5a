//! One state on its own, as AWS's `TestState` runs it.

use std::cell::Cell;
use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;
use serde_json::{Map as Fields, Value};

use super::context::ContextObject;
use super::distributed::Forgetful;
use super::execution::Execution;
use super::failure::{Failure, FailureKind, Stop};
use super::frame::{Frame, Visit};
use super::inspection::{ErrorDetails, Inspection};
use super::run::{Run, Step};
use super::tasks::{TaskOutcome, TaskRequest, Tasks};
use super::{Interpreter, retry};
use crate::{Map, StateKind, StateName, Transition};

/// A state to run on its own, and what it finds around it.
#[derive(Debug, Clone)]
pub struct StateTest {
    /// The state; it may stand in a branch or an iteration.
    pub state: StateName,
    /// What it is given.
    pub input: Arc<Value>,
    /// The context object; without one, that of the execution.
    pub context: Option<Value>,
    /// The variables.
    pub variables: Arc<Fields<String, Value>>,
    /// What the work of a `Task`, the branches of a `Parallel` or the iterations of a `Map` come to. Without it, they
    /// run.
    pub mock: Option<TaskOutcome>,
    /// How often the retrier that matches has been used.
    pub retry_count: u64,
    /// How many iterations of a mocked `Map` have failed.
    pub failed_iterations: u64,
    /// What the item reader of a mocked `Map` has read.
    pub reader_items: Option<Value>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StateTested {
    /// How it ended.
    pub status: StateStatus,
    /// What it handed on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Arc<Value>>,
    /// The name of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Arc<str>>,
    /// What a person should know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Arc<str>>,
    /// The state that would come next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_state: Option<StateName>,
    /// The stages of its data flow.
    pub inspection: Inspection,
}

/// How a state on its own ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StateStatus {
    /// It did what it should.
    Succeeded,
    /// It reported an error that nobody handles.
    Failed,
    /// It reported an error, and would be tried again.
    Retriable,
    /// It reported an error, and a catcher took it.
    CaughtError,
}

impl Interpreter<'_> {
    /// Runs one state of the machine once, without waiting for another attempt. `None` if there is no such state.
    pub async fn test_state(&self, execution: &Execution, test: &StateTest) -> Option<StateTested> {
        let state = self.machine.flow.find(&test.state)?;
        let mocked = test.mock.clone().map(Mocked);
        let run = Run {
            clock: self.clock,
            tasks: mocked.as_ref().map_or(self.tasks, |mocked| mocked),
            random: self.random,
            recorder: &Forgetful,
            execution,
            last_event: Cell::new(0),
        };
        let context = match &test.context {
            Some(context) => ContextObject::given(execution, context.clone()),
            None => ContextObject::new(execution),
        };
        let mut frame = Frame::top(context);
        frame.variables = Arc::clone(&test.variables);
        frame.inspection = Some(Box::default());
        let (input, entered_at) = (Arc::clone(&test.input), self.clock.now());
        frame.context.enter(state, entered_at);
        let visit = Visit { state, input, entered_at, entered_event: 0 };
        let result = run.once(&visit, &mut frame, test).await;
        Some(run.tested(&visit, frame, test, result))
    }
}

/// Answers every task with the same outcome.
struct Mocked(TaskOutcome);

#[async_trait(?Send)]
impl Tasks for Mocked {
    async fn run(&self, _request: TaskRequest<'_>) -> TaskOutcome {
        self.0.clone()
    }
}

impl Run<'_> {
    async fn once(&self, visit: &Visit<'_>, frame: &mut Frame<'_>, test: &StateTest) -> Result<Step, Stop> {
        frame.inspect(|stages| stages.input = Some(Arc::clone(&visit.input)));
        let Some(completion) = visit.state.completion() else { return self.state(visit, frame).await };
        let result = match (&visit.state.kind, &test.mock) {
            (StateKind::Task(task), _) => self.task(visit, frame, task).await?.value,
            (StateKind::Map(map), Some(mock)) => self.mocked_map(visit, frame, map, mock, test)?,
            (StateKind::Map(map), None) => self.map(visit, frame, map).await?.value,
            (StateKind::Parallel(parallel), None) => self.parallel(visit, frame, parallel).await?.value,
            (_, Some(mock)) => mocked_result(mock)?,
            (_, None) => return self.state(visit, frame).await,
        };
        let output = self.output_of_work(visit, frame, &result, completion)?;
        Ok(Step { output, transition: completion.transition.clone() })
    }

    fn mocked_map(
        &self,
        visit: &Visit<'_>,
        frame: &mut Frame<'_>,
        map: &Map,
        mock: &TaskOutcome,
        test: &StateTest,
    ) -> Result<Arc<Value>, Failure> {
        let input = visit.effective_input(frame)?;
        let items = match &test.reader_items {
            Some(Value::Array(items)) => items.iter().cloned().map(Arc::new).collect(),
            Some(_) => Vec::new(),
            None => visit.items(frame, map, &input)?,
        };
        let count = items.len();
        self.inspect_selector(visit, frame, map, &input, items)?;
        visit.max_concurrency(frame, map, &input)?;
        let tolerance = visit.tolerance(frame, map, &input)?;
        if tolerance.is_exceeded(usize::try_from(test.failed_iterations).unwrap_or(usize::MAX), count) {
            return Err(super::distributed::threshold_exceeded());
        }
        mocked_result(mock)
    }

    /// Shows what the item selector makes of each item.
    fn inspect_selector(
        &self,
        visit: &Visit<'_>,
        frame: &mut Frame<'_>,
        map: &Map,
        input: &Arc<Value>,
        items: Vec<Arc<Value>>,
    ) -> Result<(), Failure> {
        let Some(selector) = &map.item_selector else { return Ok(()) };
        let selected = self.select_items(visit, frame, selector, input, items)?;
        let selected = selected.into_iter().map(Arc::unwrap_or_clone).collect();
        frame.inspect(|stages| stages.after_item_selector = Some(Arc::new(Value::Array(selected))));
        Ok(())
    }

    /// What the test shows: the output, or what becomes of the error.
    fn tested(
        &self,
        visit: &Visit<'_>,
        mut frame: Frame<'_>,
        test: &StateTest,
        result: Result<Step, Stop>,
    ) -> StateTested {
        let (mut status, mut error, mut cause, mut details) = (StateStatus::Succeeded, None, None, None);
        let step = match result {
            Ok(step) => Some(step),
            Err(Stop::Recorder(problem)) => {
                (status, cause) = (StateStatus::Failed, Some(problem.to_string().into()));
                None
            }
            Err(Stop::Failed(failure)) => {
                (error, cause) = (failure.error.clone(), failure.cause.clone());
                let (found, caught, step) = self.fate(visit, &mut frame, test, &failure);
                (status, details) = (found, caught);
                step
            }
        };
        let next_state = step.as_ref().and_then(|step| match &step.transition {
            Transition::Next(next) => Some(next.clone()),
            Transition::End => None,
        });
        let mut inspection = frame.inspection.take().map(|stages| *stages).unwrap_or_default();
        inspection.error_details = details;
        StateTested { status, output: step.map(|step| step.output.value), error, cause, next_state, inspection }
    }

    fn fate(
        &self,
        visit: &Visit<'_>,
        frame: &mut Frame<'_>,
        test: &StateTest,
        failure: &Failure,
    ) -> (StateStatus, Option<ErrorDetails>, Option<Step>) {
        let completion = visit.state.completion();
        let retriers = completion.into_iter().flat_map(|completion| &completion.retry);
        let retrier = retriers.enumerate().find(|(_, retrier)| failure.is_one_of(&retrier.error_equals));
        let mut details = ErrorDetails { retry_index: retrier.map(|(index, _)| index), ..ErrorDetails::default() };
        if let Some((_, retrier)) = retrier.filter(|(_, retrier)| test.retry_count < retrier.max_attempts) {
            let delay = retry::delay(retrier, test.retry_count, self.random);
            details.retry_backoff_interval_seconds = Some(delay.num_seconds());
            return (StateStatus::Retriable, Some(details), None);
        }
        let catchers = completion.into_iter().flat_map(|completion| &completion.catch);
        let catcher = catchers.enumerate().find(|(_, catcher)| failure.is_one_of(&catcher.error_equals));
        let Some((index, catcher)) = catcher else {
            return (StateStatus::Failed, details.retry_index.map(|_| details), None);
        };
        details.catch_index = Some(index);
        match self.handle(visit, frame, failure, catcher) {
            Ok(step) => (StateStatus::CaughtError, Some(details), Some(step)),
            Err(_) => (StateStatus::Failed, Some(details), None),
        }
    }
}

fn mocked_result(mock: &TaskOutcome) -> Result<Arc<Value>, Failure> {
    match mock {
        TaskOutcome::Succeeded(result) => Ok(Arc::clone(result)),
        TaskOutcome::Failed { error, cause } => Err(Failure {
            error: error.as_deref().map(Into::into),
            cause: cause.as_deref().map(Into::into),
            kind: FailureKind::Plain,
        }),
    }
}
