//! The connection of commands to AWS.

mod bucket;
mod caller;
mod clock;
mod connect;
mod executions;
mod history;
mod inventory;
mod stacks;

pub use connect::Aws;
