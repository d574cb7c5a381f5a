//! State machines: the trait [`Machine`], which [`state_machine!`](crate::state_machine) implements.
//!
//! All states work on one data type, the machine's [`Data`]: a `catch` passes on the input of the failed task, so states that
//! clean up must accept it. The handler of a task is an async function
//! `async fn lock(ctx: &Context<Ports>, data: D) -> Result<D, LockFailure>`. Its error type names its variants on the wire
//! with [`TaskError`](trait@crate::TaskError).

pub(crate) mod definition;
mod dispatch;
pub(crate) mod expansion;
mod panic;

use serde::Serialize;
use serde_json::Value;
use std::future::Future;

use crate::json::ReadError;
use crate::release::{Defaults, Fields, Release};
use crate::shape::Shape;
use crate::task::{Context, FunctionError};

pub(crate) use dispatch::OutputTooLarge;
pub use dispatch::dispatch;
pub(crate) use panic::PanicError;

/// A state machine whose states are known to the compiler. `state_machine!` implements it.
pub trait Machine: Copy + 'static {
    /// The data that travels from state to state.
    type Data: Data;

    /// The name of the machine.
    const NAME: &'static str;

    /// All states, in the order of the chart.
    const STATES: &'static [State];

    /// The complete definition in the Amazon States Language. `resource` is the ARN of the one Lambda function that
    /// runs every task.
    fn definition(resource: &str) -> Value;

    /// Runs the handler of the task state `task` on the state's input, and returns the state's output.
    ///
    /// # Errors
    /// The handler's error under its name on the wire, `TaskError` if no task state has that name, and the
    /// [wire name](ReadError::wire_name) of the error of [`Data::read`] if the input is not valid.
    fn run(ctx: &Context<Ports<Self>>, task: &str, input: &Value)
    -> impl Future<Output = Result<Value, FunctionError>>;
}

/// The ports that the handlers of a machine use through their [`Context`].
pub type Ports<M> = <<M as Machine>::Data as Data>::Ports;

/// The data of a machine: the input and output of all of its states.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the data of a state machine",
    label = "does not implement `Data`",
    note = "a release is `Release<YourFields>`; any other type implements `bifrost::machine::Data` itself"
)]
pub trait Data: Serialize + Shape + Sized {
    /// The deployer's ports, which the handlers use.
    type Ports;

    /// Reads a state's input. Absent fields are filled in from `defaults`.
    ///
    /// # Errors
    /// What is wrong, with the JSON path.
    fn read(input: &Value, defaults: &Defaults) -> Result<Self, ReadError>;
}

/// One state of a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Its name in the definition, such as `Healthy?`.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Its `Comment` in the definition.
    pub comment: Option<&'static str>,
}

/// The kinds of states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Runs a handler.
    Task,
    /// Waits for some seconds, or until a time.
    Wait,
    /// Continues with one of several states.
    Choice,
    /// Continues with the next state, and may set a field.
    Pass,
    /// Ends the execution with success.
    Succeed,
    /// Ends the execution with an error.
    Fail,
}

impl<F: Fields> Data for Release<F> {
    type Ports = F::Ports;

    fn read(input: &Value, defaults: &Defaults) -> Result<Self, ReadError> {
        Self::read(input, defaults)
    }
}
