//! Converts errors of the SDK: AWS's code, message and request id, and the kind of the error.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use bifrost_core::cloud::{CloudError, ErrorKind, ErrorKinds};
use bifrost_core::error_code::full_message;
use std::any::Any;
use std::error::Error;
use std::fmt::Debug;

/// Converts an error of the SDK. `kinds` classifies the codes of the service.
pub fn cloud_error<E, R>(
    kinds: ErrorKinds,
    operation: &'static str,
    resource: &str,
    error: &SdkError<E, R>,
) -> CloudError
where
    E: ProvideErrorMetadata + Error + 'static,
    R: Debug + 'static,
{
    let (kind, code, message) = match error {
        SdkError::ServiceError(service) => service_error(kinds, service.err(), is_server_fault(service.raw())),
        SdkError::TimeoutError(_) => (ErrorKind::Unavailable, "RequestTimeout".to_owned(), full_message(error)),
        SdkError::DispatchFailure(_) => (ErrorKind::Unavailable, "ConnectionFailure".to_owned(), full_message(error)),
        SdkError::ResponseError(_) => (ErrorKind::Unavailable, "UnreadableAnswer".to_owned(), full_message(error)),
        _ => (ErrorKind::Invalid, "InvalidRequest".to_owned(), full_message(error)),
    };
    let request_id = error.meta().extra("aws_request_id").map(ToOwned::to_owned);
    CloudError { operation, resource: resource.to_owned(), kind, code, message, request_id }
}

/// Whether the HTTP status says that the fault is the service's own. So it is counted if the status is not known.
fn is_server_fault(answer: &dyn Any) -> bool {
    answer.downcast_ref::<HttpResponse>().is_none_or(|answer| answer.status().is_server_error())
}

fn service_error<E: ProvideErrorMetadata + Error + 'static>(
    kinds: ErrorKinds,
    error: &E,
    is_server_fault: bool,
) -> (ErrorKind, String, String) {
    let code = error.code().unwrap_or("UnknownError").to_owned();
    let message = error.message().map_or_else(|| full_message(error), ToOwned::to_owned);
    let kind = if is_server_fault { kinds.of_server_fault(&code, &message) } else { kinds.of(&code, &message) };
    (kind, code, message)
}

/// Requires a field of an answer of AWS that the SDK treats as optional.
pub trait Incomplete<T> {
    /// The value, or an error that names the `field` that is missing in the answer.
    ///
    /// # Errors
    /// AWS's error code is `IncompleteAnswer`.
    fn present(self, operation: &'static str, resource: &str, field: &str) -> Result<T, CloudError>;
}

impl<T> Incomplete<T> for Option<T> {
    fn present(self, operation: &'static str, resource: &str, field: &str) -> Result<T, CloudError> {
        self.ok_or_else(|| CloudError {
            operation,
            resource: resource.to_owned(),
            kind: ErrorKind::Unavailable,
            code: "IncompleteAnswer".into(),
            message: format!("the answer has no valid {field}"),
            request_id: None,
        })
    }
}
