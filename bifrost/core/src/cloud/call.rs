//! The name of a call to a cloud: the attempt that makes it, the operation and the resource. It never depends on the order of
//! calls.

use super::{CloudError, ErrorKind};
use crate::release::{AccountId, Region};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// One attempt of one task of one execution, as Step Functions passes it to the function.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// ARN of the execution. `None` if the definition does not pass it, as in the Go implementation.
    pub execution: Option<String>,
    /// The name of the state.
    pub state: String,
    /// How often this state was retried before this attempt; 0 for the first.
    pub retry_count: u32,
}

/// The principal that makes a call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Principal {
    /// In the deployer account: the role of the function, or the user of the client.
    Deployer,
    /// The role of this name, assumed in the account of the call.
    AssumedRole(String),
}

/// A call by its content, so that concurrent calls have the same names in every order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallName {
    /// The attempt that makes it.
    pub attempt: Attempt,
    /// The AWS name of the operation, such as `autoscaling:CreateAutoScalingGroup`.
    pub operation: &'static str,
    /// The resource of the call, as the caller names it; empty if the operation has none.
    pub resource: String,
    /// How many earlier calls of this attempt had the same operation and resource.
    pub occurrence: u32,
}

/// Verbs of operations that change no resource. `DetectStackDrift` starts a check, which changes none either.
const READING_VERBS: [&str; 16] = [
    "BatchGet", "Check", "Decrypt", "Describe", "Detect", "Estimate", "Get", "Head", "List", "Lookup", "Query", "Scan",
    "Search", "Simulate", "Validate", "Verify",
];

/// Whether an operation, such as `ec2:DescribeImages`, changes nothing: by its verb. An unknown verb changes something.
#[must_use]
#[allow(clippy::indexing_slicing, reason = "a constant function has no iterators")]
pub const fn is_read(operation: &str) -> bool {
    let mut verb = 0;
    while verb < READING_VERBS.len() {
        if has_verb(operation.as_bytes(), READING_VERBS[verb].as_bytes()) {
            return true;
        }
        verb += 1;
    }
    false
}

/// Whether the action of the operation is the verb alone, or the verb and another word: `Getaway` is not a `Get`.
#[allow(clippy::indexing_slicing, reason = "a constant function has no iterators; each index is below the length")]
const fn has_verb(operation: &[u8], verb: &[u8]) -> bool {
    let mut action = 0;
    let mut at = 0;
    while at < operation.len() {
        if operation[at] == b':' && action == 0 {
            action = at + 1;
        }
        at += 1;
    }
    at = 0;
    while at < verb.len() {
        if action + at >= operation.len() || operation[action + at] != verb[at] {
            return false;
        }
        at += 1;
    }
    action + at >= operation.len() || !operation[action + at].is_ascii_lowercase()
}

impl Principal {
    /// Refuses a call that changes something in a target account without a proof that the attempt may change it.
    ///
    /// # Errors
    /// [`CloudError`] with the code `ChangeWithoutProof`: a port uses `call` where it must use `change`.
    pub fn check_unproved(&self, operation: &'static str, resource: &str) -> Result<(), CloudError> {
        if *self == Self::Deployer || is_read(operation) {
            return Ok(());
        }
        Err(CloudError {
            operation,
            resource: resource.to_owned(),
            kind: ErrorKind::Invalid,
            code: "ChangeWithoutProof".into(),
            message: "this operation changes something, so the port must call it with `change` and a proof".into(),
            request_id: None,
        })
    }
}

/// Counts the calls of one attempt by operation and resource.
#[derive(Debug, Default)]
pub struct CallCounter(Mutex<BTreeMap<(&'static str, String), u32>>);

impl CallCounter {
    /// The [occurrence](CallName::occurrence) of the next call of this operation and resource.
    pub fn next(&self, operation: &'static str, resource: &str) -> u32 {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = seen.entry((operation, resource.to_owned())).or_default();
        *count += 1;
        *count - 1
    }
}

/// A call to a cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The name of the call.
    pub name: CallName,
    /// The principal that makes it.
    pub principal: Principal,
    /// The account of the call.
    pub account: AccountId,
    /// The region of the call.
    pub region: Region,
}

#[cfg(test)]
mod tests {
    use super::{CallCounter, Principal, is_read};

    #[test]
    fn operations_are_reads_by_their_verb() {
        for operation in
            ["ec2:DescribeImages", "s3:GetObject", "s3:HeadObject", "dynamodb:Scan", "dynamodb:BatchGetItem"]
        {
            assert!(is_read(operation), "{operation}");
        }
        for operation in
            ["autoscaling:CreateAutoScalingGroup", "s3:PutObject", "x:Getaway", "lambda:Invoke", "board:PinNote", ""]
        {
            assert!(!is_read(operation), "{operation}");
        }
    }

    #[test]
    fn change_in_a_target_account_needs_a_proof() {
        let role = Principal::AssumedRole("coinbase-odin-assumed".into());
        assert!(role.check_unproved("ec2:DescribeImages", "ami-1").is_ok());
        assert!(Principal::Deployer.check_unproved("s3:PutObject", "key").is_ok());
        let refused = role.check_unproved("ec2:DeletePlacementGroup", "odin/web").unwrap_err();
        assert_eq!((refused.code.as_str(), refused.resource.as_str()), ("ChangeWithoutProof", "odin/web"));
    }

    #[test]
    fn calls_are_counted_by_operation_and_resource() {
        let counter = CallCounter::default();
        let counts = [("s3:GetObject", "a"), ("s3:GetObject", "b"), ("s3:PutObject", "a"), ("s3:GetObject", "a")]
            .map(|(operation, resource)| counter.next(operation, resource));
        assert_eq!(counts, [0, 0, 0, 1]);
    }
}
