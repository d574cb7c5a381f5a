//! An emulated AWS for tests with real binaries: moto, with a Lambda that runs, faults, a log of calls, and IAM
//! policies.
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
//! Its Python code is in `tests/moto/python`. `tests/moto/README.md` describes the limits of the emulation.

#![allow(
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a fault in this crate fails the test that uses it, and a skipped test prints a message"
)]

mod account;
mod call;
mod fault;
mod moto;
mod process;
mod python;

pub use account::MotoAccount;
pub use call::Call;
pub use fault::Fault;
pub use moto::{AwsError, Moto, bootstrap, bytes};
pub use python::program;
