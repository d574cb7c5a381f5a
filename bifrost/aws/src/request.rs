//! A request to AWS under its AWS name, and the fields that its answer must have.

use crate::{AwsSession, Incomplete};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::DateTime as SdkDateTime;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;
use bifrost_core::cloud::{CloudError, ErrorKind};
use bifrost_core::lifecycle::Proof;
use chrono::{DateTime, Utc};
use futures_util::stream::{self, StreamExt};
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Debug;

/// How many requests one call to a port makes at a time.
const MAX_CONCURRENT_CALLS: usize = 4;

/// A request, named for traces and errors.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub(crate) operation: &'static str,
    pub(crate) resource: &'a str,
}

impl<'a> Request<'a> {
    /// A request with its AWS name, such as `ec2:DescribeImages`, for a resource.
    #[must_use]
    pub fn new(operation: &'static str, resource: &'a str) -> Self {
        Self { operation, resource }
    }

    /// The same request for one of the resources in its answer.
    #[must_use]
    pub fn about(self, resource: &str) -> Request<'_> {
        Request { operation: self.operation, resource }
    }

    /// Makes a request that changes nothing.
    ///
    /// # Errors
    /// As [`AwsSession::call`].
    pub fn make<T, E, R>(
        self,
        session: &AwsSession,
        request: impl Future<Output = Result<T, SdkError<E, R>>> + Send,
    ) -> impl Future<Output = Result<T, CloudError>>
    where
        E: ProvideErrorMetadata + Error + 'static,
        R: Debug + 'static,
    {
        session.call(self.operation, self.resource, request)
    }

    /// Makes a request that changes something.
    ///
    /// # Errors
    /// As [`AwsSession::change`].
    pub fn change<T, E, R>(
        self,
        session: &AwsSession,
        proof: &Proof,
        request: impl Future<Output = Result<T, SdkError<E, R>>> + Send,
    ) -> impl Future<Output = Result<T, CloudError>>
    where
        T: RequestId,
        E: ProvideErrorMetadata + Error + 'static,
        R: Debug + 'static,
    {
        session.change(proof, self.operation, self.resource, request)
    }

    /// A field of the answer.
    ///
    /// # Errors
    /// If the answer does not have it.
    pub fn field<T>(self, name: &str, value: Option<T>) -> Result<T, CloudError> {
        value.present(self.operation, self.resource, name)
    }

    /// A text of the answer that the SDK does not treat as optional: it is empty if AWS did not send it.
    ///
    /// # Errors
    /// As [`Request::field`].
    pub fn text(self, name: &str, value: String) -> Result<String, CloudError> {
        self.field(name, Some(value).filter(|value| !value.is_empty()))
    }

    /// A count in the answer.
    ///
    /// # Errors
    /// As [`Request::field`], and if it is negative.
    pub fn count(self, name: &str, value: Option<i32>) -> Result<u32, CloudError> {
        self.field(name, value.and_then(|value| u32::try_from(value).ok()))
    }

    /// A time in the answer.
    ///
    /// # Errors
    /// As [`Request::field`], and if it is outside the range of dates.
    pub fn time(self, name: &str, value: Option<SdkDateTime>) -> Result<DateTime<Utc>, CloudError> {
        self.field(name, value.and_then(|value| DateTime::from_timestamp(value.secs(), value.subsec_nanos())))
    }

    /// The tags in the answer, from keys and values. A missing value is an empty one.
    ///
    /// # Errors
    /// If a tag has no key.
    pub fn tags(
        self,
        tags: impl IntoIterator<Item = (Option<String>, Option<String>)>,
    ) -> Result<BTreeMap<String, String>, CloudError> {
        tags.into_iter().map(|(key, value)| Ok((self.field("Key of a tag", key)?, value.unwrap_or_default()))).collect()
    }

    /// A number for the request, which AWS takes as a signed one.
    ///
    /// # Errors
    /// If it is too large.
    pub fn number(self, name: &str, value: u32) -> Result<i32, CloudError> {
        let message = || format!("{name} is {value}; AWS accepts at most {}", i32::MAX);
        i32::try_from(value).map_err(|_| self.refused(ErrorKind::Invalid, "NumberTooLarge", &message()))
    }

    /// A document in the answer, or for the request, as serde reads or writes it: `serde_dynamo::from_item(item)`.
    ///
    /// # Errors
    /// If it is not what is expected.
    pub fn document<T, E: Error>(self, document: Result<T, E>) -> Result<T, CloudError> {
        document.map_err(|error| self.refused(ErrorKind::Invalid, "UnexpectedDocument", &error.to_string()))
    }

    /// An error for a request that AWS answered without an error, but not with the expected result.
    #[must_use]
    pub fn refused(self, kind: ErrorKind, code: &str, message: &str) -> CloudError {
        CloudError {
            operation: self.operation,
            resource: self.resource.to_owned(),
            kind,
            code: code.to_owned(),
            message: message.to_owned(),
            request_id: None,
        }
    }
}

/// Makes a request for each part, several at a time, and returns the answers in the order of the parts. It makes all
/// requests, even if one fails.
///
/// The parts are owned, because the compiler cannot yet prove that a future with borrowed parts is `Send`.
///
/// # Errors
/// The first error, in the order of the parts.
pub async fn each<I, T, F: Future<Output = Result<T, CloudError>>>(
    parts: impl IntoIterator<Item = I>,
    request: impl Fn(I) -> F,
) -> Result<Vec<T>, CloudError> {
    let answers: Vec<_> = stream::iter(parts).map(request).buffered(MAX_CONCURRENT_CALLS).collect().await;
    answers.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: Request<'static> = Request { operation: "ec2:DescribeImages", resource: "ami-1" };

    #[test]
    fn missing_field_is_named_with_its_resource() {
        let error = REQUEST.field::<String>("ImageState", None).unwrap_err();
        assert_eq!((error.operation, error.resource.as_str()), ("ec2:DescribeImages", "ami-1"));
        assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Unavailable, "IncompleteAnswer"));
        assert!(error.message.contains("ImageState"), "{error}");
        assert!(REQUEST.text("Arn", String::new()).unwrap_err().message.contains("Arn"));
    }

    #[test]
    fn negative_count_and_impossible_time_are_refused() {
        assert_eq!(REQUEST.count("MinSize", Some(3)).unwrap(), 3);
        assert!(REQUEST.count("MinSize", Some(-1)).is_err());
        let time = REQUEST.time("CreateTime", Some(SdkDateTime::from_fractional_secs(5, 0.25))).unwrap();
        assert_eq!(time.to_rfc3339(), "1970-01-01T00:00:05.250+00:00");
        assert!(REQUEST.time("CreateTime", Some(SdkDateTime::from_secs(i64::MAX))).is_err());
    }

    #[test]
    fn tag_needs_a_key_but_no_value() {
        let tags = REQUEST.tags([(Some("Name".into()), Some("web".into())), (Some("Empty".into()), None)]).unwrap();
        assert_eq!(tags, BTreeMap::from([("Name".into(), "web".into()), ("Empty".into(), String::new())]));
        assert!(REQUEST.tags([(None, Some("web".into()))]).is_err());
    }

    #[test]
    fn number_above_i32_is_refused() {
        assert_eq!(REQUEST.number("MaxSize", 7).unwrap(), 7);
        let error = REQUEST.number("MaxSize", u32::MAX).unwrap_err();
        assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Invalid, "NumberTooLarge"));
    }
}
