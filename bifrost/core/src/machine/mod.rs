//! What a chart becomes: a [`Machine`], written with [`state_machine!`](crate::state_machine).
//!
//! Every state works on one data type, the machine's [`Data`]: on a catch the failing task's input travels on, so that
//! states which clean up must agree on it anyway. A task's handler is a plain async function
//! `async fn lock(ctx: &Context<Ports>, data: D) -> Result<D, LockFailure>`, whose error type names its variants on the
//! wire through [`TaskError`](trait@crate::TaskError).

pub(crate) mod definition;
mod dispatch;
pub(crate) mod expansion;
mod panic;

use serde::Serialize;
use serde_json::Value;
use std::future::Future;

use crate::release::{Defaults, Fields, Release};
use crate::shape::Shape;
use crate::task::{Context, FunctionError, InputError};

pub use dispatch::dispatch;

/// A state machine whose states are known to the compiler. `state_machine!` implements it.
pub trait Machine: Copy + 'static {
    /// What travels from state to state.
    type Data: Data;

    /// The machine's name, as its author wrote it.
    const NAME: &'static str;

    /// Every state, in the order of the chart.
    const STATES: &'static [State];

    /// The complete definition in the Amazon States Language. `resource` is the ARN of the one Lambda function that
    /// runs every task.
    fn definition(resource: &str) -> Value;

    /// Runs the handler of the task state called `task` on the state's input, and gives the state's output.
    ///
    /// # Errors
    /// What the handler raised under its name on the wire, `TaskError` where no task state has that name, and
    /// `UnmarshalError` or what else [`Data::read`] says of an input that is not this machine's data.
    fn run(ctx: &Context<Ports<Self>>, task: &str, input: &Value)
    -> impl Future<Output = Result<Value, FunctionError>>;
}

/// The ports that the handlers of a machine see through their [`Context`].
pub type Ports<M> = <<M as Machine>::Data as Data>::Ports;

/// The data of a machine: what every state of it takes and gives.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the data of a state machine",
    label = "does not implement `Data`",
    note = "a release is `Release<YourFields>`; any other type implements `bifrost::machine::Data` itself"
)]
pub trait Data: Serialize + Shape + Sized {
    /// What the handlers need of the world: the deployer's own ports.
    type Ports;

    /// Reads a state's input. What the release leaves out is filled in from `defaults`.
    ///
    /// # Errors
    /// Names what is wrong by its JSON path, under the name that the error has on the wire.
    fn read(input: &Value, defaults: &Defaults) -> Result<Self, InputError>;
}

/// One state of a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Its name in the definition, such as `Healthy?`.
    pub name: &'static str,
    /// What it does.
    pub kind: Kind,
    /// What its author says of it.
    pub comment: Option<&'static str>,
}

/// What a state does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Runs a handler.
    Task,
    /// Lets time pass.
    Wait,
    /// Goes one of several ways.
    Choice,
    /// Goes on, perhaps with a field set.
    Pass,
    /// Ends well.
    Succeed,
    /// Ends badly.
    Fail,
}

impl<F: Fields> Data for Release<F> {
    type Ports = F::Ports;

    fn read(input: &Value, defaults: &Defaults) -> Result<Self, InputError> {
        Ok(Release::read(input, defaults)?)
    }
}
