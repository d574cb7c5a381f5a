//! The ports of the framework into AWS: traits with plain types.
//!
//! Handlers use a cloud only through these traits. Each has two adapters: one for the local cloud (`bifrost-local`) and one
//! for the AWS SDK (`bifrost-aws`). Every call of an adapter goes through call middleware, which identifies it by its AWS
//! name (see [`Call`]).

mod audit;
mod call;
mod error;
mod error_kind;
mod executions;
mod history;
mod inventory;
mod locks;
mod objects;
mod stacks;
mod targets;

pub use audit::{
    AuditStore, CHECKPOINT_KEY, LogHead, LogSigner, MAX_ENTRY_BYTES, NewEntry, ObjectVersion, Sequenced,
    StoredCheckpoint, VersionsPage,
};
pub use call::{Attempt, Call, CallCounter, CallName, Principal, is_read};
pub use error::{CloudError, found};
pub use error_kind::{ErrorKind, ErrorKinds};
pub use executions::{
    ExecutionFilter, ExecutionPage, ExecutionStatus, ExecutionSummary, Executions, ListedExecution, Names, StartError,
};
pub use history::{HistoryDetails, HistoryEvent};
pub use inventory::{
    BucketSettings, FunctionConfiguration, Inventory, Invocation, KeyAttribute, KmsKey, MachineConfiguration,
    ObjectLock, Table, TopicSubscriptions,
};
pub use locks::{
    DeployedItem, ENDED_TTL, EndedBy, EndedItem, GiveBack, GivenBack, LockItem, LockTable, LockTaken, MAX_OLDER,
    TakeLock, oldest_replaced,
};
pub use objects::{Encryption, Object, Objects, PutNew, limit_bytes};
pub use stacks::{DeployedStack, NewStack, StackEvent, StackUpdate, Stacks};
pub use targets::{SESSION_TAGS, TargetRole, Targets};
