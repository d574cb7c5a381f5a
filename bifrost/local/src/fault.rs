//! Faults that a scenario asks for, and which call each of them strikes.

use super::error::ServiceError;
use bifrost_core::cloud::{Call, ErrorKind};
use serde::{Deserialize, Serialize};

/// Something that shall go wrong with the calls it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The AWS name of the operation, such as `autoscaling:CreateAutoScalingGroup`; `*` for any.
    pub operation: String,
    /// Only calls whose resource contains this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Only calls made in this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// How many such calls pass before the first is struck.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub skip: u32,
    /// How many calls are struck; without it all are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// What happens to them.
    pub kind: FaultKind,
}

/// What happens to a call that is struck.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The call fails with this AWS error code and has no effect.
    Error(String),
    /// The call has its effect, then fails with this AWS error code.
    ErrorAfter(String),
    /// The service asks to be called less often; no effect.
    Throttle,
    /// The task dies before the call has an effect.
    Die,
    /// The task dies after the call had its effect.
    DieAfter,
    /// The call takes this many seconds of the world's time.
    DelaySeconds(u32),
    /// The world's clock jumps ahead by this many seconds.
    ClockJumpSeconds(u32),
    /// The handler panics at the call.
    Panic,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's `skip_serializing_if` passes a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl Fault {
    fn names(&self, call: &Call) -> bool {
        let matches = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|text| found.contains(text));
        (self.operation == "*" || self.operation == call.name.operation)
            && matches(&self.resource, &call.name.resource)
            && self.state.as_ref().is_none_or(|state| *state == call.name.attempt.state)
    }

    /// Counts the call, and tells whether it is struck.
    fn strikes(&mut self, call: &Call) -> bool {
        if !self.names(call) {
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

/// The fault that strikes the call, if one does: the first of the list.
pub(super) fn inject(faults: &mut [Fault], call: &Call) -> Option<FaultKind> {
    faults.iter_mut().find_map(|fault| fault.strikes(call).then(|| fault.kind.clone()))
}

/// AWS's error of that code, as a scenario asks for it.
pub(super) fn injected(code: &str) -> ServiceError {
    const MESSAGE: &str = "injected by the scenario";
    ServiceError::new(ErrorKind::of(code, MESSAGE), code, MESSAGE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bifrost_core::cloud::{Attempt, CallName, Principal};

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

    fn struck(fault: Fault, calls: &[Call]) -> Vec<bool> {
        let mut faults = [fault];
        calls.iter().map(|call| inject(&mut faults, call).is_some()).collect()
    }

    #[test]
    fn a_fault_strikes_as_often_as_it_says_and_no_more() {
        let calls = vec![call("s3:GetObject", "a"); 4];
        assert_eq!(
            struck(Fault { times: Some(2), skip: 1, ..fault("s3:GetObject") }, &calls),
            [false, true, true, false]
        );
    }

    #[test]
    fn a_fault_strikes_only_the_calls_it_names() {
        let calls = [call("s3:GetObject", "web"), call("s3:PutObject", "web"), call("s3:GetObject", "worker")];
        assert_eq!(struck(fault("s3:GetObject"), &calls), [true, false, true]);
        assert_eq!(struck(fault("*"), &calls), [true, true, true]);
        assert_eq!(struck(Fault { resource: Some("worker".into()), ..fault("*") }, &calls), [false, false, true]);
        assert_eq!(struck(Fault { state: Some("Lock".into()), ..fault("*") }, &calls), [false, false, false]);
    }
}
