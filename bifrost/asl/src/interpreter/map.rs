//! The `Map` state: its settings, and the iterations inside the execution.

use std::rc::Rc;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::Value;

use super::context::Item;
use super::event::{EventDetails, EventType};
use super::failure::{StateError, Stop};
use super::frame::{Frame, Visit};
use super::parallel::BranchEnd;
use super::position::Position;
use super::run::{RawResult, Run};
use crate::{Map, ProcessorMode};

/// Maximum number of concurrent iterations inside an execution.
const MAX_INLINE: usize = 40;

/// The iterations of one attempt.
struct Iterations<'r> {
    visit: &'r Visit<'r>,
    map: &'r Map,
    input: Arc<Value>,
    items: Vec<Arc<Value>>,
    positions: Vec<Rc<Position>>,
}

impl Visit<'_> {
    /// The items at `ItemsPath`.
    pub(super) fn items(
        &self,
        frame: &mut Frame<'_>,
        map: &Map,
        input: &Arc<Value>,
    ) -> Result<Vec<Arc<Value>>, StateError> {
        let (items, path) = match &map.items_path {
            Some(path) => (self.look_up(frame, path, input)?.into_owned(), path.as_str()),
            None => (input.as_ref().clone(), "$"),
        };
        let Value::Array(items) = items else {
            // AWS names a path into the context object without its first `$`.
            let path = if path.starts_with("$$") { path.get(1..).unwrap_or(path) } else { path };
            return Err(self.runtime(format!("Reference path \"{path}\" must point to array.")));
        };
        frame.inspect("afterItemsPath", &items);
        Ok(items.into_iter().map(Arc::new).collect())
    }

    pub(super) fn max_concurrency(&self, frame: &mut Frame<'_>, map: &Map, input: &Value) -> Result<usize, StateError> {
        let limit = self.count(frame, "MaxConcurrency", map.max_concurrency.as_ref(), input)?.unwrap_or(0);
        frame.inspect("maxConcurrency", &limit);
        Ok(usize::try_from(limit).unwrap_or(usize::MAX))
    }
}

impl Run<'_> {
    /// One attempt.
    pub(super) async fn map(&self, visit: &Visit<'_>, frame: &mut Frame<'_>, map: &Map) -> Result<RawResult, Stop> {
        let input = visit.effective_input(frame)?;
        let max_concurrency = visit.max_concurrency(frame, map, &input)?;
        match map.item_processor.mode {
            ProcessorMode::Inline => self.inline_map(visit, frame, map, input, max_concurrency).await,
            ProcessorMode::Distributed(_) => self.map_run(visit, frame, map, input, max_concurrency).await,
        }
    }

    /// Runs the iterations inside the execution.
    async fn inline_map(
        &self,
        visit: &Visit<'_>,
        frame: &mut Frame<'_>,
        map: &Map,
        input: Arc<Value>,
        max_concurrency: usize,
    ) -> Result<RawResult, Stop> {
        let items = visit.items(frame, map, &input)?;
        frame.previous = self.start_map(frame, items.len())?;
        let iterations = Iterations { visit, map, input, items, positions: Vec::new() };
        let max_concurrency = if max_concurrency == 0 { MAX_INLINE } else { max_concurrency.min(MAX_INLINE) };
        let results = match self.iterate(frame, iterations, max_concurrency).await {
            Err(Stop::Failed(failure)) if !failure.is_fatal() => {
                // If an iteration could not start, those that run stop, too.
                frame.position.abort_branches(self, frame.previous)?;
                return Err(failure.into());
            }
            results => results?,
        };
        let last = frame.previous;
        frame.previous = self.record(last, EventType::MapStateSucceeded, EventDetails::default())?;
        Ok(RawResult { value: Arc::new(Value::Array(results)), leads_to: last })
    }

    pub(super) fn start_map(&self, frame: &Frame<'_>, length: usize) -> Result<u64, Stop> {
        let length = u64::try_from(length).ok();
        self.record(frame.previous, EventType::MapStateStarted, EventDetails { length, ..EventDetails::default() })
    }

    async fn iterate(
        &self,
        frame: &mut Frame<'_>,
        mut iterations: Iterations<'_>,
        max_concurrency: usize,
    ) -> Result<Vec<Value>, Stop> {
        let (count, map, started) = (iterations.items.len(), iterations.map, frame.previous);
        let mut results = vec![Value::Null; count];
        let mut running = FuturesUnordered::new();
        let mut waiting = 0..count;
        for index in waiting.by_ref().take(max_concurrency) {
            let (input, branch) = self.start_iteration(frame, &mut iterations, index, started)?;
            running.push(self.branch(index, &map.item_processor.flow, input, branch));
        }
        while let Some(BranchEnd { index, last_event, result }) = running.next().await {
            let output = match result {
                Ok(output) => output,
                Err(stop) => {
                    // The other iterations stop before their end is recorded.
                    drop(running);
                    frame.previous = last_event;
                    return Err(self.stop_iterations(frame, &iterations, index, stop)?);
                }
            };
            if let Some(result) = results.get_mut(index) {
                *result = Arc::unwrap_or_clone(output);
            }
            let details = iteration_details(&iterations, index);
            frame.previous = self.record(last_event, EventType::MapIterationSucceeded, details)?;
            if let Some(next) = waiting.next() {
                let (input, branch) = self.start_iteration(frame, &mut iterations, next, last_event)?;
                running.push(self.branch(next, &map.item_processor.flow, input, branch));
            }
        }
        Ok(results)
    }

    /// The input and the frame of an iteration that starts after the event `previous`.
    fn start_iteration<'a>(
        &self,
        frame: &Frame<'a>,
        iterations: &mut Iterations<'_>,
        index: usize,
        previous: u64,
    ) -> Result<(Arc<Value>, Frame<'a>), Stop> {
        let value = iterations.items.get(index).cloned().unwrap_or_default();
        let number = u64::try_from(index).unwrap_or(u64::MAX);
        let context = frame.context.iteration(Item { index: number, value: Arc::clone(&value) });
        let mut branch = frame.branch(previous, context, Rc::default());
        let input = match &iterations.map.item_selector {
            Some(selector) => self.payload(iterations.visit, &mut branch, Some(selector), &iterations.input)?,
            None => value,
        };
        let details = iteration_details(iterations, index);
        branch.previous = self.record(previous, EventType::MapIterationStarted, details)?;
        branch.position = frame.position.branch(Some((iterations.visit.state.name.clone(), number)));
        iterations.positions.push(Rc::clone(&branch.position));
        Ok((input, branch))
    }

    /// Records that one iteration failed and aborted the others.
    fn stop_iterations(
        &self,
        frame: &Frame<'_>,
        iterations: &Iterations<'_>,
        index: usize,
        stop: Stop,
    ) -> Result<Stop, Stop> {
        if matches!(&stop, Stop::Failed(failure) if !failure.is_fatal()) {
            let failed = iterations.positions.get(index);
            failed.inspect(|position| position.end());
            frame.position.abort_branches(self, frame.previous)?;
            if let Some(position) = failed {
                position.abort_state(self, frame.previous)?;
            }
            self.record(frame.previous, EventType::MapIterationFailed, iteration_details(iterations, index))?;
        }
        Ok(stop)
    }
}

fn iteration_details(iterations: &Iterations<'_>, index: usize) -> EventDetails {
    let name = Some(iterations.visit.state.name.clone());
    EventDetails { name, index: u64::try_from(index).ok(), ..EventDetails::default() }
}
