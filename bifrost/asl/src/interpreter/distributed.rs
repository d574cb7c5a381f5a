//! The distributed `Map`: each iteration is an execution with its own history.

use std::cell::Cell;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream;
use serde_json::Value;

use super::context::ContextObject;
use super::event::{EventDetails, EventType};
use super::execution::Execution;
use super::failure::{StateError, Stop, names};
use super::frame::{Frame, Visit};
use super::recorder::NullRecorder;
use super::run::{RawResult, Run};
use crate::Map;

/// Maximum number of concurrent child executions.
const MAX_DISTRIBUTED: usize = 10_000;

/// Limits for failed child executions.
pub(super) struct Tolerance {
    count: Option<u64>,
    percentage: Option<f64>,
}

/// State that all child executions of a run share.
struct MapRun<'r> {
    visit: &'r Visit<'r>,
    map: &'r Map,
    input: &'r Arc<Value>,
    arn: Arc<str>,
    max_concurrency: usize,
    tolerance: Tolerance,
}

impl Visit<'_> {
    pub(super) fn tolerance(&self, frame: &mut Frame<'_>, map: &Map, input: &Value) -> Result<Tolerance, StateError> {
        let count = self.count(frame, "ToleratedFailureCount", map.tolerated_failure_count.as_ref(), input)?;
        let percentage = map.tolerated_failure_percentage.as_ref();
        let percentage = self.percentage(frame, "ToleratedFailurePercentage", percentage, input)?;
        if let Some(count) = &count {
            frame.inspect("toleratedFailureCount", count);
        }
        if let Some(percentage) = &percentage {
            frame.inspect("toleratedFailurePercentage", percentage);
        }
        Ok(Tolerance { count, percentage })
    }
}

impl Run<'_> {
    /// Runs the iterations as child executions.
    pub(super) async fn map_run(
        &self,
        visit: &Visit<'_>,
        frame: &mut Frame<'_>,
        map: &Map,
        input: Arc<Value>,
        max_concurrency: usize,
    ) -> Result<RawResult, Stop> {
        let items = match &map.item_reader {
            Some(_) => None,
            None => Some(visit.items(frame, map, &input)?),
        };
        frame.previous = self.start_map(frame, items.as_ref().map_or(0, Vec::len))?;
        let tolerance = visit.tolerance(frame, map, &input)?;
        let max_concurrency = if max_concurrency == 0 { MAX_DISTRIBUTED } else { max_concurrency.min(MAX_DISTRIBUTED) };
        let map_run = MapRun { visit, map, input: &input, arn: self.map_run_arn(map), max_concurrency, tolerance };
        let details = EventDetails { map_run_arn: Some(Arc::clone(&map_run.arn)), ..EventDetails::default() };
        let started = self.record(frame.previous, EventType::MapRunStarted, details)?;
        frame.previous = started;
        match self.children(frame, &map_run, items).await {
            Ok(results) => {
                let succeeded = self.record(started, EventType::MapRunSucceeded, EventDetails::default())?;
                frame.previous = self.record(succeeded, EventType::MapStateSucceeded, EventDetails::default())?;
                Ok(RawResult { value: Arc::new(Value::Array(results)), leads_to: started })
            }
            Err(Stop::Failed(failure)) if !failure.is_fatal() => {
                let (error, cause) = (failure.error.clone(), failure.cause_text());
                let details = EventDetails { error, cause, ..EventDetails::default() };
                frame.previous = self.record(started, EventType::MapRunFailed, details)?;
                Err(failure.into())
            }
            Err(stop) => Err(stop),
        }
    }

    async fn children(
        &self,
        frame: &mut Frame<'_>,
        map_run: &MapRun<'_>,
        items: Option<Vec<Arc<Value>>>,
    ) -> Result<Vec<Value>, Stop> {
        let items = match (items, &map_run.map.item_reader) {
            (Some(items), _) => items,
            (None, Some(reader)) => self.read_items(map_run.visit, frame, reader, map_run.input).await?,
            (None, None) => Vec::new(),
        };
        let inputs = self.child_inputs(frame, map_run, items)?;
        let count = inputs.len();
        let children = stream::iter(inputs).map(|input| self.child(map_run, input)).buffered(map_run.max_concurrency);
        let mut children = std::pin::pin!(children);
        let (mut results, mut failed) = (Vec::with_capacity(count), 0_usize);
        while let Some(result) = children.next().await {
            match result {
                Ok(output) => results.push(Arc::unwrap_or_clone(output)),
                Err(Stop::Failed(_)) => failed += 1,
                Err(stop) => return Err(stop),
            }
            if map_run.tolerance.is_exceeded(failed, count) {
                return Err(threshold_exceeded().into());
            }
        }
        Ok(results)
    }

    /// The input of each child execution: an item, the result of the selector, or a batch of these.
    fn child_inputs(
        &self,
        frame: &mut Frame<'_>,
        map_run: &MapRun<'_>,
        items: Vec<Arc<Value>>,
    ) -> Result<Vec<Arc<Value>>, StateError> {
        let MapRun { visit, map, input, .. } = *map_run;
        let items = match &map.item_selector {
            Some(selector) => self.select_items(visit, frame, selector, input, items)?,
            None => items,
        };
        self.batches(visit, frame, map, input, items)
    }

    /// Runs one child execution, with its own input and name, and without the variables of this one.
    async fn child(&self, map_run: &MapRun<'_>, input: Arc<Value>) -> Result<Arc<Value>, Stop> {
        let name = self.random.uuid();
        let execution = Execution {
            arn: format!("{}:{name}", map_run.arn.replace(":mapRun:", ":execution:")),
            name,
            start_time: self.clock.now(),
            input: Arc::clone(&input),
            ..self.execution.clone()
        };
        let run = Run {
            clock: self.clock,
            tasks: self.tasks,
            random: self.random,
            recorder: &NullRecorder,
            execution: &execution,
            last_event: Cell::new(0),
        };
        run.record(0, EventType::ExecutionStarted, EventDetails::default())?;
        let mut frame = Frame::top(ContextObject::new(&execution));
        run.flow(&map_run.map.item_processor.flow, input, &mut frame).await
    }

    /// `arn:aws:states:<region>:<account>:mapRun:<state machine>/<label>:<id>`
    fn map_run_arn(&self, map: &Map) -> Arc<str> {
        let machine = self.execution.state_machine_arn.replace(":stateMachine:", ":mapRun:");
        let label = map.label.clone().unwrap_or_else(|| self.random.uuid());
        format!("{machine}/{label}:{}", self.random.uuid()).into()
    }
}

/// The error of a run with too many failed child executions.
pub(super) fn threshold_exceeded() -> StateError {
    let cause = "The specified tolerated failure threshold was exceeded";
    StateError::new(names::EXCEED_TOLERATED_FAILURE_THRESHOLD, cause)
}

impl Tolerance {
    /// Without limits, no child may fail; with both, neither may be exceeded.
    pub(super) fn is_exceeded(&self, failed: usize, of: usize) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "a share of 2^53 items need not be exact")]
        let share = failed as f64 * 100.0 / of.max(1) as f64;
        let failed = u64::try_from(failed).unwrap_or(u64::MAX);
        match (self.count, self.percentage) {
            (None, None) => failed > 0,
            (count, percentage) => {
                count.is_some_and(|count| failed > count) || percentage.is_some_and(|percentage| share > percentage)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_failure_limits_apply() {
        let exceeded = |count, percentage, failed| Tolerance { count, percentage }.is_exceeded(failed, 10);
        assert!(!exceeded(None, None, 0) && exceeded(None, None, 1));
        assert!(!exceeded(Some(2), None, 2) && exceeded(Some(2), None, 3));
        assert!(!exceeded(None, Some(20.0), 2) && exceeded(None, Some(20.0), 3));
        assert!(exceeded(Some(1), Some(50.0), 2) && exceeded(Some(9), Some(10.0), 2));
    }
}
