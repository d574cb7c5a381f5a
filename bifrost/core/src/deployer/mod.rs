//! A deployer: its state machine, name, rules and permissions, and how commands connect to it in AWS.

mod connect;
mod constants;
mod permission;
mod prefix;

pub use connect::{
    AuditConnection, AuditOptions, BootstrapTarget, Connect, ConnectAudit, ConnectError, ConnectErrorKind,
    ConnectOptions, Connection,
};
#[doc(hidden)]
pub use constants::check_deployer;
pub use permission::{Boundary, DEPLOYERS_BUCKET, Permission, PolicyCondition};
pub use prefix::{InvalidPrefix, Prefix, is_deployer_name};

use crate::account::Identity;
use crate::audit::{Audit, AuditMode, AuditPorts, DeployerVersion, FailStates, version};
use crate::cloud::{ErrorKind, is_read};
use crate::machine::{DefinitionSettings, Machine};
use crate::release::{ExecutionNames, Fields, Release, Sha256};
use chrono::TimeDelta;
use serde_json::Value;
use std::collections::BTreeSet;

/// The ports of deployer `D` into a target account.
pub type Ports<D> = <<D as Deployer>::Machine as Machine>::Ports;

/// A deployer: what its function and its commands both need.
///
/// Other traits add what some environments need: `LocalDeployer` of `bifrost-local` for the local cloud, `AwsDeployer` of
/// `bifrost-aws` for AWS, and `ClientDeployer` of `bifrost-cli` for the commands, `bootstrap` among them.
///
/// Its rules are [`Fields::check`], which `#[fields(check = …)]` names.
pub trait Deployer: Sized + Send + Sync + 'static {
    /// The fields that it adds to a release.
    type Fields: Fields;
    /// Its state machine, written with [`state_machine!`](crate::state_machine).
    type Machine: Machine<Data = Release<Self::Fields>>;

    /// Its name, which is also the name of its command: `odin`.
    const NAME: &'static str;
    /// The prefix of its name in AWS, and with it of the names of its function, state machine, roles, bucket and tables. Users
    /// choose another with `--prefix` or `BIFROST_PREFIX`, see [`Prefix`]. Deployers with the same prefix share an audit log.
    const PREFIX: &'static str = Prefix::DEFAULT;
    /// The default timeout of a deploy, in seconds.
    const TIMEOUT_SECONDS: u32;
    /// How long one attempt of a task may take, in seconds. It must be above the timeout of the function, so that an attempt has
    /// ended before the next one begins; `doctor` compares them.
    const TASK_TIMEOUT_SECONDS: u32 = 310;
    /// How long an execution may take, in seconds: the longest deploy, what may follow its timeout, and a margin. Step Functions
    /// stops an execution that takes longer, wherever it is. By default the longest `timeout` and a day, in which a deploy that
    /// failed cleans up.
    const MAX_EXECUTION_SECONDS: u32 = <Self::Fields as Fields>::MAX_TIMEOUT_SECONDS.saturating_add(86_400);
    /// The names of its executions, by which AWS refuses a release that was deployed before. By default they begin with project and
    /// config, by which the client finds an execution sooner.
    const EXECUTION_NAMES: ExecutionNames = ExecutionNames::ProjectAndConfig;
    /// The memory of its function, in MiB, for `bootstrap`. Lambda allots CPU in proportion to it. By default 256: a task needs a
    /// tenth of it, and a cold start is bound by CPU, mostly for TLS.
    const MEMORY_MIB: u32 = 256;
    /// The calls of its ports in a target account, for the policy of the role there. By default none.
    const PERMISSIONS: &'static [Permission] = &[];
    /// The kinds of error codes of its services that the framework does not know, or classifies otherwise:
    /// `("ServiceNotActiveException", ErrorKind::Conflict)`. Both clouds and injected faults obey it. By default none.
    const ERROR_KINDS: &'static [(&'static str, ErrorKind)] = &[];
}

/// The audit log of deployer `D`, in `ports`. `code_sha256` is the SHA-256 of the function's executable.
#[must_use]
pub fn audit<D: Deployer>(
    identity: &Identity,
    code_sha256: Option<Sha256>,
    mode: AuditMode,
    ports: AuditPorts,
) -> Audit {
    let deployer =
        DeployerVersion { name: identity.name.clone(), version: version().map(ToOwned::to_owned), code_sha256 };
    // What AWS does on behalf of a call is not an operation of a port.
    let is_of_ports =
        |permission: &&Permission| permission.conditions.iter().all(|(_, key, _)| *key != "aws:CalledVia");
    let actions = D::PERMISSIONS.iter().filter(is_of_ports).flat_map(|permission| permission.actions).copied();
    let operations: BTreeSet<&'static str> = actions.filter(|action| !is_read(action)).collect();
    let definition = definition::<D>(&identity.function_arn()).to_string();
    Audit {
        mode,
        deployer,
        operations: operations.into_iter().collect(),
        definition_sha256: Some(Sha256::of(definition.as_bytes())),
        ports: Some(ports),
    }
}

/// The errors of the two `Fail` states of deployer `D` in which a deploy ends.
#[must_use]
pub fn fail_states<D: Deployer>() -> FailStates {
    let definition = definition::<D>("");
    let error = |state: D::Machine| {
        let error = definition.get("States").and_then(|states| states.get(state.name())?.get("Error")?.as_str());
        error.unwrap_or_else(|| state.name()).to_owned()
    };
    FailStates { clean: error(D::Machine::FAILURE_CLEAN), dirty: error(D::Machine::FAILURE_DIRTY) }
}

/// How long one attempt of a task of deployer `D` may take.
#[must_use]
pub fn task_limit<D: Deployer>() -> TimeDelta {
    TimeDelta::seconds(i64::from(D::TASK_TIMEOUT_SECONDS))
}

/// The definition of a deployer's state machine. `resource` is the ARN of the Lambda function that runs every task.
#[must_use]
pub fn definition<D: Deployer>(resource: &str) -> Value {
    D::Machine::definition(&DefinitionSettings {
        resource: resource.to_owned(),
        task_timeout_seconds: D::TASK_TIMEOUT_SECONDS,
        machine_timeout_seconds: D::MAX_EXECUTION_SECONDS,
    })
}
