//! Deploys as in-toto statements in DSSE envelopes, for supply chain tools. `docs/deployment-predicate.md` specifies the predicate.

use crate::reader::rows::CommittedRecord;
use crate::reader::story::Story;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bifrost_core::audit::{CallOutcome, Claims, Event, safe_text};
use bifrost_core::cloud::{CloudError, LogSigner};
use bifrost_core::error_code::Coded;
use serde::Serialize;
use serde_json::{Value, json};

/// The type of the predicate, which `docs/deployment-predicate.md` specifies.
pub const PREDICATE_TYPE: &str = "https://github.com/bifrost-deployers/bifrost/deployment/v1";

/// The type of the payload of an envelope.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// The longest message that KMS signs, in bytes.
const MAX_MESSAGE: usize = 4096;

/// A DSSE envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// The statement, in base64.
    pub payload: String,
    /// [`PAYLOAD_TYPE`].
    pub payload_type: &'static str,
    /// The signatures. Empty if there is no key.
    pub signatures: Vec<EnvelopeSignature>,
}

/// A signature of an envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EnvelopeSignature {
    /// Which key signed: `<name>+<id>+<base64>`, as in a policy. It is a hint and is not signed.
    pub keyid: String,
    /// The Ed25519 signature, in base64.
    pub sig: String,
}

/// A key that signs statements.
#[derive(Clone, Copy)]
pub struct StatementSigner<'a> {
    /// The key.
    pub key: &'a dyn LogSigner,
    /// Its public part, as [`verifier_key`](crate::key::verifier_key) writes it.
    pub id: &'a str,
}

/// A deploy has no statement.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub enum StatementError {
    /// The release could not be read when the deploy started, so that the statement has nothing to be about.
    #[error("{} has no SHA-256 of a release", safe_text(.0))]
    #[code("audit/no-release-digest", "export this deploy as CSV or JSON lines")]
    NoRelease(String),
    /// The records of the deploy are damaged or incomplete, so that nothing is stated about it.
    #[error("the records of {} cannot be relied on: {}", safe_text(records), safe_text(problem))]
    #[code("audit/records-damaged", "run `bifrost audit verify`: it names the first thing that was altered")]
    Damaged {
        /// The directory of its records.
        records: String,
        /// What is wrong first.
        problem: String,
    },
    /// The statement is longer than KMS signs.
    #[error(
        "the statement on {} has {bytes} bytes with its envelope, and at most {MAX_MESSAGE} can be signed",
        safe_text(records)
    )]
    #[code("audit/statement-too-long", "export it without a signature")]
    TooLong {
        /// The directory of the deploy's records.
        records: String,
        /// How long it is.
        bytes: usize,
    },
    /// The key cannot sign.
    #[error(transparent)]
    #[code(source)]
    Sign(#[from] CloudError),
}

/// The in-toto statement on a deploy of the log with this origin.
///
/// # Errors
/// [`StatementError::NoRelease`], [`StatementError::Damaged`].
pub fn statement(story: &Story, origin: &str) -> Result<Value, StatementError> {
    let deploy = &story.deploy;
    if let Some(problem) = story.problems.first() {
        return Err(StatementError::Damaged { records: deploy.records.clone(), problem: problem.clone() });
    }
    let name = deploy.release_id.as_ref().zip(deploy.release_sha256);
    let Some((release, sha256)) = name else { return Err(StatementError::NoRelease(deploy.records.clone())) };
    Ok(json!({
        "_type": STATEMENT_TYPE,
        "subject": [{"name": release, "digest": {"sha256": sha256}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": predicate(story, origin),
    }))
}

fn predicate(story: &Story, origin: &str) -> Value {
    let deploy = &story.deploy;
    let digest = |sha256: Option<_>| sha256.map(|sha256: bifrost_core::release::Sha256| json!({"sha256": sha256}));
    let Claims { started_by, approved_by, ticket, commit } = &story.claims;
    let deployer = story.deployer.as_ref();
    let count = |outcome| {
        let is_it = |event: &Event| matches!(event, Event::Change { outcome: found, .. } if *found == outcome);
        story.steps.iter().filter(|step| step.is_committed && is_it(&step.event)).count()
    };
    let entry = |entry: &CommittedRecord| json!({"index": entry.entry, "kind": entry.kind, "record": entry.number, "digest": {"sha256": entry.sha256}});
    let entries: Vec<Value> = story.evidence.iter().map(|evidence| entry(&evidence.committed)).collect();
    let mut predicate = json!({
        "outcome": deploy.outcome,
        "startedOn": deploy.started,
        "finishedOn": deploy.ended,
        "refusalCode": story.refusal.as_ref().and_then(|refusal| refusal.code.as_ref()),
        "target": {
            "projectName": deploy.project_name,
            "configName": deploy.config_name,
            "awsAccountId": deploy.aws_account_id,
            "awsRegion": deploy.aws_region,
        },
        "deployer": {
            "name": deploy.deployer,
            "version": deployer.and_then(|it| it.version.as_ref()),
            "digest": digest(deployer.and_then(|it| it.code_sha256)),
            "definitionDigest": digest(story.definition_sha256),
        },
        "claims": {"startedBy": started_by, "approvedBy": approved_by, "ticket": ticket, "commit": commit},
        "execution": deploy.execution,
        "plans": story.plans.iter().map(|plan| json!({"sha256": plan})).collect::<Vec<_>>(),
        "changes": {
            "done": count(CallOutcome::Done),
            "refused": count(CallOutcome::Refused),
            "unknown": count(CallOutcome::Unknown),
        },
        "log": {"origin": origin, "records": deploy.records, "recordCount": deploy.record_count, "entries": entries},
    });
    remove_nulls(&mut predicate);
    predicate
}

fn remove_nulls(value: &mut Value) {
    if let Value::Object(fields) = value {
        fields.retain(|_, value| !value.is_null());
        fields.values_mut().for_each(remove_nulls);
    }
}

/// The envelope of a statement, signed if there is a key.
///
/// # Errors
/// [`StatementError`].
pub async fn envelope(
    story: &Story,
    origin: &str,
    signer: Option<StatementSigner<'_>>,
) -> Result<Envelope, StatementError> {
    let payload = statement(story, origin)?.to_string();
    let mut signatures = Vec::new();
    if let Some(StatementSigner { key, id }) = signer {
        let message = pre_authentication_encoding(&payload);
        if message.len() > MAX_MESSAGE {
            return Err(StatementError::TooLong { records: story.deploy.records.clone(), bytes: message.len() });
        }
        let sig = BASE64_STANDARD.encode(key.sign(&message).await?);
        signatures.push(EnvelopeSignature { keyid: id.to_owned(), sig });
    }
    Ok(Envelope { payload: BASE64_STANDARD.encode(payload), payload_type: PAYLOAD_TYPE, signatures })
}

/// What is signed. It has no line feed, so that it is never the text of a checkpoint, which the same key signs.
fn pre_authentication_encoding(payload: &str) -> Vec<u8> {
    format!("DSSEv1 {} {PAYLOAD_TYPE} {} {payload}", PAYLOAD_TYPE.len(), payload.len()).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_is_that_of_the_specification() {
        let encoded = String::from_utf8(pre_authentication_encoding("{\"é\":1}")).unwrap();
        assert_eq!(encoded, "DSSEv1 28 application/vnd.in-toto+json 8 {\"é\":1}");
    }
}
