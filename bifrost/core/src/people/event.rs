//! What the function `<deployer>-audit` is invoked with.

use super::{ActRequest, WireError};
use crate::error_code::Coded;
use crate::json;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The only field of the payload.
const FIELD: &str = "Audit";

/// The payload of the function `<deployer>-audit`: `{"Audit": {…}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AuditEvent {
    /// A person asks for an act.
    Act(SignedAct),
    /// An execution ended. `EventBridge` sends it: `{"Audit": {"close": "<execution ARN>"}}`.
    Close(String),
    /// Complete the log.
    Reconcile {
        /// Executions that started at this time or later; by default those of the last three days.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<DateTime<Utc>>,
    },
}

/// An act with the proof of who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedAct {
    /// The [`ActRequest`] as JSON text: the proof is for these exact bytes.
    pub request: String,
    /// The proof.
    pub proof: ActProof,
}

/// The parts of a presigned request `sts:GetCallerIdentity` that only the person could make. The function builds the request from them:
/// host, method, action and signed headers are not the client's choice. A signed header has the hash of the act and of the function,
/// so that the request proves nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActProof {
    /// The id of the access key.
    pub access_key: String,
    /// When it was signed, as `X-Amz-Date`: `20260301T120000Z`.
    pub date: String,
    /// The signature: 64 hex digits.
    pub signature: String,
    /// The session token of temporary credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_token: Option<String>,
}

/// The payload of `<deployer>-audit` is malformed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Coded)]
pub enum EventError {
    /// The payload has another form than this version knows.
    #[error("the payload of the audit function is malformed: {0}")]
    #[code("act/malformed-payload", "use the command of the same version as the function")]
    Form(#[source] json::ReadError),
    /// The text of the act is not a request that this version knows.
    #[error("the act is malformed: {0}")]
    #[code("act/malformed-act", "use the command of the same version as the function")]
    Act(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    #[serde(rename = "Audit")]
    event: AuditEvent,
}

impl AuditEvent {
    /// The payload with which to invoke the function.
    #[must_use]
    pub fn payload(&self) -> Value {
        json!({ FIELD: self })
    }

    /// Whether a payload is for the audit function.
    #[must_use]
    pub fn is_audit(payload: &Value) -> bool {
        payload.get(FIELD).is_some()
    }

    /// Reads a payload.
    ///
    /// # Errors
    /// [`EventError::Form`], with the JSON path.
    pub fn read(payload: &Value) -> Result<Self, EventError> {
        Ok(json::read::<Payload>(payload).map_err(EventError::Form)?.event)
    }
}

impl SignedAct {
    /// Reads the act. Verify the proof first.
    ///
    /// # Errors
    /// [`EventError::Act`].
    pub fn read(&self) -> Result<ActRequest, EventError> {
        let value = json::parse(self.request.as_bytes()).map_err(|error| EventError::Act(error.to_string()))?;
        json::read(&value).map_err(|error| EventError::Act(error.to_string()))
    }
}

/// The function's answer: the result, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer<T> {
    /// It is done.
    Done(T),
    /// It was refused, or failed.
    Refused(WireError),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::Act;

    #[test]
    fn payload_is_read_as_it_was_written() {
        let proof =
            ActProof { access_key: "AKIA".into(), date: "d".into(), signature: "s".into(), session_token: None };
        for event in [
            AuditEvent::Close("arn".into()),
            AuditEvent::Reconcile { since: None },
            AuditEvent::Reconcile { since: Some(DateTime::UNIX_EPOCH) },
            AuditEvent::Act(SignedAct { request: "{}".into(), proof }),
        ] {
            assert_eq!(AuditEvent::read(&event.payload()), Ok(event.clone()));
        }
        assert_eq!(AuditEvent::Close("arn".into()).payload(), json!({"Audit": {"close": "arn"}}));
    }

    #[test]
    fn malformed_payload_is_refused() {
        for payload in [
            json!({"Audit": "reconcile"}),
            json!({"Audit": {"close": 1}}),
            json!({"Audit": {"close": "arn"}, "Task": "Lock"}),
            json!({"Audit": {"act": {"request": "{}", "proof": {"url": "https://evil.example"}}}}),
            json!({"Audit": {}}),
        ] {
            assert_eq!(AuditEvent::read(&payload).unwrap_err().code(), "act/malformed-payload", "{payload}");
        }
    }

    #[test]
    fn malformed_act_is_refused() {
        let read = |request: &str| {
            let proof = ActProof {
                access_key: String::new(),
                date: String::new(),
                signature: String::new(),
                session_token: None,
            };
            SignedAct { request: request.into(), proof }.read()
        };
        let nonce = "\"nonce\": \"00000000-0000-0000-0000-000000000000\"";
        let review = read(&format!("{{\"act\": {{\"review\": {{\"act\": \"a\", \"note\": \"n\"}}}}, {nonce}}}"));
        assert!(matches!(review.unwrap().act, Act::Review { .. }));
        for request in [
            "",
            "{",
            "{}",
            "{\"act\": \"freeze\"}",
            &format!("{{\"act\": {{\"unfreeze\": {{\"config\": {{\"project_name\": \"../x\"}}}}}}, {nonce}}}"),
            &format!("{{\"act\": {{\"review\": {{\"act\": \"a\", \"note\": \"n\"}}}}, {nonce}, \"more\": 1}}"),
        ] {
            assert!(read(request).is_err(), "{request}");
        }
    }
}
