//! An emulated AWS for tests over real binaries: moto with a Lambda that runs, faults, a log of calls, and policies.
//!
//! ```no_run
//! use bifrost_moto::{Fault, Moto};
//! use serde_json::json;
//!
//! let Some(moto) = Moto::start() else { return };
//! moto.call("222222222222", "us-east-1", "s3", "CreateBucket", json!({"Bucket": "releases"})).unwrap();
//! moto.faults(&[Fault::error("s3", "PutObject", 503, "SlowDown").times(2)]);
//! let mut command = std::process::Command::new("odin");
//! command.envs(moto.environment("000000000000"));
//! ```
//!
//! The Python behind it is in `tests/moto/python`; what it is worth says `tests/moto/README.md`.

#![allow(
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "what goes wrong in here fails the test that uses it, and a test that is skipped says so"
)]

mod call;
mod fault;
mod moto;
mod process;
mod python;

pub use call::Call;
pub use fault::Fault;
pub use moto::{AwsError, Moto, bootstrap};
pub use python::program;
