//! State machines: the trait [`Machine`], which [`state_machine!`](crate::state_machine) implements.
//!
//! All states work on one data type, the machine's [`Data`]: a `catch` passes on the input of the failed task, so states that
//! clean up must accept it. The handler of a task is an async function
//! `async fn deploy(ctx: &Context<Ports>, data: D) -> Result<D, DeployFailure>`; the marks `validates`, `locks` and `unlocks` demand other
//! outputs. Its error type names its variants on the wire
//! with [`TaskError`](trait@crate::TaskError).

mod constant;
pub(crate) mod definition;
mod dispatch;
pub(crate) mod expansion;
mod function_version;
mod panic;

pub use definition::DefinitionSettings;
pub use function_version::{LATEST, function_versions, set_function_version};
use serde::Serialize;
use serde_json::Value;
use std::fmt::{Debug, Display};
use std::future::Future;
use std::hash::Hash;

use crate::lifecycle::{Context, HandlerOutput};
use crate::release::{Fields, Release};
use crate::shape::Shape;
use crate::task::FunctionError;

pub(crate) use dispatch::OutputTooLarge;
pub use dispatch::dispatch;
pub(crate) use panic::PanicError;

/// A state machine whose states are known to the compiler. `state_machine!` implements it.
pub trait Machine: Copy + Eq + Hash + Debug + Display + Send + Sync + 'static {
    /// The data that travels from state to state: a [`Release`].
    type Data: Data;

    /// The ports of its handlers into a target account.
    type Ports: Send + Sync + 'static;

    /// The name of the machine.
    const NAME: &'static str;

    /// All states with their kinds and comments, in the order of the chart.
    const STATES: &'static [State];

    /// All states, in the order of the chart.
    const ALL: &'static [Self];

    /// The first state that may change the target account. A deploy that fails before it was refused (contract §9).
    const CHANGES_FROM: Self;

    /// The end state of a deploy that succeeded.
    const SUCCESS: Self;

    /// The end state of a deploy that failed and has cleaned up.
    const FAILURE_CLEAN: Self;

    /// The end state of a deploy that failed and needs manual intervention.
    const FAILURE_DIRTY: Self;

    /// The state's name in the definition, such as `Healthy?`.
    fn name(self) -> &'static str;

    /// The state of this name in the definition. `None` for a state of another version.
    fn from_name(name: &str) -> Option<Self>;

    /// The complete definition in the Amazon States Language. See
    /// [`deployer::definition`](crate::deployer::definition), which knows the settings of a deployer.
    fn definition(settings: &DefinitionSettings) -> Value;

    /// Runs the handler of the task state `task` on the state's input, and returns the state's output.
    ///
    /// # Errors
    /// The handler's error under its name on the wire, `TaskError` if no task state has that name, and the
    /// [wire name](crate::json::ReadError::wire_name) of a `ReadError` if the input is not valid.
    fn run(ctx: &Context<Ports<Self>>, task: &str, input: &Value)
    -> impl Future<Output = Result<Value, FunctionError>>;
}

/// The fields that a deployer adds to the envelope of its releases.
pub type FieldsOf<M> = <<M as Machine>::Data as Data>::Fields;

/// The ports that the handlers of a machine use through their [`Context`].
pub type Ports<M> = <M as Machine>::Ports;

/// The data of a machine: the input and output of all of its states. It is always a [`Release`], because the framework owns
/// the life cycle of a deploy.
pub trait Data:
    Serialize
    + Shape
    + Sized
    + sealed::Sealed
    + Into<Release<Self::Fields>>
    + From<Release<Self::Fields>>
    + HandlerOutput<Self::Fields>
{
    /// The deployer's fields.
    type Fields: Fields;
}

/// A [`Release`], also one whose fields are none: the bound on these is then the only one that fails.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the data of a state machine",
    label = "is not a release",
    note = "the data is `Release<YourFields>`, where `YourFields` is a struct with `#[bifrost::fields]`"
)]
pub trait IsRelease {
    /// What should be the deployer's fields.
    type Fields;

    /// Fields without their release are not one: the machine then has the release of them, so that the mistake is one error.
    const IS_RELEASE: bool = true;
}

impl<F> IsRelease for Release<F> {
    type Fields = F;
}

mod sealed {
    pub trait Sealed {}
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

impl<F: Fields> sealed::Sealed for Release<F> {}

impl<F: Fields> Data for Release<F> {
    type Fields = F;
}
