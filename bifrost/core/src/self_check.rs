//! The self-check: the deployer's function reports what only it can find out, as only its role may assume the roles in
//! target accounts.
//!
//! `doctor` invokes the function with `{"Checkup": {"accounts": ["222222222222"]}}`. A state machine cannot send this
//! payload. The self-check changes nothing.

use crate::error_code::Coded;
use crate::json;
use crate::release::AccountId;
use crate::task::FunctionError;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The version of this code.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The only field of the payload of a self-check.
const FIELD: &str = "Checkup";

/// The request for a self-check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelfCheck {
    /// The target accounts whose roles the function tries to assume.
    pub accounts: Vec<AccountId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    #[serde(rename = "Checkup")]
    self_check: SelfCheck,
}

impl SelfCheck {
    /// The payload with which to invoke the function.
    #[must_use]
    pub fn payload(&self) -> Value {
        json!({ FIELD: self })
    }

    /// Reads the payload of a self-check. `None` if the payload is something else.
    ///
    /// # Errors
    /// `UnmarshalError`, code `task/malformed-self-check`, with the JSON path.
    pub fn read(payload: &Value) -> Result<Option<Self>, FunctionError> {
        if payload.get(FIELD).is_none() {
            return Ok(None);
        }
        match json::read::<Payload>(payload) {
            Ok(payload) => Ok(Some(payload.self_check)),
            Err(error) => Err(FunctionError::coded("UnmarshalError", &SelfCheckError(error))),
        }
    }
}

/// The payload of a self-check is malformed.
#[derive(Debug, thiserror::Error, Coded)]
#[error("the payload of a self-check is malformed: {0}")]
#[code("task/malformed-self-check", "run `doctor` of the same version as the function")]
pub(crate) struct SelfCheckError(json::ReadError);

/// The function's answer. Unknown fields are ignored: later versions may add some.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SelfCheckReport {
    /// The version of the function's code.
    pub version: String,
    /// The definition of the state machine in that code, as a whole, so that `doctor` can name each difference.
    pub definition: Value,
    /// The ARN of the function's session.
    pub principal: String,
    /// The role in each requested account, in the order of the request.
    pub roles: Vec<RoleReport>,
}

impl SelfCheckReport {
    /// Reads the function's answer.
    ///
    /// # Errors
    /// [`ReadError`](json::ReadError) if it is not a report, as a function of another version may return.
    pub fn read(answer: &Value) -> Result<Self, json::ReadError> {
        json::read(answer)
    }
}

/// The role in a target account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleReport {
    /// The account.
    pub account: AccountId,
    /// Whether the function may assume the role.
    pub outcome: Assumption,
}

/// The result of assuming a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assumption {
    /// The function may assume the role.
    Assumed,
    /// STS denied it, with this message: the role does not exist or does not trust the function. STS does not distinguish
    /// the two.
    Denied(String),
    /// Unknown: STS did not answer, or answered with another error.
    Unknown(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: &str) -> AccountId {
        id.parse().unwrap()
    }

    #[test]
    fn payload_is_read_as_it_was_written() {
        let self_check = SelfCheck { accounts: vec![account("222222222222")] };
        assert_eq!(self_check.payload(), json!({"Checkup": {"accounts": ["222222222222"]}}));
        assert_eq!(SelfCheck::read(&self_check.payload()), Ok(Some(self_check)));
    }

    #[test]
    fn payload_of_a_task_is_not_a_self_check() {
        assert_eq!(SelfCheck::read(&json!({"Task": "Lock", "Input": {}})), Ok(None));
        assert_eq!(SelfCheck::read(&json!("Checkup")), Ok(None));
    }

    #[test]
    fn malformed_payload_is_refused_with_its_path() {
        for (payload, path) in [
            (json!({"Checkup": {"accounts": ["2"]}}), "Checkup.accounts[0]: "),
            (json!({"Checkup": {}}), "Checkup.accounts: "),
            (json!({"Checkup": {"accounts": []}, "Task": "Lock"}), "Task: "),
        ] {
            let failure = SelfCheck::read(&payload).unwrap_err();
            assert_eq!(failure.error, "UnmarshalError");
            assert!(failure.message.starts_with("[task/malformed-self-check] "), "{failure}");
            assert!(failure.message.contains(path), "{path}: {failure}");
        }
    }

    #[test]
    fn report_may_have_more_fields() {
        let role = |outcome| RoleReport { account: account("222222222222"), outcome };
        let report = SelfCheckReport {
            version: VERSION.into(),
            definition: json!({"States": {"Wait": {"Type": "Wait", "Seconds": 5, "BackoffRate": 2.0}}}),
            principal: "arn:aws:sts::111111111111:assumed-role/coinbase-odin/coinbase-odin".into(),
            roles: vec![
                role(Assumption::Assumed),
                role(Assumption::Denied("AccessDenied".into())),
                role(Assumption::Unknown("RequestTimeout".into())),
            ],
        };
        let mut written = serde_json::to_value(&report).unwrap();
        assert_eq!(written["roles"][1]["outcome"], json!({"denied": "AccessDenied"}));
        written["memory"] = 256.into();
        let read = SelfCheckReport::read(&written).unwrap();
        assert!(json::same(&read.definition, &report.definition));
        assert_eq!(read.roles, report.roles);
    }

    #[test]
    fn answer_of_another_form_is_refused() {
        let error = SelfCheckReport::read(&json!({"version": "0.1.0"})).unwrap_err();
        assert_eq!((error.path.as_str(), error.kind), ("definition", json::ReadErrorKind::Missing));
    }
}
