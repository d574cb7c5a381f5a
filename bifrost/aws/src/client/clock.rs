//! The difference between the clocks of this machine and of AWS, by the `Date` of AWS's answers.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::{Arc, Mutex, PoisonError};

/// Deployers refuse a release from further in the future (contract §2).
pub(super) const MAX_SKEW: TimeDelta = TimeDelta::minutes(2);

/// Measures the difference at each answer.
#[derive(Debug, Clone, Default)]
pub(super) struct ClockSkew(Arc<Mutex<Option<TimeDelta>>>);

impl ClockSkew {
    /// How far this machine was ahead at the last answer with a time; negative if it was behind.
    pub(super) fn get(&self) -> Option<TimeDelta> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Intercept for ClockSkew {
    fn name(&self) -> &'static str {
        "ClockSkew"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(skew) = context.response().headers().get("date").and_then(|date| skew(date, Utc::now())) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(skew);
        }
        Ok(())
    }
}

/// How far `now` is ahead of the `Date` of an HTTP response.
fn skew(date: &str, now: DateTime<Utc>) -> Option<TimeDelta> {
    let answered = DateTime::parse_from_rfc2822(date).ok()?;
    Some(now.signed_duration_since(answered))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skew_is_measured_by_the_date_header() {
        let now = "2026-11-25T12:10:00Z".parse().unwrap();
        assert_eq!(skew("Wed, 25 Nov 2026 12:00:00 GMT", now), Some(TimeDelta::minutes(10)));
        assert_eq!(skew("Wed, 25 Nov 2026 12:15:00 GMT", now), Some(TimeDelta::minutes(-5)));
        assert_eq!(skew("yesterday", now), None);
    }
}
