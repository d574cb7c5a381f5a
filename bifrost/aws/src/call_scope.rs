//! The calls of one attempt of a task, over all its sessions.

use bifrost_core::audit::ChangeLog;
use bifrost_core::cloud::{Attempt, CallCounter, CloudError, ErrorKind};
use std::sync::Arc;
use tokio::time::{Instant, timeout_at};

/// Counts the calls of one attempt and limits them to the time of the attempt.
#[derive(Debug, Default)]
pub struct CallScope {
    attempt: Attempt,
    /// The latest time for an answer, which leaves the attempt time to report how it ended.
    deadline: Option<Instant>,
    calls: CallCounter,
    /// The changes in target accounts, for the audit log.
    changes: Arc<ChangeLog>,
}

impl CallScope {
    /// The scope of an attempt that must end by the deadline. A client has no attempt and no deadline.
    #[must_use]
    pub fn new(attempt: Attempt, deadline: Option<Instant>) -> Self {
        Self { attempt, deadline, calls: CallCounter::default(), changes: Arc::default() }
    }

    /// The attempt whose calls these are.
    #[must_use]
    pub fn attempt(&self) -> &Attempt {
        &self.attempt
    }

    /// The changes of the attempt, which the framework records when it ends.
    #[must_use]
    pub fn changes(&self) -> &Arc<ChangeLog> {
        &self.changes
    }

    /// How many earlier calls of this attempt had the same operation and resource.
    pub(crate) fn occurrence(&self, operation: &'static str, resource: &str) -> u32 {
        self.calls.next(operation, resource)
    }

    /// Waits for an answer until the deadline.
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
        message:
            "AWS did not answer before the timeout of the function's invocation: it is not known whether the call \
                  had an effect"
                .into(),
        request_id: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn call_ends_at_the_deadline_of_its_attempt() {
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
