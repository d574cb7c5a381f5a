//! Functions that the expansion of `state_machine!` calls. Each bound is in one place only, so that one mistake is one error.

#![allow(clippy::must_use_candidate, reason = "expansions call it, and use what they get")]

use serde_json::{Value, json};
use std::future::Future;
use std::marker::PhantomData;

pub use super::FieldsOf;
pub use super::constant::{
    check_max_timeout, check_number, check_present, check_text, check_time, check_wait, values_of,
};
pub use super::definition::{
    Backoff, DefinitionSettings, Marks, catch, choice, definition, fail, pass, retry, rule, succeed, task_state, wait,
};
use super::{Machine, Ports, State};
use crate::error_code::Coded;
use crate::json::ReadError;
use crate::lifecycle::{self, Context, HandlerOutput, Role};
pub use crate::lifecycle::{Ends, Finish, Locked, Validated};
use crate::release::{Fields, ForeignState, Release};
pub use crate::shape::{BooleanLiteral, NumberLiteral, Optional, Shape, TextLiteral};
use crate::shape::{Compare, Order, Seconds, Timestamp};
use crate::task::{FunctionError, RaisedBy, TaskError, check_input};
pub use serde_json;

/// The type in which the compiler looks `$.field` up.
pub type ShapeOf<M> = <<M as Machine>::Data as Shape>::Shape;

/// `wait for $.field seconds`.
pub fn seconds<S, F: Seconds>(_field: fn(&S) -> &F) {}

/// `wait until $.field`.
pub fn timestamp<S, F: Timestamp>(_field: fn(&S) -> &F) {}

/// `$.field == literal`. `guarded` if the field may be absent although its type is not optional.
pub fn equals<S, F: Compare<L>, L: Into<Value>>(path: &str, guarded: bool, _field: fn(&S) -> &F, literal: L) -> Value {
    guard(path, guarded || F::OPTIONAL, compare(path, F::FAMILY, "Equals", literal))
}

/// `$.field < literal` and the like. `operator` is the end of the language's name for it.
pub fn orders<S, F: Order<L>, L: Into<Value>>(
    path: &str,
    guarded: bool,
    _field: fn(&S) -> &F,
    operator: &str,
    literal: L,
) -> Value {
    guard(path, guarded || F::OPTIONAL, compare(path, F::FAMILY, operator, literal))
}

/// `$.field in [literal, …]`.
pub fn is_in<S, F: Compare<L>, L: Into<Value>, const N: usize>(
    path: &str,
    guarded: bool,
    _field: fn(&S) -> &F,
    literals: [L; N],
) -> Value {
    let tests = literals.map(|literal| compare(path, F::FAMILY, "Equals", literal));
    guard(path, guarded || F::OPTIONAL, any(tests.into()))
}

/// `$.field present`.
pub fn is_present<S, F>(path: &str, _field: fn(&S) -> &F) -> Value {
    json!({ "Variable": path, "IsPresent": true })
}

/// The value of a field before the deployer sets it.
pub fn unset<T: Default>() -> T {
    T::default()
}

/// `a && b`.
pub fn all(conditions: Vec<Value>) -> Value {
    Value::from_iter([("And", conditions)])
}

/// `a || b`.
pub fn any(conditions: Vec<Value>) -> Value {
    Value::from_iter([("Or", conditions)])
}

/// `!a`.
pub fn not(condition: Value) -> Value {
    Value::from_iter([("Not", condition)])
}

/// The value of `$.field = literal`.
pub fn assigned<S, F: Compare<L>, L: Into<Value>>(_field: fn(&S) -> &F, literal: L) -> Value {
    literal.into()
}

fn compare(path: &str, family: &str, operator: &str, literal: impl Into<Value>) -> Value {
    let mut test = serde_json::Map::new();
    test.insert("Variable".into(), path.into());
    test.insert(format!("{family}{operator}"), literal.into());
    test.into()
}

/// On AWS, an absent variable fails the whole execution, so its presence is tested first. So a comparison with an absent field
/// is false, and its negation is true.
fn guard(path: &str, optional: bool, test: Value) -> Value {
    if optional { all(vec![json!({ "Variable": path, "IsPresent": true }), test]) } else { test }
}

/// The error type of a handler.
pub fn error_of<O, E>(_: &Result<O, E>) -> PhantomData<E> {
    PhantomData
}

/// The enum of a variant that a chart names: the type that the pattern in the closure has.
pub fn enum_of<T>(_: impl FnOnce(T) -> bool) -> PhantomData<T> {
    PhantomData
}

/// Checks that the error of a handler may be a variant of `T`.
pub fn may_be<E, T: RaisedBy<E>>(_: PhantomData<E>, _: impl FnOnce(T) -> bool) {}

/// An error type, with its names on the wire.
pub struct Named<E> {
    raise: fn(&E) -> FunctionError,
    names: &'static [(&'static str, &'static str)],
}

/// Only this function demands that errors have names. Expansions call it with one span, so that an error type without names is
/// one error, no matter how many tasks raise it.
pub fn named<E: TaskError + 'static>(_: PhantomData<E>) -> Named<E> {
    Named { raise: FunctionError::raised, names: E::NAMES }
}

impl<E> Named<E> {
    /// What a handler raised.
    pub fn raise(&self, error: &E) -> FunctionError {
        (self.raise)(error)
    }

    /// The name of a variant on the wire.
    pub fn wire_name(&self, variant: &'static str) -> &'static str {
        // The expansion has checked that the variant exists.
        self.names.iter().find(|(name, _)| *name == variant).map_or(variant, |(_, wire)| wire)
    }
}

/// The handler of a task state, independent of its type.
pub trait Handler<M: Machine> {
    /// Reads the input, runs the handler and serializes the output.
    fn call(&self, ctx: &Context<Ports<M>>, input: &Value) -> impl Future<Output = Result<Value, FunctionError>>;
}

/// Wraps the handler of a task marked `validates`.
pub fn validates<M, H>(handler: H) -> impl Handler<M>
where
    M: Machine,
    H: AsyncFn(&Context<Ports<M>>, M::Data) -> Result<Validated<FieldsOf<M>>, FunctionError>,
{
    Typed { handler, role: Role::Validates, output: PhantomData }
}

/// Wraps the handler of a task marked `locks`.
pub fn locks<M, H>(handler: H) -> impl Handler<M>
where
    M: Machine,
    H: AsyncFn(&Context<Ports<M>>, M::Data) -> Result<Locked<FieldsOf<M>>, FunctionError>,
{
    Typed { handler, role: Role::Locks, output: PhantomData }
}

/// Wraps the handler of a fenced task.
pub fn task<M, H>(looks_for_halt: bool, handler: H) -> impl Handler<M>
where
    M: Machine,
    H: AsyncFn(&Context<Ports<M>>, M::Data) -> Result<M::Data, FunctionError>,
{
    Typed { handler, role: Role::Fenced { looks_for_halt }, output: PhantomData }
}

/// Wraps the handler of a task marked `cleans up`.
pub fn cleans_up<M, H>(handler: H) -> impl Handler<M>
where
    M: Machine,
    H: AsyncFn(&Context<Ports<M>>, M::Data) -> Result<M::Data, FunctionError>,
{
    Typed { handler, role: Role::CleansUp, output: PhantomData }
}

/// Wraps the handler of a task marked `unlocks`.
pub fn unlocks<M, H>(cleans_up: bool, ends: Ends, handler: H) -> impl Handler<M>
where
    M: Machine,
    H: AsyncFn(&Context<Ports<M>>, M::Data) -> Result<Finish<FieldsOf<M>>, FunctionError>,
{
    Typed { handler, role: Role::Unlocks { cleans_up, ends }, output: PhantomData }
}

struct Typed<H, O> {
    handler: H,
    role: Role,
    output: PhantomData<fn() -> O>,
}

impl<M, O, H> Handler<M> for Typed<H, O>
where
    M: Machine,
    O: HandlerOutput<FieldsOf<M>>,
    H: AsyncFn(&Context<Ports<M>>, M::Data) -> Result<O, FunctionError>,
{
    async fn call(&self, ctx: &Context<Ports<M>>, input: &Value) -> Result<Value, FunctionError> {
        lifecycle::begin(ctx, self.role, precedes_changes::<M>(&ctx.attempt.state));
        if self.role == Role::Validates {
            check_input(input)?;
        }
        let (release, foreign) = read::<M>(ctx, self.role, input)?;
        let envelope = release.envelope.clone();
        // On the heap: futures of handlers are large, and the roles hold this one in several states.
        let work = Box::pin(async { (self.handler)(ctx, release.into()).await.map(HandlerOutput::into_finish) });
        let again = || read::<M>(ctx, self.role, input).map(|(release, _)| release);
        let mut output = to_json(&lifecycle::attempt(ctx, self.role, &envelope, work, again).await?)?;
        if let Some(foreign) = foreign {
            foreign.pass_on(&mut output);
        }
        Ok(output)
    }
}

/// Whether a state does not come after the first one that may change the target account, in the order of the chart, and its failure does
/// not end dirty at once: such a state begins nothing, it goes on with what an earlier one began.
fn precedes_changes<M: Machine>(state: &str) -> bool {
    let position = |state| M::ALL.iter().position(|other| *other == state);
    M::from_name(state).is_some_and(|state| position(state) <= position(M::CHANGES_FROM)) && !fails_dirty::<M>(state)
}

fn fails_dirty<M: Machine>(state: &str) -> bool {
    let definition = M::definition(&DefinitionSettings {
        resource: String::new(),
        task_timeout_seconds: 1,
        machine_timeout_seconds: 1,
    });
    let catches = definition.get("States").and_then(|states| states.get(state)?.get("Catch")?.as_array());
    let next = catches.and_then(|catches| catches.last()?.get("Next")?.as_str());
    next == Some(M::FAILURE_DIRTY.name())
}

/// Reads the input of a task: strictly if it came from a client. Later it is a state, which another version of the deployer may have
/// written.
fn read<'s, M: Machine>(
    ctx: &Context<Ports<M>>,
    role: Role,
    input: &'s Value,
) -> Result<(Release<FieldsOf<M>>, Option<ForeignState<'s>>), FunctionError> {
    let defaults = &ctx.account.defaults;
    if role == Role::Validates {
        return Ok((Release::read(input, defaults)?, None));
    }
    let cleans_up = matches!(role, Role::CleansUp | Role::Unlocks { cleans_up: true, .. });
    let unreadable = |error: ReadError| FunctionError::coded(error.wire_name(), &StateUnreadable(error));
    let (release, foreign) = Release::read_foreign(input, defaults, cleans_up).map_err(unreadable)?;
    foreign.log();
    Ok((release, Some(foreign)))
}

/// A task cannot read the state of its deploy.
#[derive(Debug, thiserror::Error, Coded)]
#[error(
    "{0}; another version of the deployer may have written this state: if the deploy ends dirty, see with `status` what it left \
     over, delete that, then clear the lock with `unlock`"
)]
#[code(
    "task/state-unreadable",
    "replace the function only by a version that reads the states of the one before; if the deploy ended dirty, see with `status` what \
     it left over, delete that, then clear the lock with `unlock`"
)]
pub(crate) struct StateUnreadable(ReadError);

fn to_json<F: Fields>(data: &Release<F>) -> Result<Value, FunctionError> {
    serde_json::to_value(data).map_err(|error| FunctionError::coded("UnmarshalError", &OutputNotJson(error)))
}

/// The output of a task cannot be written as a JSON object.
#[derive(Debug, thiserror::Error, Coded)]
#[error("the task's output is not JSON; it must serialize as an object")]
#[code("task/output-not-json", "report the message to the authors of the deployer: it is a bug")]
pub(crate) struct OutputNotJson(#[source] serde_json::Error);

/// The error of a function that has no task called `name`.
pub fn unknown_task<M: Machine>(name: &str) -> FunctionError {
    let tasks = M::STATES.iter().filter(|state| state.kind == super::Kind::Task).map(|State { name, .. }| *name);
    let error = UnknownTask { name: name.to_owned(), machine: M::NAME, tasks: tasks.collect::<Vec<_>>().join(", ") };
    FunctionError::coded("TaskError", &error)
}

/// The state machine's definition names a task that the function does not have.
#[derive(Debug, thiserror::Error, Coded)]
#[error(
    "unknown task {name:?}: the tasks of {machine} are {tasks}; deploy definition and function of the same version"
)]
#[code("task/unknown", "deploy definition and function of the same version")]
pub(crate) struct UnknownTask {
    name: String,
    machine: &'static str,
    tasks: String,
}
