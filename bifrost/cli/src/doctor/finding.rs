//! What a check came to.

use bifrost_core::cloud::{CloudError, ErrorKind};
use serde::Serialize;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// As it should be.
    Good,
    /// Deploys work all the same, or it could not be checked.
    Warning,
    /// Deploys fail, or are not what they seem, or others can reach what they should not.
    Bad,
}

/// What a check came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoctorFinding {
    /// What was checked, such as `lock table`.
    pub what: String,
    /// How bad it is.
    pub status: Status,
    /// What was found.
    pub message: String,
    /// What to run, if anything is to be done.
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

    /// Something is wrong, and that is to be run.
    #[must_use]
    pub fn bad(what: impl Into<String>, message: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self { status: Status::Bad, ..Self::warning(what, message, next_step) }
    }

    /// The check could not be made.
    pub(super) fn unchecked(what: impl Into<String>, error: &CloudError) -> Self {
        let next_step = match error.kind {
            ErrorKind::AccessDenied => format!("ask for the permission {}", permission(error.operation)),
            ErrorKind::NotAuthenticated => "log in anew, such as with `aws sso login`".to_owned(),
            _ => "try again, once AWS answers".to_owned(),
        };
        Self::warning(what, format!("not checked: {error}"), next_step)
    }
}

/// The action in a policy that allows a call: the names of some differ.
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
