//! Records the states of a deploy, and finishes a deploy from a recorded state.

use super::StatesError;
use super::merge_patch;
use crate::testing::{HarnessError, RaisedError, Run, TestHarness};
use crate::{CallRecord, LocalDeployer, LocalState, LockItems, Resources, StoreError};
use bifrost_asl::interpreter::Checkpoint;
use bifrost_core::cloud::{ExecutionStatus, ExecutionSummary};
use bifrost_core::json;
use bifrost_core::release::ExecutionName;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};

/// A deploy: the local cloud before it, and its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedDeploy {
    /// The end state.
    pub end: String,
    /// The name of the execution.
    pub execution: String,
    /// The input of the execution. It is uploaded already.
    pub release: Value,
    /// The local cloud when the execution starts.
    pub cloud: Value,
}

/// A state of a deploy, when it was entered for the first time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedState {
    /// The input of the state.
    pub input: Value,
    /// How the local cloud differs from the one before the deploy, as a merge patch.
    pub cloud: Value,
}

/// A deploy with its states, by name, in the order in which they were entered.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// The deploy.
    pub deploy: RecordedDeploy,
    /// Its task states.
    pub states: Vec<(String, RecordedState)>,
    /// The output of the last task.
    pub output: Value,
    /// The errors that tasks raised.
    pub errors: Vec<RaisedError>,
    /// Whether a root lock is held at the end.
    pub holds_lock: bool,
    /// The local cloud at the end.
    pub cloud: Value,
}

impl<D: LocalDeployer> TestHarness<D> {
    /// Deploys a release that was uploaded, and records its states. The local cloud of the harness stays as it is: the deploy runs in
    /// a copy, without the audit log.
    ///
    /// # Errors
    /// [`StatesError`] if the local cloud cannot be written as JSON, or the engine cannot continue.
    pub async fn record(&self, release: &Value) -> Result<Recording, StatesError> {
        let cloud = written(self.store().read(LocalState::clone).map_err(HarnessError::from)?)?;
        let execution = ExecutionName::for_release(&self.read(release)?.envelope, D::EXECUTION_NAMES).to_string();
        let deploy = RecordedDeploy { end: String::new(), execution, release: release.clone(), cloud };
        deploy.play::<D>(None).await
    }

    /// Starts an execution that has entered this state with this input now, and was `started` earlier.
    fn start_in(&self, name: &str, state: &str, input: &Value, started: DateTime<Utc>) -> Result<(), StoreError> {
        let input = Arc::new(input.clone());
        let checkpoint = Checkpoint {
            state: state.into(),
            input: Arc::clone(&input),
            variables: Arc::default(),
            entered_at: self.store().now(),
            entered_event: 0,
            last_event: 0,
        };
        self.store().insert_execution(ExecutionSummary {
            name: name.to_owned(),
            arn: self.cloud().identity().execution_arn(name),
            status: ExecutionStatus::Running,
            start_date: started,
            stop_date: None,
            input,
            output: None,
            error: None,
            cause: None,
        })?;
        let entered = self.store().change_execution(name, |execution, _| {
            execution.checkpoint = Some(checkpoint);
            ((), None)
        });
        entered.map(drop)
    }
}

impl RecordedDeploy {
    /// Finishes the deploy from a recorded state with the deployer `D`, which records the states on the way. It need not be the
    /// deployer that recorded the state, but has its name.
    ///
    /// # Errors
    /// [`StatesError`] if the recorded local cloud cannot be read, or the engine cannot continue.
    pub async fn finish<D: LocalDeployer>(&self, name: &str, state: &RecordedState) -> Result<Recording, StatesError> {
        self.play::<D>(Some((name, state))).await
    }

    async fn play<D: LocalDeployer>(&self, from: Option<(&str, &RecordedState)>) -> Result<Recording, StatesError> {
        let mut cloud = self.cloud.clone();
        if let Some((_, state)) = from {
            merge_patch::apply(&mut cloud, state.cloud.clone());
        }
        let harness = TestHarness::<D>::new(json::read(&cloud)?)?;
        let entered = watch_states(&harness);
        match from {
            None => {
                let executions = harness.cloud().executions();
                executions.start(&self.execution, &self.release).await.map_err(HarnessError::from)?;
            }
            Some((name, state)) => {
                harness
                    .start_in(&self.execution, name, &state.input, started(&self.cloud)?)
                    .map_err(HarnessError::from)?;
            }
        }
        harness.run().await?;
        let run = harness.execution(&self.execution).await?;
        let entered = std::mem::take(&mut *entered.lock().unwrap_or_else(PoisonError::into_inner));
        let mut states = Vec::new();
        for (name, cloud) in entered {
            let is_first = from.is_some_and(|(first, _)| first == name);
            let input = if is_first { from.map(|(_, state)| &state.input) } else { input_of(&run, &name) };
            let cloud = merge_patch::diff(&self.cloud, &written(cloud)?);
            states.extend(input.map(|input| (name, RecordedState { input: input.clone(), cloud })));
        }
        let end = run.path().last().copied().unwrap_or_default().to_owned();
        let at_end = harness.store().read(LocalState::clone).map_err(HarnessError::from)?;
        let holds_lock = tables(&at_end).any(|table| !table.locks.is_empty());
        Ok(Recording {
            deploy: Self { end, ..self.clone() },
            states,
            output: output_of(&run),
            errors: run.errors(),
            holds_lock,
            cloud: written(at_end)?,
        })
    }
}

/// The local cloud as JSON, without the audit log, which is large and which no deploy needs, and without `null`, which a merge patch
/// cannot express.
fn written<R: Resources>(mut cloud: LocalState<R>) -> Result<Value, StatesError> {
    cloud.audit.clear();
    let mut written = serde_json::to_value(&cloud).map_err(StatesError::NotJson)?;
    remove_nulls(&mut written);
    if json::read::<LocalState<R>>(&written)? == cloud { Ok(written) } else { Err(StatesError::NotTheSame) }
}

fn remove_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(remove_nulls);
        }
        Value::Array(elements) => elements.iter_mut().for_each(remove_nulls),
        _ => (),
    }
}

fn started(cloud: &Value) -> Result<DateTime<Utc>, StatesError> {
    Ok(json::read(cloud.get("clock").unwrap_or(&Value::Null))?)
}

fn tables<R>(cloud: &LocalState<R>) -> impl Iterator<Item = &LockItems> {
    cloud.accounts.values().flat_map(|account| account.lock_tables.values())
}

type Entered<R> = Arc<Mutex<Vec<(String, LocalState<R>)>>>;

/// The local cloud before the first call of each state, from now on.
fn watch_states<D: LocalDeployer>(harness: &TestHarness<D>) -> Entered<D::Resources> {
    let entered = Entered::<D::Resources>::default();
    let seen = Arc::clone(&entered);
    let watch = move |record: &CallRecord, before: &LocalState<D::Resources>, _: &LocalState<D::Resources>| {
        let state = &record.call.name.attempt.state;
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.is_empty() && !seen.iter().any(|(name, _)| name == state) {
            seen.push((state.clone(), before.clone()));
        }
    };
    harness.store().watch(Box::new(watch));
    entered
}

fn input_of<'r>(run: &'r Run, state: &str) -> Option<&'r Value> {
    let mut entered = run.history.iter().filter(|event| event.enters_state());
    entered.find(|event| event.details.name.as_deref() == Some(state))?.details.input.as_deref()
}

fn output_of(run: &Run) -> Value {
    let exited = run.history.iter().filter(|event| event.event_type == "TaskStateExited");
    exited.filter_map(|event| event.details.output.as_deref()).next_back().cloned().unwrap_or_default()
}
