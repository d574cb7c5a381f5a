//! A request to AWS: the name under which it passes the gate, and what its answer must hold.

use crate::{AwsSession, Incomplete};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::DateTime as SdkDateTime;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use bifrost_core::cloud::{CloudError, ErrorKind};
use chrono::{DateTime, Utc};
use futures_util::stream::{self, StreamExt};
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Debug;

/// How many requests of one call to a port are under way at once.
const MAX_CONCURRENT_CALLS: usize = 4;

/// A request by its name, or its answer.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    operation: &'static str,
    resource: &'a str,
}

impl<'a> Request<'a> {
    /// A request by its AWS name, such as `ec2:DescribeImages`, for a resource.
    #[must_use]
    pub fn new(operation: &'static str, resource: &'a str) -> Self {
        Self { operation, resource }
    }

    /// What the answer says of one of the resources in it.
    #[must_use]
    pub fn about(self, resource: &str) -> Request<'_> {
        Request { operation: self.operation, resource }
    }

    /// Makes the request.
    ///
    /// # Errors
    /// As [`AwsSession::call`].
    pub fn make<T, E, R>(
        self,
        session: &AwsSession,
        sent: impl Future<Output = Result<T, SdkError<E, R>>> + Send,
    ) -> impl Future<Output = Result<T, CloudError>>
    where
        E: ProvideErrorMetadata + Error + 'static,
        R: Debug + 'static,
    {
        session.call(self.operation, self.resource, sent)
    }

    /// A field of the answer.
    ///
    /// # Errors
    /// If AWS did not send it.
    pub fn field<T>(self, name: &str, value: Option<T>) -> Result<T, CloudError> {
        value.present(self.operation, self.resource, name)
    }

    /// A text of the answer, for which the SDK has no absence: one that AWS did not send is empty.
    ///
    /// # Errors
    /// As [`Request::field`].
    pub fn text(self, name: &str, value: String) -> Result<String, CloudError> {
        self.field(name, Some(value).filter(|value| !value.is_empty()))
    }

    /// A number of the answer that counts something.
    ///
    /// # Errors
    /// As [`Request::field`]; and if it is below 0.
    pub fn count(self, name: &str, value: Option<i32>) -> Result<u32, CloudError> {
        self.field(name, value.and_then(|value| u32::try_from(value).ok()))
    }

    /// A time in the answer.
    ///
    /// # Errors
    /// As [`Request::field`]; and if no calendar has it.
    pub fn time(self, name: &str, value: Option<SdkDateTime>) -> Result<DateTime<Utc>, CloudError> {
        self.field(name, value.and_then(|value| DateTime::from_timestamp(value.secs(), value.subsec_nanos())))
    }

    /// Tags in the answer, from keys and values. A value that AWS does not send is the empty one.
    ///
    /// # Errors
    /// If there is one without a key.
    pub fn tags(
        self,
        tags: impl IntoIterator<Item = (Option<String>, Option<String>)>,
    ) -> Result<BTreeMap<String, String>, CloudError> {
        tags.into_iter().map(|(key, value)| Ok((self.field("Key of a tag", key)?, value.unwrap_or_default()))).collect()
    }

    /// A number for the request itself, which AWS takes with a sign.
    ///
    /// # Errors
    /// If it is too large for that.
    pub fn number(self, name: &str, value: u32) -> Result<i32, CloudError> {
        let message = || format!("{name} is {value}, and AWS takes no more than {}", i32::MAX);
        i32::try_from(value).map_err(|_| self.refused(ErrorKind::Invalid, "NumberTooLarge", &message()))
    }

    /// The error of a request that did not do what it was for, though AWS has no error for that.
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

/// What was looked up, if it is there.
///
/// # Errors
/// That of the answer, save that there is no such thing.
pub fn found<T>(answer: Result<T, CloudError>) -> Result<Option<T>, CloudError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes a request for each part, several at a time. All are made, also when one fails: the first error is told.
///
/// Parts are owned, as the compiler cannot tell yet that a future with borrowed ones may change threads.
///
/// # Errors
/// The first one.
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
    fn a_field_that_aws_does_not_send_is_named_with_its_resource() {
        let error = REQUEST.field::<String>("ImageState", None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "ec2:DescribeImages on ami-1 failed: IncompleteAnswer: AWS's answer has no usable ImageState"
        );
        assert_eq!(error.kind, ErrorKind::Unavailable);
        assert_eq!(REQUEST.text("Arn", String::new()).unwrap_err().message, "AWS's answer has no usable Arn");
    }

    #[test]
    fn a_count_below_zero_and_a_time_outside_all_calendars_are_refused() {
        assert_eq!(REQUEST.count("MinSize", Some(3)).unwrap(), 3);
        assert!(REQUEST.count("MinSize", Some(-1)).is_err());
        let time = REQUEST.time("CreateTime", Some(SdkDateTime::from_fractional_secs(5, 0.25))).unwrap();
        assert_eq!(time.to_rfc3339(), "1970-01-01T00:00:05.250+00:00");
        assert!(REQUEST.time("CreateTime", Some(SdkDateTime::from_secs(i64::MAX))).is_err());
    }

    #[test]
    fn a_tag_may_lack_its_value_but_not_its_key() {
        let tags = REQUEST.tags([(Some("Name".into()), Some("web".into())), (Some("Empty".into()), None)]).unwrap();
        assert_eq!(tags, BTreeMap::from([("Name".into(), "web".into()), ("Empty".into(), String::new())]));
        assert!(REQUEST.tags([(None, Some("web".into()))]).is_err());
    }

    #[test]
    fn a_number_that_aws_has_no_room_for_is_not_sent() {
        assert_eq!(REQUEST.number("MaxSize", 7).unwrap(), 7);
        let error = REQUEST.number("MaxSize", u32::MAX).unwrap_err();
        assert_eq!(error.message, "MaxSize is 4294967295, and AWS takes no more than 2147483647");
        assert_eq!(error.kind, ErrorKind::Invalid);
    }
}
