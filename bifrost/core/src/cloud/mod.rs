//! The ports that the framework needs into AWS, in the field's words and with plain types.
//!
//! A handler sees these traits and nothing else of a cloud. Each has two adapters: one on the embedded
//! world (`bifrost-local`) and one on the AWS SDK (`bifrost-aws`). Every call that an adapter makes passes a gate that
//! knows the call by its AWS name (see [`Call`]).

mod call;
mod error;
mod executions;
mod history;
mod inventory;
mod locks;
mod objects;
mod stacks;
mod targets;

pub use call::{Attempt, Call, CallCounter, CallName, Principal};
pub use error::{CloudError, ErrorKind};
pub use executions::{ExecutionFilter, ExecutionStatus, ExecutionSummary, Executions, Names, StartError};
pub use history::{HistoryDetails, HistoryEvent};
pub use inventory::{
    BucketSettings, FunctionConfiguration, Inventory, Invocation, KeyAttribute, MachineConfiguration, Table,
};
pub use locks::{LockItem, LockTable, PutLock};
pub use objects::{Encryption, Object, Objects, PutNew};
pub use stacks::{NewStack, StackEvent, StackUpdate, Stacks};
pub use targets::{SESSION_TAGS, TargetRole, Targets};
