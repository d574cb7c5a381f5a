//! Faults of a scenario, and the calls into which each is injected.

use super::injected_error::InjectedError;
use bifrost_core::cloud::Call;
use serde::{Deserialize, Serialize};

/// A fault to inject into the calls that it matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The AWS name of the operation, such as `autoscaling:CreateAutoScalingGroup`; `*` for any.
    pub operation: String,
    /// Matches only calls whose resource contains this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Matches only calls in this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Number of matching calls before the first injection.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub skip: u32,
    /// Number of injections; unlimited without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// What happens to these calls.
    pub kind: FaultKind,
}

/// What happens to a call with a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The call fails with this AWS error and has no effect.
    Error(InjectedError),
    /// The call takes effect, then fails with this AWS error.
    ErrorAfter(InjectedError),
    /// The call fails with `Throttling` and has no effect.
    Throttle,
    /// The task crashes before the call takes effect.
    Die,
    /// The task crashes after the call took effect.
    DieAfter,
    /// The invocation is lost before the call takes effect.
    Lost(Lost),
    /// The invocation is lost after the call took effect.
    LostAfter(Lost),
    /// The call takes this many seconds of the local cloud's time.
    DelaySeconds(u32),
    /// As [`DelaySeconds`](Self::DelaySeconds), but the invocation goes on even if its task times out, or its execution
    /// is stopped, in the meantime.
    ZombieSeconds(u32),
    /// The clock of the local cloud jumps ahead by this many seconds.
    ClockJumpSeconds(u32),
    /// The handler panics at the call.
    Panic,
}

/// How an invocation is lost: the error with which its task fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lost {
    /// The function ran into its timeout.
    #[serde(rename = "Sandbox.Timedout")]
    SandboxTimedout,
    /// Lambda does not know what happened.
    #[serde(rename = "Lambda.Unknown")]
    LambdaUnknown,
    /// The process of the function exited.
    #[serde(rename = "Runtime.ExitError")]
    RuntimeExitError,
    /// The invocation hangs until the `TimeoutSeconds` of its state have passed.
    #[serde(rename = "States.Timeout")]
    StatesTimeout,
}

impl Lost {
    /// The name of the error.
    #[must_use]
    pub fn error(self) -> &'static str {
        match self {
            Self::SandboxTimedout => "Sandbox.Timedout",
            Self::LambdaUnknown => "Lambda.Unknown",
            Self::RuntimeExitError => "Runtime.ExitError",
            Self::StatesTimeout => "States.Timeout",
        }
    }

    /// The cause of the error, as Lambda reports it.
    #[must_use]
    pub fn cause(self) -> &'static str {
        match self {
            Self::SandboxTimedout => "Error: Task timed out",
            Self::LambdaUnknown => "The function crashed before it returned a result",
            Self::RuntimeExitError => "Error: Runtime exited with error: exit status 1",
            Self::StatesTimeout => "",
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's `skip_serializing_if` passes a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl Fault {
    pub(super) fn matches(&self, call: &Call) -> bool {
        let contains = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|text| found.contains(text));
        (self.operation == "*" || self.operation == call.name.operation)
            && contains(&self.resource, &call.name.resource)
            && self.state.as_ref().is_none_or(|state| *state == call.name.attempt.state)
    }

    /// Counts the call; returns whether the fault is injected into it.
    fn applies_to(&mut self, call: &Call) -> bool {
        if !self.matches(call) {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        match &mut self.times {
            None => true,
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
        }
    }
}

/// The first fault of the list that applies to the call.
pub(super) fn inject(faults: &mut [Fault], call: &Call) -> Option<FaultKind> {
    faults.iter_mut().find_map(|fault| fault.applies_to(call).then(|| fault.kind.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bifrost_core::cloud::{Attempt, CallName, Principal};
    use serde_json::json;

    fn call(operation: &'static str, resource: &str) -> Call {
        Call {
            name: CallName {
                attempt: Attempt { state: "Deploy".into(), ..Attempt::default() },
                operation,
                resource: resource.into(),
                occurrence: 0,
            },
            principal: Principal::Deployer,
            account: "000000000000".parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
        }
    }

    fn fault(operation: &str) -> Fault {
        Fault {
            operation: operation.into(),
            resource: None,
            state: None,
            skip: 0,
            times: None,
            kind: FaultKind::Throttle,
        }
    }

    fn injections(fault: Fault, calls: &[Call]) -> Vec<bool> {
        let mut faults = [fault];
        calls.iter().map(|call| inject(&mut faults, call).is_some()).collect()
    }

    #[test]
    fn skip_and_times_are_counted() {
        let calls = vec![call("s3:GetObject", "a"); 4];
        assert_eq!(
            injections(Fault { times: Some(2), skip: 1, ..fault("s3:GetObject") }, &calls),
            [false, true, true, false]
        );
    }

    #[test]
    fn only_matching_calls_have_the_fault() {
        let calls = [call("s3:GetObject", "web"), call("s3:PutObject", "web"), call("s3:GetObject", "worker")];
        assert_eq!(injections(fault("s3:GetObject"), &calls), [true, false, true]);
        assert_eq!(injections(fault("*"), &calls), [true, true, true]);
        assert_eq!(injections(Fault { resource: Some("worker".into()), ..fault("*") }, &calls), [false, false, true]);
        assert_eq!(injections(Fault { state: Some("Lock".into()), ..fault("*") }, &calls), [false, false, false]);
    }

    #[test]
    fn lost_invocation_has_one_of_four_errors() {
        for lost in [Lost::SandboxTimedout, Lost::LambdaUnknown, Lost::RuntimeExitError, Lost::StatesTimeout] {
            let json = json!({"lost": lost.error()});
            assert_eq!(serde_json::from_value::<FaultKind>(json).unwrap(), FaultKind::Lost(lost));
        }
        assert!(serde_json::from_value::<FaultKind>(json!({"lost_after": "Lambda.Lost"})).is_err());
        assert!(serde_json::from_value::<FaultKind>(json!({"zombie_seconds": -1})).is_err());
    }
}
