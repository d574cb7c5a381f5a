//! What a call to a cloud may answer instead of a result.

use crate::error_code::{Coded, ErrorCode};
use std::fmt;

/// What CloudFormation says of a stack whose state does not allow what is asked: a change set, an end of an update, or a
/// deletion.
const STACK_IS_BUSY: [&str; 3] =
    ["state and can not be updated", "cannot be called from current stack status", "cannot be deleted while in status"];

/// What kind of refusal it is, as far as a handler may have to tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The resource does not exist.
    NotFound,
    /// A resource of that name exists.
    AlreadyExists,
    /// The caller's credentials do not allow it.
    AccessDenied,
    /// The caller's credentials are none: they have expired, or AWS does not know them.
    NotAuthenticated,
    /// The service asks to be called less often. Worth another try, later.
    Throttled,
    /// The service or the way to it failed; whether the call had its effect is not known.
    Unavailable,
    /// The resource is in a state that does not allow it now, such as a group with instances in it.
    Conflict,
    /// The request itself is wrong: another try would fail in the same way.
    Invalid,
}

impl ErrorKind {
    /// What kind of refusal an error of AWS is, by its code, and where that does not tell by its message. One that we do
    /// not know may pass: it is [`Unavailable`](Self::Unavailable).
    #[must_use]
    pub fn of(code: &str, message: &str) -> Self {
        // EC2 puts what it is about before the fault: `InvalidLaunchTemplateName.NotFoundException`.
        match code.rsplit_once('.').map_or(code, |(_, fault)| fault) {
            // Auto Scaling has one code for all that is wrong with a request.
            "ValidationError" if message.contains("not found") => Self::NotFound,
            "ValidationError" if message.contains("pending delete") => Self::Conflict,
            // So has CloudFormation. What else does not exist, such as the object of a template's URL, is not the stack.
            "ValidationError" if message.starts_with("Stack") && message.contains("does not exist") => Self::NotFound,
            "ValidationError" if STACK_IS_BUSY.iter().any(|said| message.contains(said)) => Self::Conflict,
            "ValidationError"
            | "ValidationException"
            | "InsufficientCapabilitiesException"
            | "InvalidArnException"
            | "InvalidParameter"
            | "InvalidParameterCombination"
            | "InvalidParameterException"
            | "InvalidParameterValue"
            | "Malformed"
            | "MalformedException"
            | "MissingParameter" => Self::Invalid,
            "AccessDenied" | "AccessDeniedException" | "AuthorizationError" | "UnauthorizedOperation" => {
                Self::AccessDenied
            }
            "ExpiredToken"
            | "ExpiredTokenException"
            | "AuthFailure"
            | "InvalidAccessKeyId"
            | "InvalidClientTokenId"
            | "InvalidSignatureException"
            | "InvalidToken"
            | "SignatureDoesNotMatch"
            | "UnrecognizedClientException" => Self::NotAuthenticated,
            "AlreadyExists" | "AlreadyExistsException" | "AlreadyExistsFault" | "Duplicate" => Self::AlreadyExists,
            "IdempotentParameterMismatch"
            | "InUse"
            | "InvalidChangeSetStatus"
            | "ResourceContention"
            | "ResourceInUse"
            | "ScalingActivityInProgress"
            | "TokenAlreadyExistsException" => Self::Conflict,
            "Throttling"
            | "ThrottlingException"
            | "ThrottledException"
            | "RequestLimitExceeded"
            | "RequestThrottled"
            | "SlowDown"
            | "TooManyRequestsException"
            | "ProvisionedThroughputExceededException" => Self::Throttled,
            "AccessPointNotFound"
            | "ChangeSetNotFound"
            | "LoadBalancerNotFound"
            | "NoSuchBucket"
            | "NoSuchEntity"
            | "NoSuchKey"
            | "NotFound"
            | "NotFoundException"
            | "ResourceNotFound"
            | "ResourceNotFoundException"
            | "TargetGroupNotFound"
            | "Unknown" => Self::NotFound,
            _ => Self::Unavailable,
        }
    }
}

/// A call to a cloud failed.
///
/// The message names the call, the resource it was for and AWS's own error code and text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation}{} failed: {code}: {message}{}", On(resource), RequestId(request_id))]
pub struct CloudError {
    /// The call by its AWS name, such as `s3:PutObject`.
    pub operation: &'static str,
    /// The resource that it was for, as the caller named it; empty where there is none.
    pub resource: String,
    /// What kind of refusal it is.
    pub kind: ErrorKind,
    /// AWS's error code, such as `AccessDenied`.
    pub code: String,
    /// AWS's error message.
    pub message: String,
    /// AWS's id of the request, for its support; the embedded world has none.
    pub request_id: Option<String>,
}

impl CloudError {
    /// Whether the resource of the call does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.kind == ErrorKind::NotFound
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
            remedy: "delete the other resource if it is not used, or use another name",
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
    ];

    fn code(&self) -> &'static str {
        match self.kind {
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

#[cfg(test)]
mod tests {
    use super::ErrorKind;

    #[test]
    fn what_kind_of_refusal_it_is_is_told_by_code_and_message() {
        for (code, message, kind) in [
            ("ValidationError", "AutoScalingGroup name not found - null", ErrorKind::NotFound),
            ("ValidationError", "Launch configuration name not found - old", ErrorKind::NotFound),
            ("ValidationError", "You may not modify a group that is pending delete", ErrorKind::Conflict),
            ("ValidationError", "Max bound, 2, must be greater than or equal to min bound, 3", ErrorKind::Invalid),
            ("ValidationError", "Stack with id sam-web does not exist", ErrorKind::NotFound),
            ("ValidationError", "Stack [sam-web] does not exist", ErrorKind::NotFound),
            ("ValidationError", "S3 error: The specified key does not exist.", ErrorKind::Invalid),
            (
                "ValidationError",
                "Stack:sam-web is in UPDATE_IN_PROGRESS state and can not be updated.",
                ErrorKind::Conflict,
            ),
            ("ValidationError", "CancelUpdateStack cannot be called from current stack status", ErrorKind::Conflict),
            (
                "ValidationError",
                "Stack [sam-web] cannot be deleted while in status UPDATE_IN_PROGRESS",
                ErrorKind::Conflict,
            ),
            ("ValidationError", "No updates are to be performed.", ErrorKind::Invalid),
            ("ChangeSetNotFound", "ChangeSet [web] does not exist", ErrorKind::NotFound),
            ("AlreadyExistsException", "ChangeSet web cannot be created", ErrorKind::AlreadyExists),
            ("InvalidChangeSetStatus", "", ErrorKind::Conflict),
            ("InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_NAMED_IAM]", ErrorKind::Invalid),
            ("TokenAlreadyExistsException", "", ErrorKind::Conflict),
            ("InvalidParameterException", "", ErrorKind::Invalid),
            ("InvalidLaunchTemplateName.NotFoundException", "", ErrorKind::NotFound),
            ("InvalidLaunchTemplateName.AlreadyExistsException", "", ErrorKind::AlreadyExists),
            ("InvalidLaunchTemplateName.MalformedException", "", ErrorKind::Invalid),
            ("InvalidPlacementGroup.Unknown", "", ErrorKind::NotFound),
            ("InvalidPlacementGroup.Duplicate", "", ErrorKind::AlreadyExists),
            ("InvalidPlacementGroup.InUse", "", ErrorKind::Conflict),
            ("Client.RequestLimitExceeded", "", ErrorKind::Throttled),
            ("ExpiredTokenException", "", ErrorKind::NotAuthenticated),
            ("InternalFailure", "", ErrorKind::Unavailable),
        ] {
            assert_eq!(ErrorKind::of(code, message), kind, "{code}: {message}");
        }
    }
}
