//! The log of calls.

use serde::Deserialize;

/// One call of AWS's API, as it came in.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Call {
    /// The service by the name that its permissions have, such as `states`.
    pub service: String,
    /// The operation, such as `ListObjectsV2`.
    pub action: String,
    /// The permission that it needs, such as `s3:ListBucket`.
    pub permission: String,
    /// The region that the call was signed for.
    pub region: String,
    /// The account that it acted in: the caller's.
    pub account: String,
    /// The caller's access key.
    pub access_key: String,
    /// The user or the session whose key it is; none if nobody was given it.
    pub principal: Option<String>,
    /// The Lambda function that it comes from, by the session that its credentials descend from.
    pub function: Option<String>,
    /// The path of the request.
    pub path: String,
    /// The kind of the fault that struck it.
    pub fault: Option<String>,
    /// When it came in, in seconds since 1970.
    pub started: f64,
    /// When it was answered, in seconds since 1970; none while it runs.
    pub ended: Option<f64>,
    /// The answer's HTTP status; none while it runs, and if the connection died.
    pub status: Option<u16>,
    /// The code of an answer that is an error.
    pub error: Option<String>,
}
