//! The kinds of errors of AWS, and how they follow from an error's code.
//!
//! Both clouds ask the same function, so an error of a service has the same kind in the local cloud and on AWS. A deployer adds
//! the codes of its services that the function does not know or does not classify well, with
//! [`Deployer::ERROR_KINDS`](crate::deployer::Deployer::ERROR_KINDS).

/// The kinds of errors that handlers distinguish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The resource does not exist.
    NotFound,
    /// A resource of this name exists already.
    AlreadyExists,
    /// The caller's credentials do not allow the call.
    AccessDenied,
    /// The caller's credentials have expired, or AWS does not know them.
    NotAuthenticated,
    /// The service asks to be called less often. A later retry may succeed.
    Throttled,
    /// The service or the network failed. It is not known whether the call had an effect.
    Unavailable,
    /// The state of the resource or a quota does not allow the call now: for example, a group that still has instances.
    Conflict,
    /// The request is not valid: a retry would fail in the same way.
    Invalid,
}

impl ErrorKind {
    /// Whether the same call may succeed later without anybody changing anything.
    #[must_use]
    pub fn is_transient(self) -> bool {
        matches!(self, Self::Throttled | Self::Unavailable | Self::Conflict)
    }
}

/// The kinds of the errors of a deployer's services: its own table, then the codes that the framework knows.
#[derive(Debug, Clone, Copy, Default)]
pub struct ErrorKinds(&'static [(&'static str, ErrorKind)]);

impl ErrorKinds {
    /// With the table of a deployer: [`Deployer::ERROR_KINDS`](crate::deployer::Deployer::ERROR_KINDS).
    #[must_use]
    pub const fn new(table: &'static [(&'static str, ErrorKind)]) -> Self {
        Self(table)
    }

    /// The kind of an error that a service answered, by its code, and by its message where the code is not specific. A code that
    /// neither the deployer nor the framework knows is [`Invalid`](ErrorKind::Invalid): the service refused the request.
    #[must_use]
    pub fn of(self, code: &str, message: &str) -> ErrorKind {
        self.known(code, message).unwrap_or(ErrorKind::Invalid)
    }

    /// As [`of`](Self::of), but a code that nobody knows is [`Unavailable`](ErrorKind::Unavailable): the service said that the
    /// fault is its own, by an HTTP status of 500 or more.
    #[must_use]
    pub fn of_server_fault(self, code: &str, message: &str) -> ErrorKind {
        self.known(code, message).unwrap_or(ErrorKind::Unavailable)
    }

    fn known(self, code: &str, message: &str) -> Option<ErrorKind> {
        let own = self.0.iter().find(|(own, _)| *own == code).map(|(_, kind)| *kind);
        own.or_else(|| by_code(code, message)).or_else(|| by_pattern(code))
    }
}

/// Parts of CloudFormation's messages about a stack whose status does not allow the request: a change set, a cancelled
/// update, or a deletion.
const STACK_IS_BUSY: [&str; 3] =
    ["state and can not be updated", "cannot be called from current stack status", "cannot be deleted while in status"];

/// The fault that a code names. EC2 puts the subject before it: `InvalidLaunchTemplateName.NotFoundException`. Many codes have
/// `Exception` at the end in one protocol of AWS, and not in another.
fn fault(code: &str) -> &str {
    let fault = code.rsplit_once('.').map_or(code, |(_, fault)| fault);
    ["Exception", "Fault"].iter().find_map(|end| fault.strip_suffix(end)).unwrap_or(fault)
}

/// Codes that have no pattern, or mean something else than their pattern says.
fn by_code(code: &str, message: &str) -> Option<ErrorKind> {
    Some(match fault(code) {
        // Auto Scaling has one code for every invalid request.
        "ValidationError" if message.contains("not found") => ErrorKind::NotFound,
        "ValidationError" if message.contains("pending delete") => ErrorKind::Conflict,
        // CloudFormation, too. Only a message about the stack means that the stack does not exist: another one may be
        // about the object of a template URL.
        "ValidationError" if message.starts_with("Stack") && message.contains("does not exist") => ErrorKind::NotFound,
        "ValidationError" if STACK_IS_BUSY.iter().any(|part| message.contains(part)) => ErrorKind::Conflict,
        "AuthorizationError" | "Forbidden" => ErrorKind::AccessDenied,
        "AuthFailure"
        | "ExpiredToken"
        | "IncompleteSignature"
        | "InvalidAccessKeyId"
        | "InvalidClientTokenId"
        | "InvalidSignature"
        | "InvalidToken"
        | "MissingAuthenticationToken"
        | "RequestExpired"
        | "SignatureDoesNotMatch"
        | "UnrecognizedClient" => ErrorKind::NotAuthenticated,
        "BucketAlreadyOwnedByYou" | "Duplicate" => ErrorKind::AlreadyExists,
        "ConditionalCheckFailed"
        | "DependencyViolation"
        | "IdempotentParameterMismatch"
        | "InvalidChangeSetStatus"
        | "OperationAborted"
        | "PreconditionFailed"
        | "ResourceContention"
        | "TokenAlreadyExists" => ErrorKind::Conflict,
        // AWS's SDKs count these as throttling, too. Other limits are quotas.
        "BandwidthLimitExceeded"
        | "PriorRequestNotComplete"
        | "ProvisionedThroughputExceeded"
        | "RequestLimitExceeded"
        | "SlowDown" => ErrorKind::Throttled,
        "LimitExceeded" if code.ends_with("Exception") => ErrorKind::Throttled,
        "Unknown" if code.starts_with("Invalid") => ErrorKind::NotFound,
        "BadGateway" | "Server" | "Service" => ErrorKind::Unavailable,
        _ => return None,
    })
}

/// How AWS names the errors of its services. The first pattern that matches counts: `TransactionInProgressException` is a
/// conflict.
fn by_pattern(code: &str) -> Option<ErrorKind> {
    let fault = fault(code);
    let contains = |parts: &[&str]| parts.iter().any(|part| fault.contains(part));
    let begins = |parts: &[&str]| parts.iter().any(|part| fault.starts_with(part));
    let ends = |parts: &[&str]| parts.iter().any(|part| fault.ends_with(part));
    let is_of_state = begins(&["Incorrect", "Invalid"]) && ends(&["State"]);
    let is_of_capacity = begins(&["Insufficient"]) && ends(&["Capacity"]);
    Some(if contains(&["Throttl"]) || begins(&["TooManyRequests"]) {
        ErrorKind::Throttled
    } else if contains(&["AccessDenied", "NotAuthorized"]) || begins(&["Unauthorized"]) {
        ErrorKind::AccessDenied
    } else if contains(&["NotFound", "NotExist"]) || begins(&["NoSuch", "NonExistent"]) {
        ErrorKind::NotFound
    } else if contains(&["AlreadyExist"])
        || ends(&["Exists"])
        || (begins(&["Duplicate"]) && ends(&["Listener", "Name"]))
    {
        ErrorKind::AlreadyExists
    } else if is_of_state
        || is_of_capacity
        || contains(&["Conflict", "ConcurrentModification", "InProgress", "InUse"])
        || ends(&["LimitExceeded", "LimitReached", "NotEmpty", "NotReady", "QuotaExceeded"])
    {
        ErrorKind::Conflict
    } else if begins(&["Invalid", "Malformed", "Missing", "Validation"]) || code.starts_with("Invalid") {
        ErrorKind::Invalid
    } else if contains(&["Internal", "ServiceUnavailable"]) || ends(&["ServiceFailure", "Timeout", "Unavailable"]) {
        ErrorKind::Unavailable
    } else {
        return None;
    })
}

#[cfg(test)]
mod tests {
    use super::{ErrorKind, ErrorKinds};

    #[test]
    fn kind_follows_from_code_and_message() {
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
            assert_eq!(ErrorKinds::default().of(code, message), kind, "{code}: {message}");
        }
    }
    #[test]
    fn kind_follows_from_the_pattern_of_an_unknown_code() {
        for (kind, codes) in [
            (
                ErrorKind::NotFound,
                "ClusterNotFoundException DBInstanceNotFound NoSuchHostedZone QueueDoesNotExist InvalidVpcID.NotFound",
            ),
            (
                ErrorKind::NotFound,
                "AWS.SimpleQueueService.NonExistentQueue StateMachineDoesNotExist TargetGroupNotFoundException",
            ),
            (
                ErrorKind::AlreadyExists,
                "EntityAlreadyExists ResourceExistsException BucketAlreadyOwnedByYou DuplicateTargetGroupName",
            ),
            (
                ErrorKind::Conflict,
                "ResourceInUseException UpdateInProgressException ResourceConflictException OperationAborted",
            ),
            (
                ErrorKind::Conflict,
                "VpcLimitExceeded ServiceQuotaExceededException InvalidDBInstanceState RepositoryNotEmptyException",
            ),
            (
                ErrorKind::Throttled,
                "EC2ThrottledException TooManyRequestsException LimitExceededException RequestLimitExceeded",
            ),
            (
                ErrorKind::AccessDenied,
                "KMSAccessDeniedException UnauthorizedOperation NotAuthorizedException ForbiddenException",
            ),
            (ErrorKind::NotAuthenticated, "ExpiredToken InvalidSignatureException RequestExpired"),
            (
                ErrorKind::Unavailable,
                "ServerException ServiceException ServiceUnavailable KMSInternalException RequestTimeout",
            ),
            (
                ErrorKind::Invalid,
                "ValidationException InvalidAMIID.Unavailable MissingParameter ServiceNotActiveException Unheard",
            ),
        ] {
            for code in codes.split(' ') {
                assert_eq!(ErrorKinds::default().of(code, ""), kind, "{code}");
            }
        }
    }

    #[test]
    fn table_of_the_deployer_comes_first() {
        let kinds = ErrorKinds::new(&[
            ("ServiceNotActiveException", ErrorKind::Conflict),
            ("ClusterNotFoundException", ErrorKind::Invalid),
        ]);
        assert_eq!(kinds.of("ServiceNotActiveException", ""), ErrorKind::Conflict);
        assert_eq!(kinds.of("ClusterNotFoundException", ""), ErrorKind::Invalid);
        assert_eq!(kinds.of("ServiceNotFoundException", ""), ErrorKind::NotFound);
    }

    #[test]
    fn unknown_code_is_unavailable_only_as_a_fault_of_the_server() {
        let kinds = ErrorKinds::default();
        assert_eq!(kinds.of("Unheard", ""), ErrorKind::Invalid);
        assert_eq!(kinds.of_server_fault("Unheard", ""), ErrorKind::Unavailable);
        assert_eq!(kinds.of_server_fault("EC2ThrottledException", ""), ErrorKind::Throttled);
    }
}
