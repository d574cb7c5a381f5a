//! The commands, on AWS.

mod clock;
mod connect;
mod executions;
mod history;
mod stacks;

pub use connect::Aws;
