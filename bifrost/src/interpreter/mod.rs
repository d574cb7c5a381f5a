//! stub
mod clock;
mod event;
mod execution;
mod recorder;
use crate::asl::{Random, StateMachine};
use async_trait::async_trait;
pub use clock::*;
pub use event::*;
pub use execution::*;
pub use recorder::*;
use serde_json::Value;
use std::sync::Arc;
/// x
pub struct TaskRequest<'a> {
    /// x
    pub state: &'a str,
    /// x
    pub parameters: Arc<Value>,
}
/// x
pub enum TaskOutcome {
    /// x
    Succeeded(Arc<Value>),
    /// x
    Failed {
        /// x
        error: Option<String>,
        /// x
        cause: Option<String>,
    },
}
/// x
#[async_trait(?Send)]
pub trait Tasks {
    /// x
    async fn run(&self, r: TaskRequest<'_>) -> TaskOutcome;
}
/// x
pub struct Interpreter<'a>(&'a StateMachine, &'a dyn Clock, &'a dyn Tasks, &'a dyn Random);
impl<'a> Interpreter<'a> {
    /// x
    pub fn new(a: &'a StateMachine, b: &'a dyn Clock, c: &'a dyn Tasks, d: &'a dyn Random) -> Self {
        Self(a, b, c, d)
    }
    /// x
    pub async fn start(&self, _e: &Execution, _r: &dyn Recorder) -> Result<Outcome, RecorderError> {
        unimplemented!()
    }
    /// x
    pub async fn resume(&self, _e: &Execution, _c: Checkpoint, _r: &dyn Recorder) -> Result<Outcome, RecorderError> {
        unimplemented!()
    }
}
