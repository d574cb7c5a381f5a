//! The commands, on AWS.

mod clock;
mod connect;
mod executions;
mod history;

pub use connect::Aws;
