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
//! # The smallest complete deployer
//!
//! This is the complete source of `examples/hello`. It deploys a feature flag; `cargo hello` runs it.
//!
//! ```rust,ignore
#![doc = include_str!("../docs/hello.rs")]
//! ```
//!
//! # What you write, in order
//!
//! 1. **The fields of your releases**: a struct with [`#[fields]`](macro@fields), and types of fields with
//!    [`#[field_type]`](field_type). They are then read strictly, never have `null`, and what only the deployer sets is cleared
//!    when a release arrives. [`Release<F>`](release::Release) is the envelope and your fields.
//! 2. **The state machine**, with [`state_machine!`]: states, transitions, retries, and where each error leads. The
//!    compiler refuses a state that is never reached and an error that nothing catches.
//! 3. **The handlers**, one for each task: `async fn(&Context<Ports>, Release<F>) -> Result<Release<F>, YourFailure>`. A
//!    task may run again after it half succeeded, so a handler must be idempotent. An error is a
//!    [`TaskFailure`](lifecycle::TaskFailure), into which `?` turns whatever the framework raises, or an enum of yours with
//!    `#[derive(TaskError)]`, which names its variants for `retry` and `catch`, and
//!    [`#[derive(Coded)]`](error_code::Coded), which gives them stable codes.
//! 4. **The ports**: the calls that your handlers make, in AWS's terms.
//!    [`Context::target`](lifecycle::Context::target) is the only access to them, and assumes the one role of the target
//!    account. [`TargetObjects`](lifecycle::TargetObjects), objects in its buckets, is a port that the framework brings.
//! 5. **Your resources in the local cloud** ([`local::Resources`]): what the ports find on your machine. Every call goes
//!    through [`LocalSession::call`](local::LocalSession::call) under its AWS name, so that scenarios can inject faults.
//! 6. **[`Deployer`]**, which ties these together; [`ClientDeployer`](client::ClientDeployer), which its commands use;
//!    [`LocalDeployer`](local::LocalDeployer), which runs it in the local cloud; and [`main!`], with commands of your own
//!    ([`cli::CustomCommand`]) if you have any.
//!
//! # Features
//!
//! | feature | what it adds |
//! | --- | --- |
//! | `cli` (default) | the commands |
//! | `local` (default) | the local cloud (`--local`), and the test harness for deployers |
//! | `aws` | the commands use AWS |
//! | `lambda` | the same binary is the Lambda function |
//!
//! The function needs only `lambda`. If this dependency has another name, pass it to the macros: `crate = name;` first in
//! [`state_machine!`], `#[fields(crate = name)]`, and `#[task_error(crate = name)]` and `#[code(crate = name)]` on types.
//!
//! # Outside of the workspace
//!
//! Panics must unwind: each panic of a handler becomes a `PanicError`, so [`main!`] refuses a profile with `panic = "abort"`. Use SDK crates
//! of major version 1 with `default-features = false, features = ["behavior-version-latest", "rt-tokio"]`; with default features the
//! function links a second HTTP client and a second TLS. `CONTRIBUTING.md` says step by step how to add a deployer, a port, a rule and a
//! command.
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
//! A [`testing::FaultSweep`] lets every call of a deploy fail, in a run of its own, in each way in which it can, and checks
//! after each run what every deployer must keep, and your own rules. One line is enough, as the test of the deployer above
//! shows. It finds handlers that are not idempotent and clean-ups that forget something.

mod codes;
mod port_contract;
mod program;

#[cfg(feature = "local")]
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
    Shape, TaskError, account, audit, cloud, deployer, error_code, field_type, fields, json, lifecycle, log, machine,
    name_type, people, port, release, self_check, shape, state_machine, strip_control, task,
};
#[cfg(feature = "local")]
pub use bifrost_local::{self as local, testing};
#[doc(hidden)]
pub use codes::ERROR_CODES;

#[doc(hidden)]
pub mod __private {
    #[cfg(not(feature = "cli"))]
    pub use crate::program::without_commands;
    pub use bifrost_core::__private::*;
}
