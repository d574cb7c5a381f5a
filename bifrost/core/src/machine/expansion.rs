//! What `state_machine!` expands to calls these. Each bound stands in one place, so that one mistake is one error.

#![allow(clippy::must_use_candidate, reason = "expansions call it, and use what they get")]

use serde_json::{Value, json};
use std::future::Future;
use std::marker::PhantomData;

pub use super::definition::{Backoff, catch, choice, definition, fail, pass, retry, rule, succeed, task, wait};
use super::{Data, Machine, Ports, State};
pub use crate::shape::{BooleanLiteral, NumberLiteral, Optional, Shape, TextLiteral};
use crate::shape::{Compare, HoldsCaughtError, Order, Seconds, Timestamp};
use crate::task::{Context, FunctionError, TaskError};
pub use serde_json;

/// What the compiler looks `$.field` up in.
pub type ShapeOf<M> = <<M as Machine>::Data as Shape>::Shape;

/// `$.error` is there for a `catch` to fill.
pub fn holds_caught_error<S, F: HoldsCaughtError>(_field: fn(&S) -> &F) {}

/// `wait for $.field seconds`.
pub fn seconds<S, F: Seconds>(_field: fn(&S) -> &F) {}

/// `wait until $.field`.
pub fn timestamp<S, F: Timestamp>(_field: fn(&S) -> &F) {}

/// `$.field == literal`. `guarded` where the field may be absent although its type says that it never is.
pub fn equals<S, F: Compare<L>, L: Into<Value>>(path: &str, guarded: bool, _field: fn(&S) -> &F, literal: L) -> Value {
    guard(path, guarded || F::OPTIONAL, compare(path, F::FAMILY, "Equals", literal))
}

/// `$.field < literal` and its like; `operator` is the end of the language's name for it.
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

/// A variable that is absent fails the whole execution on AWS, so its presence is tested first. A comparison with an
/// absent field is thereby false, and its negation true.
fn guard(path: &str, optional: bool, test: Value) -> Value {
    if optional { all(vec![json!({ "Variable": path, "IsPresent": true }), test]) } else { test }
}

/// A task state's handler, whatever its type.
pub trait Handler<M: Machine> {
    /// The name on the wire of a variant of the handler's error type.
    fn error_name(&self, variant: &'static str) -> &'static str;

    /// Reads the input, runs the handler, writes the output.
    fn call(&self, ctx: &Context<Ports<M>>, input: &Value) -> impl Future<Output = Result<Value, FunctionError>>;
}

/// The only place where a handler meets its bounds.
pub fn handler<M, E, H>(handler: H) -> impl Handler<M>
where
    M: Machine,
    E: TaskError,
    H: AsyncFn(&Context<Ports<M>>, M::Data) -> Result<M::Data, E>,
{
    Typed { handler, error: PhantomData }
}

struct Typed<H, E> {
    handler: H,
    error: PhantomData<fn() -> E>,
}

impl<M, E, H> Handler<M> for Typed<H, E>
where
    M: Machine,
    E: TaskError,
    H: AsyncFn(&Context<Ports<M>>, M::Data) -> Result<M::Data, E>,
{
    fn error_name(&self, variant: &'static str) -> &'static str {
        // That there is such a variant, the compiler has asked already.
        E::NAMES.iter().find(|(name, _)| *name == variant).map_or(variant, |(_, wire)| wire)
    }

    async fn call(&self, ctx: &Context<Ports<M>>, input: &Value) -> Result<Value, FunctionError> {
        let data = M::Data::read(input, &ctx.account.defaults)?;
        let data = (self.handler)(ctx, data).await.map_err(|error| FunctionError::raised(&error))?;
        written(&data)
    }
}

fn written<D: Data>(data: &D) -> Result<Value, FunctionError> {
    serde_json::to_value(data).map_err(|error| {
        FunctionError::new(
            "UnmarshalError",
            format!("the task's output is not JSON: {error}; it must serialise as an object"),
        )
    })
}

/// No task state is called `name`.
pub fn unknown_task<M: Machine>(name: &str) -> FunctionError {
    let tasks = M::STATES.iter().filter(|state| state.kind == super::Kind::Task);
    let tasks: Vec<_> = tasks.map(|State { name, .. }| *name).collect();
    FunctionError::new(
        "TaskError",
        format!("`{name}` is not a task of {}; its tasks are {}", M::NAME, tasks.join(", ")),
    )
}
