//! Runs a state machine as AWS Step Functions does: with the same order of states, data, errors and history.
//!
//! The interpreter uses four ports: [`Clock`] for the time, [`Tasks`] for the work of `Task` states, [`Random`] for
//! jitter, tokens and random intrinsic functions, [`Recorder`] for the history. An execution is one future: drop it to
//! interrupt the execution. [`Interpreter::resume`] continues from the last [`Checkpoint`].

mod choice;
mod clock;
mod context;
mod data;
mod distributed;
mod event;
mod execution;
mod failure;
mod frame;
mod items;
mod map;
mod parallel;
mod position;
mod recorder;
mod retry;
mod run;
mod settings;
mod simple;
mod size;
mod task;
mod tasks;
mod timeline;
#[cfg(test)]
mod vectors;

use std::cell::Cell;
use std::pin::pin;
use std::sync::Arc;

use chrono::TimeDelta;
use futures_util::future::{Either, select};
use serde_json::Value;

pub use self::clock::{Clock, VirtualClock};
pub use self::event::{Event, EventDetails, EventType};
pub use self::execution::{Checkpoint, Execution, ExecutionOutcome, Redrive};
pub use self::recorder::{MemoryRecorder, Recorder, RecorderError};
pub use self::tasks::{TaskOutcome, TaskProgress, TaskRequest, Tasks};
pub use self::timeline::Timeline;

use self::context::ContextObject;
use self::failure::{StateError, Stop, names};
use self::frame::{Frame, Visit};
use self::run::Run;
use crate::{Random, StateMachine};

/// Runs the executions of one state machine.
#[derive(Clone, Copy)]
pub struct Interpreter<'a> {
    machine: &'a StateMachine,
    clock: &'a dyn Clock,
    tasks: &'a dyn Tasks,
    random: &'a dyn Random,
}

impl<'a> Interpreter<'a> {
    /// An interpreter of `machine` with these ports.
    #[must_use]
    pub fn new(machine: &'a StateMachine, clock: &'a dyn Clock, tasks: &'a dyn Tasks, random: &'a dyn Random) -> Self {
        Self { machine, clock, tasks, random }
    }

    /// Runs an execution from its start to its end.
    ///
    /// # Errors
    /// [`RecorderError`] if the progress cannot be saved. The execution can be resumed from its last checkpoint.
    pub async fn start(
        &self,
        execution: &Execution,
        recorder: &dyn Recorder,
    ) -> Result<ExecutionOutcome, RecorderError> {
        let run = self.run(execution, recorder, 0);
        let details = EventDetails {
            input: Some(Arc::clone(&execution.input)),
            role_arn: Some(execution.role_arn.as_str().into()),
            ..EventDetails::default()
        };
        let mut frame = Frame::top(ContextObject::new(execution));
        let result = match run.record(0, EventType::ExecutionStarted, details) {
            Ok(_) => {
                let flow = run.flow(&self.machine.flow, Arc::clone(&execution.input), &mut frame);
                self.in_time(execution, flow).await
            }
            Err(stop) => Some(Err(stop)),
        };
        conclude(&run, frame.previous, result)
    }

    /// Continues an interrupted execution: an interrupted `Task`, `Map` or `Parallel` runs again, and a `Wait` ends at
    /// its original time.
    ///
    /// # Errors
    /// [`RecorderError`] if the progress cannot be saved. The execution can be resumed from its last checkpoint.
    pub async fn resume(
        &self,
        execution: &Execution,
        checkpoint: &Checkpoint,
        recorder: &dyn Recorder,
    ) -> Result<ExecutionOutcome, RecorderError> {
        let run = self.run(execution, recorder, checkpoint.last_event);
        let mut frame = Frame::top(ContextObject::new(execution));
        frame.previous = checkpoint.entered_event;
        frame.variables = Arc::clone(&checkpoint.variables);
        let Some(state) = self.machine.flow.states.get(&checkpoint.state) else {
            let cause = format!("The state machine has no state '{}' to continue in.", checkpoint.state);
            return conclude(&run, frame.previous, Some(Err(StateError::new(names::RUNTIME, cause).into())));
        };
        let Checkpoint { input, entered_at, entered_event, .. } = checkpoint;
        let visit = Visit { state, input: Arc::clone(input), entered_at: *entered_at, entered_event: *entered_event };
        frame.context.enter(state, *entered_at);
        let end = self.in_time(execution, run.resume_flow(&self.machine.flow, visit, &mut frame)).await;
        conclude(&run, frame.previous, end)
    }

    /// Ends an execution that was stopped, after its future was dropped.
    #[must_use]
    pub fn abort(
        &self,
        execution: &Execution,
        checkpoint: &Checkpoint,
        recorder: &dyn Recorder,
        (error, cause): (Option<String>, Option<String>),
    ) -> ExecutionOutcome {
        let run = self.run(execution, recorder, checkpoint.last_event);
        let details = EventDetails {
            error: error.as_deref().map(Into::into),
            cause: cause.as_deref().map(Into::into),
            ..EventDetails::default()
        };
        run.record_end(checkpoint.last_event, EventType::ExecutionAborted, details);
        ExecutionOutcome::Aborted { error, cause }
    }

    fn run<'r>(&'r self, execution: &'r Execution, recorder: &'r dyn Recorder, last_event: u64) -> Run<'r> {
        let Self { clock, tasks, random, .. } = *self;
        Run { clock, tasks, random, recorder, execution, last_event: Cell::new(last_event) }
    }

    /// Waits until the flow ends, or the machine's `TimeoutSeconds` have passed.
    async fn in_time(&self, execution: &Execution, flow: impl Future<Output = FlowEnd>) -> Option<FlowEnd> {
        let limit = self.machine.timeout_seconds.and_then(|seconds| i64::try_from(seconds).ok());
        let delta = limit.and_then(TimeDelta::try_seconds);
        let start = execution.redrive.last.unwrap_or(execution.start_time);
        let Some(end) = delta.and_then(|delta| start.checked_add_signed(delta)) else {
            return Some(flow.await);
        };
        match select(pin!(flow), pin!(self.clock.sleep_until(end))).await {
            Either::Left((end, _)) => Some(end),
            Either::Right(_) => None,
        }
    }
}

type FlowEnd = Result<Arc<Value>, Stop>;

/// Records how the execution ended; `None` is a flow that timed out.
fn conclude(run: &Run<'_>, previous: u64, end: Option<FlowEnd>) -> Result<ExecutionOutcome, RecorderError> {
    match end {
        Some(Ok(output)) => {
            let details = EventDetails { output: Some(Arc::clone(&output)), ..EventDetails::default() };
            run.record_end(previous, EventType::ExecutionSucceeded, details);
            Ok(ExecutionOutcome::Succeeded { output })
        }
        Some(Err(Stop::Failed(failure))) => {
            let (error, cause) = (failure.error.clone(), failure.cause_text());
            run.record_end(
                previous,
                EventType::ExecutionFailed,
                EventDetails { error: error.clone(), cause: cause.clone(), ..EventDetails::default() },
            );
            Ok(ExecutionOutcome::Failed {
                error: error.map(|error| error.to_string()),
                cause: cause.map(|cause| cause.to_string()),
            })
        }
        Some(Err(Stop::Recorder(error))) => Err(error),
        None => {
            // No state led to the end.
            run.record_end(0, EventType::ExecutionTimedOut, EventDetails::default());
            Ok(ExecutionOutcome::TimedOut)
        }
    }
}
