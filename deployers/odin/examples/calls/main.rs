//! Prints the number of AWS calls of each task, and the longest chain of dependent calls:
//! `cargo run -p odin --example calls`.
//!
//! Measures a deploy without an audit log, as Go Odin has none: of the sample release with both services, and with `web` alone. The
//! figures of Go Odin are for the latter.

#![allow(
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement prints its results, and panics if it cannot continue"
)]
#![allow(unreachable_pub, reason = "an example has no public interface")]

mod measure;

use bifrost::audit::AuditMode;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    for services in [&["web"][..], &["web", "worker"]] {
        println!("{}\n{}\n", services.join(", "), measure::calls_of(services, AuditMode::Off).await);
    }
}
