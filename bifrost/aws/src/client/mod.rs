//! The commands, on AWS.

mod bucket;
mod caller;
mod clock;
mod connect;
mod executions;
mod history;
mod inventory;
mod stacks;

pub use connect::Aws;
