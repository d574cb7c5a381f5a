//! The SDK's errors as ours: AWS's code, message and request id, and what kind of refusal it is.

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use bifrost_core::cloud::{CloudError, ErrorKind};
use std::error::Error;
use std::fmt::Debug;

/// The SDK's error as ours.
pub fn cloud_error<E, R>(operation: &'static str, resource: &str, error: &SdkError<E, R>) -> CloudError
where
    E: ProvideErrorMetadata + Error + 'static,
    R: Debug + 'static,
{
    let (kind, code, message) = match error {
        SdkError::ServiceError(service) => said_by(service.err()),
        SdkError::TimeoutError(_) => (ErrorKind::Unavailable, "RequestTimeout".to_owned(), in_full(error)),
        SdkError::DispatchFailure(_) => (ErrorKind::Unavailable, "ConnectionFailure".to_owned(), in_full(error)),
        SdkError::ResponseError(_) => (ErrorKind::Unavailable, "UnreadableAnswer".to_owned(), in_full(error)),
        _ => (ErrorKind::Invalid, "InvalidRequest".to_owned(), in_full(error)),
    };
    let request_id = error.meta().extra("aws_request_id").map(ToOwned::to_owned);
    CloudError { operation, resource: resource.to_owned(), kind, code, message, request_id }
}

fn said_by<E: ProvideErrorMetadata + Error>(error: &E) -> (ErrorKind, String, String) {
    let code = error.code().unwrap_or("UnknownError").to_owned();
    let message = error.message().map_or_else(|| in_full(error), ToOwned::to_owned);
    (ErrorKind::of(&code, &message), code, message)
}

/// An error with all that led to it, which the SDK keeps to itself.
pub(crate) fn in_full(error: &dyn Error) -> String {
    let (mut told, mut cause) = (error.to_string(), error.source());
    while let Some(next) = cause {
        let said = next.to_string();
        if !told.contains(&said) {
            told = format!("{told}: {said}");
        }
        cause = next.source();
    }
    told
}

/// For answers of AWS that lack what they must have.
pub trait Incomplete<T> {
    /// The value, or an error that says which `field` of the answer is not there.
    ///
    /// # Errors
    /// `IncompleteAnswer`.
    fn present(self, operation: &'static str, resource: &str, field: &str) -> Result<T, CloudError>;
}

impl<T> Incomplete<T> for Option<T> {
    fn present(self, operation: &'static str, resource: &str, field: &str) -> Result<T, CloudError> {
        self.ok_or_else(|| CloudError {
            operation,
            resource: resource.to_owned(),
            kind: ErrorKind::Unavailable,
            code: "IncompleteAnswer".into(),
            message: format!("AWS's answer has no usable {field}"),
            request_id: None,
        })
    }
}
