//! The results of checks.

use bifrost_core::cloud::{CloudError, ErrorKind};
use serde::Serialize;

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// As it should be.
    Good,
    /// Deploys work, or the check was not possible.
    Warning,
    /// Deploys fail, do not do what their definition says, or expose something that others must not reach.
    Bad,
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoctorFinding {
    /// What was checked, such as `lock table`.
    pub what: String,
    /// The severity.
    pub status: Status,
    /// What was found.
    pub message: String,
    /// The remedy, with complete commands between backticks; absent if nothing needs to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_step: Option<String>,
}

impl DoctorFinding {
    pub(super) fn good(what: impl Into<String>, message: impl Into<String>) -> Self {
        Self { what: what.into(), status: Status::Good, message: message.into(), next_step: None }
    }

    pub(super) fn warning(what: impl Into<String>, message: impl Into<String>, next_step: impl Into<String>) -> Self {
        let next_step = Some(next_step.into());
        Self { what: what.into(), status: Status::Warning, message: message.into(), next_step }
    }

    /// A fault with its remedy.
    #[must_use]
    pub fn bad(what: impl Into<String>, message: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self { status: Status::Bad, ..Self::warning(what, message, next_step) }
    }

    /// The check was not possible.
    pub(super) fn unchecked(what: impl Into<String>, error: &CloudError) -> Self {
        let next_step = match error.kind {
            ErrorKind::AccessDenied => format!("ask for the permission {}", permission(error.operation)),
            ErrorKind::NotAuthenticated => "log in again, for example with `aws sso login`".to_owned(),
            _ => "wait a minute and try again".to_owned(),
        };
        Self::warning(what, format!("not checked: {error}"), next_step)
    }
}

/// The IAM action that allows a call. Most have the name of the call.
fn permission(operation: &'static str) -> &'static str {
    match operation {
        "lambda:Invoke" => "lambda:InvokeFunction",
        "s3:GetBucketEncryption" => "s3:GetEncryptionConfiguration",
        "s3:GetObjectLockConfiguration" => "s3:GetBucketObjectLockConfiguration",
        "s3:GetPublicAccessBlock" => "s3:GetBucketPublicAccessBlock",
        "s3:ListObjectsV2" => "s3:ListBucket",
        same => same,
    }
}
