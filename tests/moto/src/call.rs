//! The log of calls.

use serde::Deserialize;

/// One call of AWS's API.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Call {
    /// The service as its permissions name it, such as `states`.
    pub service: String,
    /// The operation, such as `ListObjectsV2`.
    pub action: String,
    /// The required permission, such as `s3:ListBucket`.
    pub permission: String,
    /// The region that the call was signed for.
    pub region: String,
    /// The account of the caller.
    pub account: String,
    /// The caller's access key.
    pub access_key: String,
    /// The user or session of the access key; `None` for an unknown key.
    pub principal: Option<String>,
    /// The Lambda function that made the call, by the session from which its credentials come.
    pub function: Option<String>,
    /// The path of the request.
    pub path: String,
    /// The ARN of the resource, where `policies.py` knows it; of a transaction or a batch, that of its first part.
    pub resource: Option<String>,
    /// The kind of the injected fault.
    pub fault: Option<String>,
    /// The start time, in seconds since 1970.
    pub started: f64,
    /// The time of the answer, in seconds since 1970; `None` while the call runs.
    pub ended: Option<f64>,
    /// The HTTP status of the answer; `None` while the call runs, and after a connection reset.
    pub status: Option<u16>,
    /// The error code of the answer, if it is an error.
    pub error: Option<String>,
}
