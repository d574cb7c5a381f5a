//! The error of a call to a cloud.

use super::ErrorKind;
use crate::error_code::{Coded, ErrorCode};
use std::fmt;

/// The code of [`CloudError::object_too_large`]. AWS has no such code.
const OBJECT_TOO_LARGE: &str = "ObjectTooLarge";

/// A call to a cloud failed.
///
/// The message names the call and its resource, and has AWS's error code and message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation}{} failed: {code}: {message}{}", On(resource), RequestId(request_id))]
pub struct CloudError {
    /// The AWS name of the call, such as `s3:PutObject`.
    pub operation: &'static str,
    /// The resource of the call, as the caller named it; empty if the operation has none.
    pub resource: String,
    /// The kind of error.
    pub kind: ErrorKind,
    /// AWS's error code, such as `AccessDenied`.
    pub code: String,
    /// AWS's error message.
    pub message: String,
    /// AWS's id of the request, for AWS support. The local cloud has none.
    pub request_id: Option<String>,
}

impl CloudError {
    /// Whether the resource of the call does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.kind == ErrorKind::NotFound
    }

    /// An object in S3 is larger than its reader accepts. `size` is `None` if S3 did not say it.
    #[must_use]
    pub fn object_too_large(resource: impl Into<String>, size: Option<u64>, limit_bytes: u64) -> Self {
        let message = match size {
            Some(size) => format!("the object has {size} bytes, and at most {limit_bytes} are read"),
            None => format!("the object has more than the {limit_bytes} bytes that are read"),
        };
        Self {
            operation: "s3:GetObject",
            resource: resource.into(),
            kind: ErrorKind::Invalid,
            code: OBJECT_TOO_LARGE.into(),
            message,
            request_id: None,
        }
    }

    /// Whether an object in S3 is larger than its reader accepts.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        self.code == OBJECT_TOO_LARGE
    }
}

/// The resource that was looked up; `None` if it does not exist.
///
/// # Errors
/// The error of the call, except that the resource does not exist.
pub fn found<T>(answer: Result<T, CloudError>) -> Result<Option<T>, CloudError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

impl Coded for CloudError {
    const CODES: &'static [ErrorCode] = &[
        ErrorCode {
            code: "aws/not-found",
            cause: "AWS answered that the resource does not exist.",
            remedy: "create the resource, or correct its name, account or region",
        },
        ErrorCode {
            code: "aws/already-exists",
            cause: "AWS answered that a resource of that name already exists.",
            remedy: "use another name, or find out who uses the resource of that name",
        },
        ErrorCode {
            code: "aws/access-denied",
            cause: "AWS denied the call to the credentials or the role that made it.",
            remedy: "allow the action that the message names to the role or user that it names; `doctor` checks the deployer's roles",
        },
        ErrorCode {
            code: "aws/not-authenticated",
            cause: "AWS did not accept the credentials: they have expired or are not valid.",
            remedy: "log in again, for example with `aws sso login`, and repeat the command",
        },
        ErrorCode {
            code: "aws/throttled",
            cause: "AWS asked to be called less often.",
            remedy: "wait a minute and try again",
        },
        ErrorCode {
            code: "aws/unavailable",
            cause: "AWS did not answer, or answered with an error of its own.",
            remedy: "try again; if it persists, check the network and the AWS Health Dashboard",
        },
        ErrorCode {
            code: "aws/conflict",
            cause: "The state of the resource does not allow the call now.",
            remedy: "wait until the change in progress has ended, then try again",
        },
        ErrorCode {
            code: "aws/invalid-request",
            cause: "AWS rejected the request as invalid.",
            remedy: "correct what the message names",
        },
        ErrorCode {
            code: "aws/object-too-large",
            cause: "An object in S3 is larger than its reader accepts.",
            remedy: "find out who wrote the object, and replace or delete it",
        },
    ];

    fn code(&self) -> &'static str {
        match self.kind {
            _ if self.is_too_large() => "aws/object-too-large",
            ErrorKind::NotFound => "aws/not-found",
            ErrorKind::AlreadyExists => "aws/already-exists",
            ErrorKind::AccessDenied => "aws/access-denied",
            ErrorKind::NotAuthenticated => "aws/not-authenticated",
            ErrorKind::Throttled => "aws/throttled",
            ErrorKind::Unavailable => "aws/unavailable",
            ErrorKind::Conflict => "aws/conflict",
            ErrorKind::Invalid => "aws/invalid-request",
        }
    }
}

struct On<'a>(&'a str);

impl fmt::Display for On<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, " on {}", self.0) }
    }
}

struct RequestId<'a>(&'a Option<String>);

impl fmt::Display for RequestId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |id| write!(f, " (request {id})"))
    }
}
