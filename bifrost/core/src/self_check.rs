//! A checkup: what only the deployer's function itself can tell, as only its role may assume those in target accounts.
//!
//! It comes in place of a task, as `{"SelfCheck": {"accounts": ["222222222222"]}}`, from who may invoke the function: a
//! state machine cannot send it. Nothing is changed by it.

use crate::json;
use crate::release::AccountId;
use crate::task::FunctionError;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The version of this code.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The one field of a payload that asks for a checkup.
const CHECKUP: &str = "Checkup";

/// What the function is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelfCheck {
    /// The target accounts whose roles it shall assume.
    pub accounts: Vec<AccountId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    #[serde(rename = "Checkup")]
    self_check: SelfCheck,
}

impl SelfCheck {
    /// What asks the function for it.
    #[must_use]
    pub fn payload(&self) -> Value {
        json!({ CHECKUP: self })
    }

    /// The checkup that a payload asks for; `None` if it asks for something else.
    ///
    /// # Errors
    /// `UnmarshalError` with the JSON path of what is missing, mistyped or unknown.
    pub fn read(payload: &Value) -> Result<Option<Self>, FunctionError> {
        if payload.get(CHECKUP).is_none() {
            return Ok(None);
        }
        match json::read::<Payload>(payload) {
            Ok(payload) => Ok(Some(payload.self_check)),
            Err(error) => {
                Err(FunctionError::new("UnmarshalError", format!("the payload of a checkup is malformed: {error}")))
            }
        }
    }
}

/// What the function answers. Later versions may say more: that is no reason not to understand the rest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SelfCheckReport {
    /// The version of its code.
    pub version: String,
    /// Its own definition: whole, so that it is compared by what it means, and each difference has a name.
    pub definition: Value,
    /// The ARN of the session that it runs as.
    pub principal: String,
    /// Each account that was asked about, in that order.
    pub roles: Vec<RoleReport>,
}

impl SelfCheckReport {
    /// Reads what a function returned.
    ///
    /// # Errors
    /// If it is no such report: the function is of a version that says it otherwise.
    pub fn read(answer: &Value) -> Result<Self, json::ReadError> {
        json::read(answer)
    }
}

/// The role in a target account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleReport {
    /// The account.
    pub account: AccountId,
    /// What became of it.
    pub outcome: Assumption,
}

/// What became of assuming a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assumption {
    /// The function may assume it.
    Assumed,
    /// It may not, as AWS says: STS does not tell a role that is not there from one that does not trust the function.
    Denied(String),
    /// That is not known, as STS did not answer, or not to this.
    Unknown(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: &str) -> AccountId {
        id.parse().unwrap()
    }

    #[test]
    fn a_checkup_is_read_as_it_was_asked_for() {
        let self_check = SelfCheck { accounts: vec![account("222222222222")] };
        assert_eq!(self_check.payload(), json!({"Checkup": {"accounts": ["222222222222"]}}));
        assert_eq!(SelfCheck::read(&self_check.payload()), Ok(Some(self_check)));
    }

    #[test]
    fn what_asks_for_a_task_is_no_checkup() {
        assert_eq!(SelfCheck::read(&json!({"Task": "Lock", "Input": {}})), Ok(None));
        assert_eq!(SelfCheck::read(&json!("Checkup")), Ok(None));
    }

    #[test]
    fn a_malformed_checkup_is_told_where() {
        let malformed = |payload: Value| {
            let failure = SelfCheck::read(&payload).unwrap_err();
            assert_eq!(failure.error, "UnmarshalError");
            failure.message
        };
        insta::assert_snapshot!(malformed(json!({"Checkup": {"accounts": ["2"]}})), @r#"the payload of a checkup is malformed: Checkup.accounts[0]: "2" is no AWS account id: it should be 12 digits"#);
        insta::assert_snapshot!(malformed(json!({"Checkup": {}})), @"the payload of a checkup is malformed: Checkup.accounts: required, but absent");
        insta::assert_snapshot!(malformed(json!({"Checkup": {"accounts": []}, "Task": "Lock"})), @"the payload of a checkup is malformed: Task: there is no such field");
    }

    #[test]
    fn a_report_is_read_as_it_was_written_and_may_say_more() {
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
    fn an_answer_of_another_kind_is_no_report() {
        let error = SelfCheckReport::read(&json!({"version": "0.1.0"})).unwrap_err().to_string();
        insta::assert_snapshot!(error, @"definition: required, but absent");
    }
}
