//! What somebody else did to the stack or the change set of a running deploy.

use crate::cloud::{ExecutionStatus, StackStatus};
use crate::poll_interval::MAX_STOPPING;
use bifrost::error_code::Coded;

/// What somebody else did to the stack or the change set, or CloudFormation did not end.
#[derive(Debug, thiserror::Error, Coded)]
pub enum Interference {
    /// The change set was deleted before `Execute`.
    #[error(
        "change set {change_set} of stack {stack} was deleted, not by this deploy{}; the stack is in {status}: find out who \
         changes the stack or deletes its change sets without Fenrir, then deploy again",
        describe_successor(successor.as_deref())
    )]
    #[code(
        "fenrir/change-set-deleted",
        "find out who changes the stack or deletes its change sets without Fenrir, then deploy again"
    )]
    ChangeSetDeleted {
        /// The stack's name.
        stack: String,
        /// Its status.
        status: StackStatus,
        /// The change set's name.
        change_set: String,
        /// The ARN of another change set of that name.
        successor: Option<String>,
    },
    /// Somebody else executed the change set.
    #[error(
        "change set {change_set} of stack {stack} was executed, but not by this deploy; it is {execution_status}, and the \
         stack is in {status}: {remediation}"
    )]
    #[code(
        "fenrir/change-set-executed",
        "find out who executes change sets without Fenrir; if the deploy ended in FailureDirty, wait until CloudFormation has \
         finished, see whether the stack is as you want it, then unlock"
    )]
    ChangeSetExecuted {
        /// The stack's name.
        stack: String,
        /// Its status.
        status: StackStatus,
        /// The change set's name.
        change_set: String,
        /// Its execution status.
        execution_status: ExecutionStatus,
        /// What to do.
        remediation: &'static str,
    },
    /// The stack was deleted before `Execute`.
    #[error(
        "stack {stack} was deleted during the deploy, not by it: it is in {status}; find out who deletes stacks without \
         Fenrir, then deploy again"
    )]
    #[code("fenrir/stack-deleted", "find out who deletes stacks without Fenrir, then deploy again")]
    StackDeleted {
        /// The stack's name.
        stack: String,
        /// Its status.
        status: StackStatus,
    },
    /// The stack was deleted, and there is another one of its name.
    #[error(
        "stack {stack} was deleted during the deploy, not by it, and created again, with the ARN {successor}: see whether \
         what ran before still has to run, then unlock and deploy again"
    )]
    #[code(
        "fenrir/stack-replaced",
        "find out who deletes and creates stacks without Fenrir, see whether what ran before still has to run, then unlock"
    )]
    StackReplaced {
        /// The stack's name.
        stack: String,
        /// The ARN of the other stack.
        successor: String,
    },
    /// The stack shows no operation of this deploy, although `Execute` succeeded.
    #[error(
        "stack {stack} shows no operation of this deploy {seconds} s after `Execute`; change set {change_set} is \
         {execution_status}, and the stack is in {status}: somebody else may have executed or deleted the change set; wait \
         until CloudFormation has finished, see whether the stack is as you want it, then unlock"
    )]
    #[code(
        "fenrir/execution-not-found",
        "find out who executes or deletes change sets without Fenrir; wait until CloudFormation has finished, see whether the \
         stack is as you want it, then unlock"
    )]
    ExecutionNotFound {
        /// The stack's name.
        stack: String,
        /// Its status.
        status: StackStatus,
        /// The change set's name.
        change_set: String,
        /// Its `ExecutionStatus`, or `deleted`.
        execution_status: String,
        /// How long ago `Execute` was.
        seconds: i64,
    },
    /// Another operation changed the stack after that of this deploy.
    #[error(
        "another operation changes stack {stack}: that of this deploy ended in {own}, and then another one began, which is now \
         in {status}; wait until CloudFormation has finished, see whether the stack is as you want it, then unlock"
    )]
    #[code(
        "fenrir/stack-changed",
        "find out who changes the stack without Fenrir; wait until CloudFormation has finished, see whether the stack is as \
         you want it, then unlock"
    )]
    StackChanged {
        /// The stack's name.
        stack: String,
        /// In which status the operation of this deploy ended.
        own: String,
        /// The stack's status.
        status: StackStatus,
    },
    /// The deploy had to stop, and CloudFormation did not finish in time.
    #[error(
        "the deploy had to stop, and CloudFormation has not finished in {} h since then: stack {stack} is in {status}; see its \
         events, wait until CloudFormation has finished, then unlock",
        MAX_STOPPING.num_hours()
    )]
    #[code(
        "fenrir/stack-not-settled",
        "see the events of the stack in the target account, wait until CloudFormation has finished, then unlock"
    )]
    StackNotSettled {
        /// The stack's name.
        stack: String,
        /// Its status.
        status: StackStatus,
    },
}

fn describe_successor(successor: Option<&str>) -> String {
    successor.map_or_else(String::new, |id| format!(", and another one of its name was created ({id})"))
}
