//! How far this machine's clock is off, by the time that AWS puts on its answers.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::{Arc, Mutex, PoisonError};

/// Deployers refuse what was created more than this ahead of their own clock (contract §2).
pub(super) const TOO_FAR_OFF: TimeDelta = TimeDelta::minutes(2);

/// Compares the clocks at each answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Clock(Arc<Mutex<Option<TimeDelta>>>);

impl Clock {
    /// How much this machine was ahead at the last answer that had a time.
    pub(super) fn skew(&self) -> Option<TimeDelta> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Intercept for Clock {
    fn name(&self) -> &'static str {
        "Clock"
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

/// How much `now` is ahead of the time of an HTTP answer.
fn skew(date: &str, now: DateTime<Utc>) -> Option<TimeDelta> {
    let answered = DateTime::parse_from_rfc2822(date).ok()?;
    Some(now.signed_duration_since(answered))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_an_answer_tells_how_far_the_clock_is_off() {
        let now = "2026-11-25T12:10:00Z".parse().unwrap();
        assert_eq!(skew("Wed, 25 Nov 2026 12:00:00 GMT", now), Some(TimeDelta::minutes(10)));
        assert_eq!(skew("Wed, 25 Nov 2026 12:15:00 GMT", now), Some(TimeDelta::minutes(-5)));
        assert_eq!(skew("yesterday", now), None);
    }
}
