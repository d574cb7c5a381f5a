//! Expansions cause no warnings in a crate with strict lints.
#![deny(warnings, missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]

use bifrost::json::ReadError;
use bifrost::machine::Data;
use bifrost::release::Defaults;
use bifrost::task::Context;
use bifrost::{Shape, TaskError, state_machine};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Large enough for `clippy::large_futures` to notice.
#[derive(Serialize, Deserialize, Shape)]
#[serde(rename_all = "camelCase")]
struct Heap<T> {
    what: T,
    #[serde(skip)]
    weight: Weight,
    error: Option<Value>,
}

struct Weight([u64; 4096]);

#[expect(clippy::large_stack_arrays, reason = "it must be large")]
impl Default for Weight {
    fn default() -> Self {
        Self([0; 4096])
    }
}

impl Data for Heap<String> {
    type Ports = ();

    fn read(input: &Value, _: &Defaults) -> Result<Self, ReadError> {
        bifrost::json::read(input)
    }
}

#[derive(Debug, thiserror::Error, TaskError)]
enum OnlyFailure {
    #[error(transparent)]
    Only(#[from] std::io::Error),
}

#[derive(Debug, thiserror::Error, TaskError)]
enum NoFailure {}

#[expect(clippy::unused_async, reason = "a handler is async")]
async fn data(_: &Context<()>, data: Heap<String>) -> Result<Heap<String>, OnlyFailure> {
    let weight = data.weight.0.len();
    if weight == 0 { Err(std::io::Error::other("no weight"))? } else { Ok(data) }
}

#[expect(clippy::unused_async, reason = "a handler is async")]
async fn ctx(_: &Context<()>, data: Heap<String>) -> Result<Heap<String>, NoFailure> {
    Ok(data)
}

state_machine! {
    machine Private(Heap<String>) starts at Move;
    task Move = data {
        next Rest;
        retry OnlyFailure::Only { max_attempts: 1 }
        catch OnlyFailure::Only => Done;
        catch _ => Lost;
    }
    task Rest as "Rest?" = ctx { next Which; catch _ => Lost; }
    choice Which { !($.what == "x") => Done; _ => Lost; }
    succeed Done;
    fail Lost = "Lost";
}

state_machine! {
    machine WithoutTasks(Heap<String>) starts at Done;
    succeed Done;
}
