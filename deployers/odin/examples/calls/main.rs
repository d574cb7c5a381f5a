//! Prints the number of AWS calls of each task, and the longest chain of dependent calls:
//! `cargo run -p odin --example calls`.
//!
//! Measures a deploy without an audit log, as Go Odin has none: of the sample release with `web` alone, for which the figures of Go
//! Odin are, and with both services.

#![allow(
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement prints its results, and panics if it cannot continue"
)]
#![allow(unreachable_pub, reason = "an example has no public interface")]

mod measure;

use bifrost::audit::AuditMode;
use measure::{Hooks, calls_of};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    for (services, hooks) in
        [(&["web"][..], Hooks::None), (&["web"], Hooks::Termination), (&["web", "worker"], Hooks::Termination)]
    {
        let with_hook = if hooks == Hooks::None { "" } else { ", with a termination hook" };
        println!("{}{with_hook}\n{}\n", services.join(", "), calls_of(services, hooks, AuditMode::Off).await);
    }
}
