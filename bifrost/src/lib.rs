//! A framework for writing deployers.
//!
//! A *deployer* takes a *release*, a JSON document that says what should run, and puts it into an AWS account, safely.
//! It is one Step Functions state machine and one Lambda function that runs every task of it. It refuses what is
//! replayed or tampered with, deploys one release of a project's config at a time, assumes one role in the target
//! account, and ends in `Success`, `FailureClean` (all that it made is gone) or `FailureDirty` (a person must look).
//!
//! You write the chart, the handlers and the way to your resources. The framework brings the rest: the envelope of a
//! release ([`release`]), replay protection ([`validate`]), locks ([`lock`]), halting ([`halt`]), the definition in the
//! Amazon States Language and what runs it ([`asl`]), a cloud on your laptop ([`local`]), and the
//! commands that engineers use ([`cli`]).
//!
//! # The smallest whole deployer
//!
//! This is `examples/hello`, whole. It deploys a feature flag; `cargo hello` runs it.
//!
//! ```rust,ignore
#![doc = include_str!("../docs/hello.rs")]
//! ```
//!
//! # What you write, in order
//!
//! 1. **The fields of your releases**: a struct that is read strictly (`deny_unknown_fields`), with
//!    `#[derive(Shape)]`, so that the chart can say `$.field`; and [`Fields`], which names your ports and clears what
//!    only the deployer sets. [`Release<F>`](release::Release) is the envelope with your fields beside it.
//! 2. **The chart**, with [`state_machine!`]: states, what follows, what is tried again, and where each error leads. The
//!    compiler refuses a chart with a state that is never reached, or with an error that nothing catches.
//! 3. **The handlers**, one a task: `async fn(&Context<Ports>, Release<F>) -> Result<Release<F>, YourFailure>`. A task
//!    may run again after it half succeeded, so a handler must come to the same end a second time. An error is an enum
//!    with `#[derive(TaskError)]`, which names its variants for `retry` and `catch`.
//! 4. **The ports**: what your handlers call, in AWS's words. [`Context::target`](task::Context::target) is the only way
//!    to them, and assumes the one role of the target account.
//! 5. **Your part of the embedded world** ([`local::Resources`]): what the ports find on a laptop. Every call goes through
//!    [`LocalSession::call`](local::Session::call) by its AWS name, so that scenarios can let it fail.
//! 6. **[`Deployer`]**, which ties these together; [`ClientDeployer`](client::ClientDeployer), what its commands show;
//!    [`LocalDeployer`](local::LocalDeployer), which places it in the local cloud; and [`main!`]: with commands of your own
//!    ([`cli::Extra`]), if you have some.
//!
//! # Features
//!
//! | feature | what it adds |
//! | --- | --- |
//! | `cli` (default) | the commands |
//! | `local` (default) | the local cloud (`--local`), and what tests of a deployer need |
//! | `aws` | the commands reach AWS |
//! | `lambda` | the same binary is the Lambda function |
//!
//! The function needs `lambda` alone. Where this dependency has another name, say so to the macros: `crate = name;` first in
//! [`state_machine!`], `#[shape(crate = name)]` and `#[task_error(crate = name)]` on the types.
//!
//! # Testing it
//!
//! A [`testing::TestHarness`] runs whole executions on virtual time: release in, path out. Faults say which call fails, and how
//! often; a watcher sees every call with the world before and after it.

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
    Shape, TaskError, account, cloud, deployer, error_code, halt, json, lifecycle, lock, log, machine, name_type,
    release, self_check, shape, state_machine, task, validate,
};
#[cfg(feature = "local")]
pub use bifrost_local::{self as local, testing};

#[doc(hidden)]
pub mod __private {
    #[cfg(not(feature = "cli"))]
    pub use crate::program::without_commands;
    pub use bifrost_core::__private::*;
}
