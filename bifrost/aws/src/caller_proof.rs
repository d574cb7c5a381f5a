//! The presigned request `sts:GetCallerIdentity` with which a person proves to the audit function who they are.
//!
//! The client signs it with the person's credentials, and the function sends it to STS, which answers with the ARN of the signer. As with
//! Vault and EKS, the secret key stays with the person. A signed header has the hash of the act and of the function, so the request
//! proves nothing else. The function takes from the client only what the signature needs and builds the rest itself: a client cannot
//! choose the host, the method, the action or the signed headers.

use aws_types::SdkConfig;
use bifrost_core::account::Identity;
use bifrost_core::people::ActProof;
use bifrost_core::release::{Region, Sha256};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use std::fmt::Write as _;

/// The signed header.
pub(crate) const BINDING: &str = "x-bifrost-act";

/// How long the request is valid.
pub(crate) const VALID_FOR: TimeDelta = TimeDelta::minutes(5);

/// How far the clock of the person's machine may be ahead. The client measures it when it connects.
const MAX_AHEAD: TimeDelta = TimeDelta::minutes(2);

/// The form of `X-Amz-Date`.
const DATE: &str = "%Y%m%dT%H%M%SZ";

const ACTION: &str = "Action=GetCallerIdentity&Version=2011-06-15";

/// The request, without signature: `endpoint` is of STS.
pub(crate) fn unsigned_uri(endpoint: &str) -> String {
    format!("{}/?{ACTION}", endpoint.trim_end_matches('/'))
}

/// The regional endpoint of STS, or the one that is configured instead of AWS.
pub(crate) fn sts_endpoint(config: &SdkConfig, region: &Region) -> String {
    let host = || format!("https://sts.{region}.{}", region.partition().url_suffix());
    config.endpoint_url().map_or_else(host, ToOwned::to_owned)
}

/// The value of the signed header: it binds the request to the text of an act and to the function of one deployer, account and region.
pub(crate) fn binding(identity: &Identity, request: &str) -> String {
    Sha256::of(format!("{}\n{request}", identity.audit_function_arn()).as_bytes()).to_string()
}

/// A proof that is not valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProofError {
    #[error("the {0} of the proof is malformed")]
    Malformed(&'static str),
    #[error("the request was signed at {signed}, more than {} minutes ago: repeat the command", VALID_FOR.num_minutes())]
    Old { signed: DateTime<Utc> },
    #[error("the request was signed at {signed}, which is in the future: set the clock of your machine")]
    Future { signed: DateTime<Utc> },
}

/// A proof whose form and time are valid. Only STS knows whether the signature is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CheckedProof {
    pub(crate) signed_at: DateTime<Utc>,
    /// The hash of all that the signature covers, and of the signature: the same request has the same hash.
    pub(crate) sha256: Sha256,
    /// The presigned request.
    pub(crate) uri: String,
}

/// Checks a proof, and builds the presigned request from it.
pub(crate) fn check(
    proof: &ActProof,
    (endpoint, region): (&str, &Region),
    binding: &str,
    now: DateTime<Utc>,
) -> Result<CheckedProof, ProofError> {
    let ActProof { access_key, date, signature, session_token } = proof;
    let is = |text: &str, longest: usize, allowed: fn(u8) -> bool| {
        !text.is_empty() && text.len() <= longest && text.bytes().all(allowed)
    };
    if !is(access_key, 128, |byte| byte.is_ascii_alphanumeric()) {
        return Err(ProofError::Malformed("access key"));
    }
    // The same signature must not have two forms: its hash is the id of the act.
    if signature.len() != 64 || !is(signature, 64, |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(ProofError::Malformed("signature"));
    }
    let is_token = |token: &String| is(token, 8192, |byte| byte.is_ascii_alphanumeric() || b"+/=_-.".contains(&byte));
    if session_token.as_ref().is_some_and(|token| !is_token(token)) {
        return Err(ProofError::Malformed("session token"));
    }
    let signed_at = read_date(date).ok_or(ProofError::Malformed("date"))?;
    match now.signed_duration_since(signed_at) {
        age if age > VALID_FOR => return Err(ProofError::Old { signed: signed_at }),
        age if age < -MAX_AHEAD => return Err(ProofError::Future { signed: signed_at }),
        _ => {}
    }
    let scope = format!("{access_key}/{}/{region}/sts/aws4_request", signed_at.format("%Y%m%d"));
    let mut uri = unsigned_uri(endpoint);
    let parameters = [
        ("X-Amz-Algorithm", Some("AWS4-HMAC-SHA256")),
        ("X-Amz-Credential", Some(scope.as_str())),
        ("X-Amz-Date", Some(date)),
        ("X-Amz-Expires", Some(&*VALID_FOR.num_seconds().to_string())),
        ("X-Amz-SignedHeaders", Some(&*format!("host;{BINDING}"))),
        ("X-Amz-Security-Token", session_token.as_deref()),
        ("X-Amz-Signature", Some(signature)),
    ];
    for (name, value) in parameters {
        if let Some(value) = value {
            uri.push('&');
            uri.push_str(name);
            uri.push('=');
            encode(&mut uri, value);
        }
    }
    let sha256 = Sha256::of(format!("{scope}\n{date}\n{binding}\n{signature}").as_bytes());
    Ok(CheckedProof { signed_at, sha256, uri })
}

/// The time in `X-Amz-Date`, which has one form.
fn read_date(date: &str) -> Option<DateTime<Utc>> {
    let read = NaiveDateTime::parse_from_str(date, DATE).ok()?.and_utc();
    (read.format(DATE).to_string() == date).then_some(read)
}

/// Percent-encodes a value of a query, as `SigV4` does.
fn encode(uri: &mut String, value: &str) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
}
