//! Expansions cause no warnings in a crate with strict lints.
#![deny(warnings, missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]

use bifrost::lifecycle::{Context, LockFailure, fail, lock, succeed, validate};
use bifrost::release::Release;
use bifrost::{TaskError, state_machine};

/// Large enough for `clippy::large_futures` to notice.
#[bifrost::fields(max_timeout_seconds = 60)]
#[serde(rename_all = "camelCase")]
struct Heap {
    what: String,
    #[serde(default, skip_serializing, deserialize_with = "no_weight")]
    weight: Weight,
    #[set_by_deployer(cleared_at_end)]
    is_moved: Option<bool>,
}

#[derive(Clone, Debug, PartialEq)]
struct Weight([u64; 4096]);

#[expect(clippy::large_stack_arrays, reason = "it must be large")]
impl Default for Weight {
    fn default() -> Self {
        Self([0; 4096])
    }
}

#[expect(clippy::unnecessary_wraps, reason = "serde calls it")]
fn no_weight<'de, D: serde::Deserializer<'de>>(_: D) -> Result<Weight, D::Error> {
    Ok(Weight::default())
}

#[derive(Debug, thiserror::Error, TaskError)]
enum OnlyFailure {
    #[error(transparent)]
    Only(#[from] std::io::Error),
}

#[derive(Debug, thiserror::Error, TaskError)]
enum NoFailure {}

#[expect(clippy::unused_async, reason = "a handler is async")]
async fn data(_: &Context<()>, data: Release<Heap>) -> Result<Release<Heap>, OnlyFailure> {
    let weight = data.fields.weight.0.len();
    if weight == 0 { Err(std::io::Error::other("no weight"))? } else { Ok(data) }
}

#[expect(clippy::unused_async, reason = "a handler is async")]
async fn ctx(_: &Context<()>, data: Release<Heap>) -> Result<Release<Heap>, NoFailure> {
    Ok(data)
}

state_machine! {
    machine Private(Release<Heap>) starts at Begin, changes from Move;
    task Begin = validate { validates; next Take; catch _ => FailureClean; }
    task Take = lock { locks; next Move; catch LockFailure::LockExists => FailureClean; catch _ => Unlock; }
    task Move = data {
        next Rest;
        retry OnlyFailure::Only { max_attempts: 1 }
        catch OnlyFailure::Only => Unlock;
        catch _ => FailureDirty;
    }
    task Rest as "Rest?" = ctx { cleans up; next Which; catch _ => FailureDirty; }
    choice Which { !($.what == "x") => Done; _ => Unlock; }
    task Done = succeed { unlocks; next Success; catch _ => FailureDirty; }
    task Unlock = fail { unlocks; next FailureClean; catch _ => FailureDirty; }
    succeed Success;
    fail FailureClean = "FailureClean";
    fail FailureDirty = "FailureDirty";
}
