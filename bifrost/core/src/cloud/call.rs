//! How a call to a cloud is named: by who makes it, when, and for what; never by its ordinal.

use crate::release::{AccountId, Region};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// One attempt of one task of one execution: what Step Functions tells the Lambda about a call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// ARN of the execution; none if the definition does not pass it (the originals' did not).
    pub execution: Option<String>,
    /// The state that runs.
    pub state: String,
    /// How often this state was retried before this attempt: 0 for the first.
    pub retry_count: u32,
}

/// Who makes a call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Principal {
    /// The deployer's own role (or the engineer's, for a client), in the deployer account.
    Deployer,
    /// The role of that name, assumed in the account of the call.
    AssumedRole(String),
}

/// A call by its content: two calls made at the same time stay tellable apart, in whatever order they pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallName {
    /// The attempt that makes it.
    pub attempt: Attempt,
    /// The AWS name of the operation, such as `autoscaling:CreateAutoScalingGroup`.
    pub operation: &'static str,
    /// The resource it is for, as the caller names it; empty where there is none.
    pub resource: String,
    /// How many calls of this attempt had the same operation and resource before it.
    pub occurrence: u32,
}

/// Counts the calls of one attempt by what they are for.
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

/// A call on its way to a cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// What it is.
    pub name: CallName,
    /// Who makes it.
    pub principal: Principal,
    /// The account that it is made in.
    pub account: AccountId,
    /// The region that it is made in.
    pub region: Region,
}

#[cfg(test)]
mod tests {
    use super::CallCounter;

    #[test]
    fn calls_are_counted_by_operation_and_resource() {
        let counter = CallCounter::default();
        let counts = [("s3:GetObject", "a"), ("s3:GetObject", "b"), ("s3:PutObject", "a"), ("s3:GetObject", "a")]
            .map(|(operation, resource)| counter.next(operation, resource));
        assert_eq!(counts, [0, 0, 0, 1]);
    }
}
