//! What one attempt of a task shares between all its sessions.

use bifrost_core::cloud::{Attempt, CallCounter, CloudError, ErrorKind};
use tokio::time::{Instant, timeout_at};

/// Names the calls of one attempt, and bounds them by its time.
#[derive(Debug, Default)]
pub struct CallScope {
    attempt: Attempt,
    /// When the last call must have answered, so that the attempt can still say how it ended.
    deadline: Option<Instant>,
    calls: CallCounter,
}

impl CallScope {
    /// The passage of an attempt that must be over by the deadline. A client has no attempt, and all the time it wants.
    #[must_use]
    pub fn new(attempt: Attempt, deadline: Option<Instant>) -> Self {
        Self { attempt, deadline, calls: CallCounter::default() }
    }

    /// Which attempt it is.
    #[must_use]
    pub fn attempt(&self) -> &Attempt {
        &self.attempt
    }

    /// How many calls of this attempt had the same operation and resource before.
    pub(crate) fn occurrence(&self, operation: &'static str, resource: &str) -> u32 {
        self.calls.next(operation, resource)
    }

    /// Waits for an answer as long as there is time for it.
    pub(crate) async fn bound<T>(
        &self,
        operation: &'static str,
        resource: &str,
        answer: impl Future<Output = Result<T, CloudError>>,
    ) -> Result<T, CloudError> {
        let Some(deadline) = self.deadline else { return answer.await };
        timeout_at(deadline, answer).await.unwrap_or_else(|_| Err(out_of_time(operation, resource)))
    }
}

fn out_of_time(operation: &'static str, resource: &str) -> CloudError {
    CloudError {
        operation,
        resource: resource.to_owned(),
        kind: ErrorKind::Unavailable,
        code: "OutOfTime".into(),
        message: "the invocation of the function is nearly over, and AWS has not answered: whether the call had its \
                  effect is not known"
            .into(),
        request_id: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_call_has_as_long_as_its_attempt() {
        let deadline = Instant::now() + Duration::from_secs(5);
        let scope = CallScope::new(Attempt::default(), Some(deadline));
        let answer = async |seconds| {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            Ok(seconds)
        };
        assert_eq!(scope.bound("s3:GetObject", "key", answer(4)).await, Ok(4));
        assert_eq!(scope.bound("s3:GetObject", "key", answer(2)).await.unwrap_err().code, "OutOfTime");
        assert_eq!(CallScope::default().bound("s3:GetObject", "key", answer(1000)).await, Ok(1000));
    }
}
