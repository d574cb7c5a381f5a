//! A framework for writing deployers.
//!
//! A *deployer* takes a *release*, a JSON document that describes what should run, and deploys it into an AWS account.
//! It is one Step Functions state machine and one Lambda function that runs every task of it. It refuses releases that
//! are replayed or tampered with, deploys one release of a project's config at a time, and assumes one role in the
//! target account. A deploy ends in `Success`, `FailureClean` (all resources that it created are deleted) or
//! `FailureDirty` (it needs manual intervention).
//!
//! You write the state machine, the handlers and the access to your resources. The framework brings the rest: the
//! envelope of a release ([`release`]), the life cycle of a deploy ([`lifecycle`]), the
//! definition in the Amazon States Language and an interpreter for it ([`asl`]), a local cloud ([`local`]), and the
//! commands for operators ([`cli`]).
//!
//! # A new deployer
//!
//! The program `bifrost` writes one that builds, passes its tests and deploys into the local cloud as it is:
//!
//! ```sh
//! bifrost new acme-cache --yes --bifrost PATH && cd acme-cache && cargo test && cargo demo
//! ```
//!
//! It has a loop that polls, a roll back, both halves of its port, and a README that says what to change where.
//!
//! # The smallest complete deployer
//!
//! This is the complete source of `examples/hello`, in one file. It sets a feature flag in a DynamoDB table. `cargo hello` runs
//! it in a local cloud; built with the feature `aws`, the same program deploys in AWS, and is the Lambda function.
//!
//! ```rust,ignore
#![doc = include_str!("../docs/hello.rs")]
//! ```
//!
//! # Its parts, in order
//!
//! 1. **The fields of a release**: a struct with [`#[fields]`](macro@fields), and types of fields with
//!    [`#[field_type]`](field_type). They are read strictly, never have `null`, and what is marked `#[set_by_deployer]` is cleared when a
//!    release arrives. [`Release<F>`](release::Release) is the envelope and your fields: here `Flag`, with `flag` and `value`.
//! 2. **The state machine**, with [`state_machine!`]: states, transitions, retries, and where each error leads. Its marks are the life
//!    cycle: `validates`, `locks`, `looks for halt`, `unlocks` and `cleans up`. The handlers [`validate`](lifecycle::validate),
//!    [`lock`](lifecycle::lock), [`succeed`](lifecycle::succeed) and [`fail`](lifecycle::fail) are the framework's. A deploy that is
//!    halted, or takes longer than its timeout, fails in `Deploy` before it changes anything, and `RollBack` follows. The compiler
//!    refuses a chart that could keep its lock, a state that is never reached, and an error that nothing catches. The ends `Success`,
//!    `FailureClean` and `FailureDirty` need not be written.
//! 3. **The port**, a trait with [`#[port]`](macro@port): the calls that your handlers make, in AWS's terms. `#[call]` and `#[change]` name
//!    each operation once, and whether it changes something; errors, faults, permissions and the audit log use that.
//!    [`Context::target`](lifecycle::Context::target) is the only access to it, and assumes the one role of the target account. For
//!    objects in the account's buckets there is a port already: [`TargetObjects`](lifecycle::TargetObjects).
//! 4. **The handlers**, one for each task: `async fn(&Context<Ports>, Release<F>) -> Result<Release<F>, E>`. A task may run again after
//!    it half succeeded, so `deploy` looks first whether the last version is its own. A change needs a proof: `lock_proof` that the
//!    deploy still holds the lock, or, in a clean-up, `ownership` of what this release made. An error is a
//!    [`TaskFailure`](lifecycle::TaskFailure), into which `?` turns whatever the framework raises, or an enum of yours with
//!    `#[derive(TaskError)]`, which names its variants for `retry` and `catch`, and [`#[derive(Coded)]`](error_code::Coded), which gives
//!    them stable codes.
//! 5. **[`Deployer`]** ties these together: name, timeout, and the permissions of the role in a target account.
//!    [`ClientDeployer`](client::ClientDeployer) has what the commands show, such as `plan`. All of it but one line has a default.
//! 6. **The local half** of the port, `LocalFlags`: what the service does, as functions of a region's state ([`local::Resources`]).
//!    [`LocalDeployer`](local::LocalDeployer) opens it. Every call has its AWS name there, too, so that scenarios can inject faults.
//! 7. **The AWS half**, `AwsFlags`: requests with a client of the AWS SDK, each sent with `call.send(…)`. `AwsDeployer` opens it.
//! 8. **[`main!`]** makes the program, with commands of your own ([`cli::CustomCommand`]) if you have any.
//! 9. **[`every_call_may_fail!`](testing::every_call_may_fail)** is the test that lets every call of a deploy fail.
//!    `examples/hello/src/contract.rs` has the other one: [`port_contract!`] runs the same tests on both halves.
//!
//! # Upgrades while deploys run
//!
//! Lambda runs each task with the code of the moment, so a deploy that one version began may be finished by another, newer or older. Only the
//! task marked `validates` refuses unknown fields; every later task passes them on unchanged, at every depth, so that the version which
//! knows them still has them. What you must do:
//!
//! - A new field is an `Option`, has a `default`, or is `#[set_by_deployer]`: states of the version before do not have it.
//! - A field keeps its name, its type and its meaning. Something else is a new field.
//! - A task that cleans up can end without the fields marked `#[unused_by_clean_up]`. If it cannot read another one, the deploy ends in
//!   `FailureDirty` and keeps its lock, because nobody knows what is left over.
//! - States keep their names while deploys that may be in them run.
//!
//! [`testing::RecordedStates`] is the test: it keeps the states that released versions wrote, and finishes a deploy from each.
//!
//! # Features
//!
//! | feature | what it adds |
//! | --- | --- |
//! | `cli` (default) | the commands |
//! | `asl` | the Amazon States Language: definitions, their validation, and the interpreter |
//! | `local` (default) | the local cloud (`--local`), and the test harness for deployers |
//! | `aws` | the commands use AWS |
//! | `lambda` | the same binary is the Lambda function |
//!
//! The function needs only `lambda`. If this dependency has another name, pass it to the macros: `crate = name;` first in
//! [`state_machine!`], `#[fields(crate = name)]`, and `#[task_error(crate = name)]` and `#[code(crate = name)]` on types.
//!
//! # Outside of the workspace
//!
//! `bifrost new` writes a manifest that obeys these rules. Panics must unwind: each panic of a handler becomes a `PanicError`, so
//! [`main!`] refuses a profile with `panic = "abort"`. Use SDK crates of major version 1 with `default-features = false, features =
//! ["behavior-version-latest", "rt-tokio"]`; with default features the function links a second HTTP client and a second TLS.
//! `CONTRIBUTING.md` says step by step how to add a deployer, a port, a rule and a command.
//!
//! # Names in AWS
//!
//! All names of a deployer begin with a prefix, [`Deployer::PREFIX`], by default `coinbase-`. Users choose another with `--prefix` or
//! `BIFROST_PREFIX`, and every command and local cloud obeys; a [`testing::TestHarness`] has that of the deployer.
//!
//! # Testing
//!
//! A [`testing::TestHarness`] runs whole executions on virtual time. It fills in what the envelope of a release lacks, so
//! that a test has only your fields. Faults specify which calls fail, and how often; a watcher sees every call, with the
//! state before and after it.
//!
//! [`testing::every_call_may_fail!`] lets every call of a deploy fail, in a run of its own, in each way in which it can, and checks
//! after each run what every deployer must keep. It finds handlers that are not idempotent and clean-ups that forget something.
//! [`testing::FaultSweep`] is the same with rules of your own.
//!
//! [`testing::RecordedStates`] finishes the deploys that released versions began.
//!
//! [`port_contract!`] runs one suite of tests on the local half of your ports and, where the crate `bifrost-moto` can run, on AWS as moto
//! emulates it, so that the local cloud does not drift from AWS.

mod codes;
mod port_contract;
mod program;

#[cfg(feature = "asl")]
pub use bifrost_asl as asl;
#[cfg(any(feature = "aws", feature = "lambda"))]
pub use bifrost_aws as aws;
#[cfg(feature = "cli")]
pub use bifrost_cli as cli;
#[cfg(feature = "cli")]
pub use bifrost_cli::{bootstrap, client, doctor};
pub use bifrost_core::account::Identity;
pub use bifrost_core::deployer::{Boundary, DEPLOYERS_BUCKET, Deployer, Permission, PolicyCondition};
pub use bifrost_core::release::Fields;
pub use bifrost_core::{
    Shape, TaskError, account, architecture, audit, cloud, deployer, error_code, field_type, fields, findings, json,
    lifecycle, log, machine, name_type, people, port, release, rules, self_check, shape, state_machine, strip_control,
    task,
};
#[cfg(feature = "local")]
pub use bifrost_local::{self as local, testing};
/// The crate of the times in releases and local clouds, in the version that the framework uses.
pub use chrono;
#[doc(hidden)]
pub use codes::ERROR_CODES;

#[doc(hidden)]
pub mod __private {
    #[cfg(not(feature = "cli"))]
    pub use crate::program::without_commands;
    pub use bifrost_core::__private::*;
}
