//! Runs flows from state to state, and records each state that is entered and exited.

use std::cell::Cell;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};

use super::clock::Clock;
use super::data::Output;
use super::event::{Event, EventDetails, EventType};
use super::execution::{Checkpoint, Execution};
use super::failure::{StateError, Stop, names};
use super::frame::{Frame, Visit};
use super::recorder::Recorder;
use super::retry::Retries;
use super::tasks::Tasks;
use crate::{Catcher, Completion, Flow, Map, Parallel, Random, StateKind, StateName, Task, Transition};

/// AWS's limit for the events of a history.
const EVENT_LIMIT: u64 = 25_000;

/// One running execution: its ports and its history.
pub(super) struct Run<'a> {
    pub(super) clock: &'a dyn Clock,
    pub(super) tasks: &'a dyn Tasks,
    pub(super) random: &'a dyn Random,
    pub(super) recorder: &'a dyn Recorder,
    pub(super) execution: &'a Execution,
    pub(super) last_event: Cell<u64>,
}

/// The result of a state.
pub(super) struct Step {
    pub(super) output: Output,
    pub(super) transition: Transition,
}

/// The result of one successful attempt of a state's work.
pub(super) struct RawResult {
    /// The result before `ResultSelector`.
    pub(super) value: Arc<Value>,
    /// The event to which the state's exit refers: on AWS, it is not the success of a `Parallel` or `Map`.
    pub(super) leads_to: u64,
}

/// A state whose work can be retried and caught.
#[derive(Clone, Copy)]
enum Work<'f> {
    Task(&'f Task),
    Parallel(&'f Parallel),
    Map(&'f Map),
}

impl Run<'_> {
    /// Records an event that refers to the event `previous`, and returns its id.
    pub(super) fn record(&self, previous: u64, event_type: EventType, details: EventDetails) -> Result<u64, Stop> {
        if self.last_event.get() + 1 >= EVENT_LIMIT {
            let cause = format!("The execution reached the maximum number of history events ({EVENT_LIMIT}).");
            return Err(StateError::new(names::RUNTIME, cause).into());
        }
        Ok(self.add(previous, event_type, details))
    }

    /// Records the last event. It is not subject to the limit.
    pub(super) fn record_end(&self, previous: u64, event_type: EventType, details: EventDetails) {
        self.add(previous, event_type, details);
    }

    fn add(&self, previous: u64, event_type: EventType, details: EventDetails) -> u64 {
        let id = self.last_event.get() + 1;
        self.last_event.set(id);
        let timestamp = self.clock.now();
        self.recorder.record(Event { id, previous_event_id: previous, timestamp, event_type, details });
        id
    }

    /// Runs a flow from its start to its end, and returns the last state's output.
    pub(super) fn flow<'f>(
        &'f self,
        flow: &'f Flow,
        input: Arc<Value>,
        frame: &'f mut Frame<'_>,
    ) -> LocalBoxFuture<'f, Result<Arc<Value>, Stop>> {
        async move {
            let visit = self.enter(flow, &flow.start_at, input, frame)?;
            self.resume_flow(flow, visit, frame).await
        }
        .boxed_local()
    }

    /// Runs a flow from an entered state to its end.
    pub(super) async fn resume_flow<'f>(
        &self,
        flow: &'f Flow,
        mut visit: Visit<'f>,
        frame: &mut Frame<'_>,
    ) -> Result<Arc<Value>, Stop> {
        loop {
            frame.position.enter(visit.state);
            let step = self.state(&visit, frame).await?;
            let output = self.leave(&visit, frame, step.output)?;
            match step.transition {
                Transition::Next(next) => visit = self.enter(flow, &next, output, frame)?,
                Transition::End => return Ok(output),
            }
        }
    }

    fn enter<'f>(
        &self,
        flow: &'f Flow,
        name: &StateName,
        input: Arc<Value>,
        frame: &mut Frame<'_>,
    ) -> Result<Visit<'f>, Stop> {
        let Some(state) = flow.states.get(name) else {
            return Err(StateError::new(names::RUNTIME, format!("The state machine has no state '{name}'.")).into());
        };
        let details =
            EventDetails { name: Some(name.clone()), input: Some(Arc::clone(&input)), ..EventDetails::default() };
        let entered_event = self.record(frame.previous, entered(&state.kind), details)?;
        let entered_at = self.clock.now();
        frame.previous = entered_event;
        frame.context.enter(state, entered_at);
        if frame.is_top {
            self.recorder.checkpoint(&Checkpoint {
                state: name.clone(),
                input: Arc::clone(&input),
                variables: Arc::clone(&frame.variables),
                entered_at,
                entered_event,
                last_event: entered_event,
            })?;
        }
        Ok(Visit { state, input, entered_at, entered_event })
    }

    fn leave(&self, visit: &Visit<'_>, frame: &mut Frame<'_>, output: Output) -> Result<Arc<Value>, Stop> {
        let Output { value, assigned } = output;
        if let Some(event_type) = exited(&visit.state.kind) {
            let details = EventDetails {
                name: Some(visit.state.name.clone()),
                output: Some(Arc::clone(&value)),
                assigned_variables: (!assigned.is_empty()).then(|| Arc::clone(&assigned)),
                ..EventDetails::default()
            };
            frame.previous = self.record(frame.previous, event_type, details)?;
        }
        if !assigned.is_empty() {
            Arc::make_mut(&mut frame.variables).extend(Arc::unwrap_or_clone(assigned));
        }
        frame.position.leave();
        Ok(value)
    }

    pub(super) async fn state(&self, visit: &Visit<'_>, frame: &mut Frame<'_>) -> Result<Step, Stop> {
        frame.inspect("input", &visit.input);
        match &visit.state.kind {
            StateKind::Pass(pass) => Ok(self.pass(visit, frame, pass)?),
            StateKind::Choice(choice) => Ok(self.choice(visit, frame, choice)?),
            StateKind::Succeed => Ok(self.succeed(visit, frame)?),
            StateKind::Fail(fail) => Err(self.fail(visit, frame, fail).into()),
            StateKind::Wait(wait) => self.wait(visit, frame, wait).await,
            StateKind::Task(task) => self.work(visit, frame, Work::Task(task)).await,
            StateKind::Parallel(parallel) => self.work(visit, frame, Work::Parallel(parallel)).await,
            StateKind::Map(map) => self.work(visit, frame, Work::Map(map)).await,
        }
    }

    /// Runs the work of a state with its retries, and passes its error to a catcher.
    async fn work(&self, visit: &Visit<'_>, frame: &mut Frame<'_>, work: Work<'_>) -> Result<Step, Stop> {
        let completion = work.completion();
        let mut retries = Retries::new(&completion.retry);
        loop {
            let failure = match self.attempt(visit, frame, work).await {
                Ok(output) => return Ok(Step { output, transition: completion.transition.clone() }),
                Err(Stop::Failed(failure)) if !failure.is_fatal() => failure,
                Err(stop) => return Err(stop),
            };
            if let Some(delay) = retries.next_delay(&failure, self.random) {
                let again = self.clock.now().checked_add_signed(delay).unwrap_or(DateTime::<Utc>::MAX_UTC);
                self.clock.sleep_until(again).await;
                frame.context.count_retry();
                continue;
            }
            if let Some(event_type) = work.failed() {
                frame.previous = self.record(frame.previous, event_type, EventDetails::default())?;
                frame.position.leave();
            }
            return match completion.catch.iter().find(|catcher| failure.matches_any(&catcher.error_equals)) {
                Some(catcher) => Ok(self.handle(visit, frame, &failure, catcher)?),
                None => Err(failure.into()),
            };
        }
    }

    async fn attempt(&self, visit: &Visit<'_>, frame: &mut Frame<'_>, work: Work<'_>) -> Result<Output, Stop> {
        let RawResult { value, leads_to } = match work {
            Work::Task(task) => self.task(visit, frame, task).await?,
            Work::Parallel(parallel) => self.parallel(visit, frame, parallel).await?,
            Work::Map(map) => self.map(visit, frame, map).await?,
        };
        let output = self.output_of_work(visit, frame, &value, work.completion())?;
        frame.previous = leads_to;
        Ok(output)
    }

    /// Passes an error to a catcher.
    pub(super) fn handle(
        &self,
        visit: &Visit<'_>,
        frame: &mut Frame<'_>,
        failure: &StateError,
        catcher: &Catcher,
    ) -> Result<Step, StateError> {
        let error = Arc::new(json!({"Error": failure.error.as_deref(), "Cause": failure.cause.as_deref()}));
        let output = self.caught(visit, frame, error, &catcher.result_path, &catcher.assign)?;
        Ok(Step { output, transition: Transition::Next(catcher.next.clone()) })
    }
}

impl<'f> Work<'f> {
    fn completion(self) -> &'f Completion {
        match self {
            Self::Task(task) => &task.completion,
            Self::Parallel(parallel) => &parallel.completion,
            Self::Map(map) => &map.completion,
        }
    }

    /// The event of a failure that is not retried; the attempt of a task records its own.
    fn failed(self) -> Option<EventType> {
        match self {
            Self::Task(_) => None,
            Self::Parallel(_) => Some(EventType::ParallelStateFailed),
            Self::Map(_) => Some(EventType::MapStateFailed),
        }
    }
}

fn entered(kind: &StateKind) -> EventType {
    match kind {
        StateKind::Task(_) => EventType::TaskStateEntered,
        StateKind::Pass(_) => EventType::PassStateEntered,
        StateKind::Choice(_) => EventType::ChoiceStateEntered,
        StateKind::Wait(_) => EventType::WaitStateEntered,
        StateKind::Succeed => EventType::SucceedStateEntered,
        StateKind::Fail(_) => EventType::FailStateEntered,
        StateKind::Parallel(_) => EventType::ParallelStateEntered,
        StateKind::Map(_) => EventType::MapStateEntered,
    }
}

fn exited(kind: &StateKind) -> Option<EventType> {
    Some(match kind {
        StateKind::Task(_) => EventType::TaskStateExited,
        StateKind::Pass(_) => EventType::PassStateExited,
        StateKind::Choice(_) => EventType::ChoiceStateExited,
        StateKind::Wait(_) => EventType::WaitStateExited,
        StateKind::Succeed => EventType::SucceedStateExited,
        StateKind::Fail(_) => return None,
        StateKind::Parallel(_) => EventType::ParallelStateExited,
        StateKind::Map(_) => EventType::MapStateExited,
    })
}
