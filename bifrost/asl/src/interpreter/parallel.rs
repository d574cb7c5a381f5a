//! The `Parallel` state, and concurrent branches, which `Map` also uses.

use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::Value;

use super::event::{EventDetails, EventType};
use super::failure::Stop;
use super::frame::{Frame, Visit};
use super::run::{RawResult, Run};
use crate::{Flow, Parallel};

/// How a branch ended.
pub(super) struct BranchEnd {
    pub(super) index: usize,
    /// The last event of the branch.
    pub(super) last_event: u64,
    pub(super) result: Result<Arc<Value>, Stop>,
}

impl Run<'_> {
    /// One attempt.
    pub(super) async fn parallel(
        &self,
        visit: &Visit<'_>,
        frame: &mut Frame<'_>,
        parallel: &Parallel,
    ) -> Result<RawResult, Stop> {
        let input = visit.effective_input(frame)?;
        let input = self.parameters(visit, frame, parallel.parameters.as_ref(), &input)?;
        let started = self.record(frame.previous, EventType::ParallelStateStarted, EventDetails::default())?;
        frame.previous = started;
        let result = self.branches(frame, parallel, &input).await?;
        let last = frame.previous;
        frame.previous = self.record(last, EventType::ParallelStateSucceeded, EventDetails::default())?;
        Ok(RawResult { value: Arc::new(result), leads_to: last })
    }

    /// Runs all branches. `frame` ends at the last event of all branches, or of the branch that failed.
    async fn branches(&self, frame: &mut Frame<'_>, parallel: &Parallel, input: &Arc<Value>) -> Result<Value, Stop> {
        let mut running = FuturesUnordered::new();
        for (index, flow) in parallel.branches.iter().enumerate() {
            let branch = frame.branch(frame.previous, frame.context.branch(), frame.position.branch(None));
            running.push(self.branch(index, flow, Arc::clone(input), branch));
        }
        let mut results = vec![Value::Null; parallel.branches.len()];
        while let Some(BranchEnd { index, last_event, result }) = running.next().await {
            match result {
                Ok(output) => {
                    frame.previous = frame.previous.max(last_event);
                    if let Some(result) = results.get_mut(index) {
                        *result = Arc::unwrap_or_clone(output);
                    }
                }
                Err(stop) => {
                    // The other branches stop before their end is recorded.
                    drop(running);
                    frame.previous = last_event;
                    if matches!(&stop, Stop::Failed(failure) if !failure.is_fatal()) {
                        frame.position.abort_branches(self, last_event)?;
                    }
                    return Err(stop);
                }
            }
        }
        Ok(Value::Array(results))
    }

    pub(super) async fn branch(&self, index: usize, flow: &Flow, input: Arc<Value>, mut frame: Frame<'_>) -> BranchEnd {
        let result = self.flow(flow, input, &mut frame).await;
        if result.is_ok() {
            frame.position.end();
        }
        BranchEnd { index, last_event: frame.previous, result }
    }
}
