//! Prints how many AWS calls each task makes, and how many of them wait for one another: `cargo run -p odin --example calls`.
//!
//! Beside the sample release with both of its services stands one with `web` alone, which the original Odin was measured with.

#![allow(
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement prints what it found, and has nothing to say if it cannot go on"
)]
#![allow(unreachable_pub, reason = "nothing of an example can be reached from outside")]

mod measure;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    for services in [&["web"][..], &["web", "worker"]] {
        println!("{}\n{}\n", services.join(", "), measure::calls_of(services).await);
    }
}
