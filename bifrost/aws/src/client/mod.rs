//! The connection of commands to AWS.

mod acts;
mod audit;
mod bucket;
mod caller;
mod clock;
mod connect;
mod inventory;
mod stacks;

#[cfg(test)]
pub(crate) use acts::presign;
pub use connect::Aws;
