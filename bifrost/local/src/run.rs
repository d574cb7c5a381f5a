//! Runs one execution: dispatches tasks as the Lambda function does, and saves history and progress.

use super::attempt::{AttemptRun, Invoked, Zombies};
use super::cloud::{LocalCloud, LocalDeployer};
use super::error::{EngineError, StoreError};
use super::state::{Resources, StoredExecution};
use super::store::Store;
use async_trait::async_trait;
use bifrost_asl::interpreter::{
    Checkpoint, Clock, Event, Execution, ExecutionOutcome, Interpreter, Recorder, RecorderError, TaskOutcome,
    TaskRequest, Tasks,
};
use bifrost_asl::{Random, StateMachine};
use bifrost_core::cloud::{ExecutionStatus, ExecutionSummary};
use chrono::{DateTime, Utc};
use std::cell::RefCell;
use std::mem;
use std::sync::Arc;
use uuid::Uuid;

pub(super) struct ExecutionRun<'e, D: LocalDeployer> {
    cloud: &'e LocalCloud<D>,
    definition: &'e StateMachine,
    zombies: &'e Zombies,
    stored: StoredExecution,
}

impl<'e, D: LocalDeployer> ExecutionRun<'e, D> {
    /// Attempts that go on after their end are added to `zombies`.
    pub(super) fn new(
        cloud: &'e LocalCloud<D>,
        definition: &'e StateMachine,
        zombies: &'e Zombies,
        stored: StoredExecution,
    ) -> Self {
        Self { cloud, definition, zombies, stored }
    }

    /// Runs the execution to its end, or until it is stopped, starting from the progress that was last saved.
    pub(super) async fn run(self) -> Result<(), EngineError> {
        let store = self.cloud.store();
        let execution = self.execution();
        let checkpoint = self.stored.checkpoint.clone();
        let recorder = CheckpointRecorder { store, stored: RefCell::new(self.stored), unsaved: RefCell::default() };
        let clock = StoreClock(store);
        let tasks = DispatchedTasks { cloud: self.cloud, zombies: self.zombies };
        let interpreter = Interpreter::new(self.definition, &clock, &tasks, &SystemRandom);
        let outcome = match checkpoint {
            None => interpreter.start(&execution, &recorder).await,
            Some(checkpoint) => interpreter.resume(&execution, &checkpoint, &recorder).await,
        };
        match outcome {
            Ok(outcome) => {
                if let Some(ended) = recorder.finish(outcome)? {
                    self.cloud.close(&ended).await;
                }
                Ok(())
            }
            Err(RecorderError(error)) if error.is::<Stopped>() => Ok(()),
            Err(error) => Err(not_saved(error)),
        }
    }

    fn execution(&self) -> Execution {
        let (summary, identity) = (&self.stored.summary, self.cloud.identity());
        Execution {
            arn: summary.arn.clone(),
            name: summary.name.clone(),
            role_arn: identity.role_arn(&identity.name),
            start_time: summary.start_date,
            state_machine_arn: identity.state_machine_arn(),
            state_machine_name: identity.name.clone(),
            input: Arc::clone(&summary.input),
            redrive: self.stored.redrive,
        }
    }
}

/// Somebody stopped the execution while it ran.
#[derive(Debug, thiserror::Error)]
#[error("the execution was stopped")]
struct Stopped;

/// The store's own error, if it is the cause: it names the file and what to do.
fn not_saved(RecorderError(error): RecorderError) -> EngineError {
    match error.downcast::<StoreError>() {
        Ok(error) => EngineError::Store(*error),
        Err(error) => EngineError::Recorder(RecorderError(error)),
    }
}

/// Saves an execution at each transition, with the events since the last transition: all of them or none.
struct CheckpointRecorder<'e, R> {
    store: &'e Store<R>,
    stored: RefCell<StoredExecution>,
    unsaved: RefCell<Vec<Event>>,
}

impl<R: Resources> CheckpointRecorder<'_, R> {
    /// Saves how the execution ended. `None` if somebody stopped it in the meantime.
    fn finish(self, outcome: ExecutionOutcome) -> Result<Option<ExecutionSummary>, StoreError> {
        let now = self.store.now();
        {
            let summary = &mut self.stored.borrow_mut().summary;
            summary.stop_date = Some(now);
            match outcome {
                ExecutionOutcome::Succeeded { output } => {
                    summary.status = ExecutionStatus::Succeeded;
                    summary.output = Some(Arc::unwrap_or_clone(output));
                }
                ExecutionOutcome::Failed { error, cause } => {
                    (summary.status, summary.error, summary.cause) = (ExecutionStatus::Failed, error, cause);
                }
                ExecutionOutcome::TimedOut => summary.status = ExecutionStatus::TimedOut,
                ExecutionOutcome::Aborted { error, cause } => {
                    (summary.status, summary.error, summary.cause) = (ExecutionStatus::Aborted, error, cause);
                }
            }
        }
        // An execution that was stopped in the meantime stays as it was stopped.
        let stored = self.stored.into_inner();
        let summary = stored.summary.clone();
        Ok(self.store.save_execution(stored, self.unsaved.into_inner())?.then_some(summary))
    }
}

impl<R: Resources> Recorder for CheckpointRecorder<'_, R> {
    fn record(&self, event: Event) {
        self.unsaved.borrow_mut().push(event);
    }

    fn checkpoint(&self, progress: &Checkpoint) -> Result<(), RecorderError> {
        self.stored.borrow_mut().checkpoint = Some(progress.clone());
        let events = mem::take(&mut *self.unsaved.borrow_mut());
        match self.store.save_execution(self.stored.borrow().clone(), events) {
            Ok(true) => Ok(()),
            Ok(false) => Err(RecorderError(Box::new(Stopped))),
            Err(error) => Err(RecorderError(Box::new(error))),
        }
    }
}

struct StoreClock<'e, R>(&'e Store<R>);

#[async_trait(?Send)]
impl<R: Resources> Clock for StoreClock<'_, R> {
    fn now(&self) -> DateTime<Utc> {
        self.0.now()
    }

    async fn sleep_until(&self, at: DateTime<Utc>) {
        self.0.timeline().sleep_until(at).await;
    }
}

/// Runs tasks as the deployer's Lambda function does.
struct DispatchedTasks<'e, D: LocalDeployer> {
    cloud: &'e LocalCloud<D>,
    zombies: &'e Zombies,
}

#[async_trait(?Send)]
impl<D: LocalDeployer> Tasks for DispatchedTasks<'_, D> {
    async fn run(&self, request: TaskRequest<'_>) -> TaskOutcome {
        outcome(AttemptRun::new(self.cloud.clone(), request.parameters, self.zombies).await)
    }
}

fn outcome(invoked: Invoked) -> TaskOutcome {
    match invoked {
        Ok(Ok(output)) => TaskOutcome::Succeeded(Arc::new(output)),
        Ok(Err(failure)) => {
            TaskOutcome::Failed { cause: Some(serde_json::json!(failure).to_string()), error: Some(failure.error) }
        }
        Err(lost) => TaskOutcome::Failed { error: Some(lost.error().into()), cause: Some(lost.cause().into()) },
    }
}

/// Randomness from the operating system.
struct SystemRandom;

impl Random for SystemRandom {
    fn unit(&self) -> f64 {
        let (bits, _) = Uuid::new_v4().as_u64_pair();
        // The upper 48 bits: the bits below them hold the version of the UUID.
        #[allow(clippy::cast_precision_loss, reason = "an f64 holds 53 bits")]
        let fraction = (bits >> 16) as f64 / (1_u64 << 48) as f64;
        fraction
    }

    fn uuid(&self) -> String {
        Uuid::new_v4().to_string()
    }
}
