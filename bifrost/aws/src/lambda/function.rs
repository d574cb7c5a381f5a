//! One function: makes the context of each attempt, and runs its task.

use super::self_check;
use super::settings::Settings;
use crate::roles::KnownRoles;
use crate::{AssumedRoles, AwsDeployer, AwsSession, CallScope, deployer_account};
use bifrost_core::account::Identity;
use bifrost_core::cloud::{Attempt, Principal};
use bifrost_core::deployer::Ports;
use bifrost_core::json;
use bifrost_core::machine::dispatch;
use bifrost_core::release::{AccountId, Defaults};
use bifrost_core::self_check::{SelfCheck, SelfCheckReport};
use bifrost_core::task::FunctionError;
use bifrost_core::task::{Context, RawInput};
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::Value;
use serde_json::value::RawValue;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;
use tracing::{Instrument, Span, field, info_span};

/// What an attempt keeps of its time to say how it ended, after the last call was given up.
const ANSWER_RESERVE: Duration = Duration::from_secs(1);

/// A deployer's function.
pub(super) struct Function<D> {
    settings: Settings,
    known_roles: KnownRoles,
    deployer: PhantomData<fn() -> D>,
}

/// A failed task, under the name that `Retry` and `Catch` match.
#[derive(Debug)]
pub(super) struct TaskFailed(FunctionError);

impl From<TaskFailed> for Diagnostic {
    fn from(TaskFailed(failure): TaskFailed) -> Self {
        Self { error_type: failure.error, error_message: failure.message }
    }
}

impl<D: AwsDeployer> Function<D> {
    pub(super) fn new(settings: Settings) -> Self {
        Self { settings, known_roles: KnownRoles::default(), deployer: PhantomData }
    }

    /// Runs the task that the event asks for.
    pub(super) async fn handle(&self, event: LambdaEvent<Box<RawValue>>) -> Result<Value, TaskFailed> {
        let span = span(&event.context.request_id);
        let outcome = self.run(&event, &span).instrument(span.clone()).await;
        span.in_scope(|| match &outcome {
            Ok(_) => tracing::info!("the task succeeded"),
            Err(TaskFailed(failure)) => {
                tracing::warn!(error = failure.error, message = failure.message, "the task failed");
            }
        });
        outcome
    }

    async fn run(&self, event: &LambdaEvent<Box<RawValue>>, span: &Span) -> Result<Value, TaskFailed> {
        let payload = json::parse(event.payload.get().as_bytes());
        let payload = payload.map_err(|error| TaskFailed(FunctionError::new("UnmarshalError", error.to_string())))?;
        let account = account(&event.context.invoked_function_arn)?;
        let identity = Identity { name: self.settings.name.clone(), account, region: self.settings.region.clone() };
        let defaults = identity.defaults(D::TIMEOUT_SECONDS).map_err(|error| misplaced(&error.to_string()))?;
        let deadline = deadline(event.context.deadline, SystemTime::now());
        if let Some(self_check) = SelfCheck::read(&payload).map_err(TaskFailed)? {
            span.record("state", "Checkup");
            return written(&self.report(self_check, identity, deadline).await);
        }
        let open = |attempt: Attempt, sent: RawInput| {
            describe(span, &attempt, &sent);
            self.context(identity, defaults, deadline, attempt, sent)
        };
        dispatch::<D::Machine>(payload, open).await.map_err(TaskFailed)
    }

    async fn report(&self, self_check: SelfCheck, identity: Identity, deadline: Instant) -> SelfCheckReport {
        let identity = Arc::new(identity);
        let scope = Arc::new(CallScope::new(Attempt::default(), Some(deadline)));
        let roles = self.roles(self.session(&identity, scope), &identity);
        self_check::report::<D>(self_check, &identity, &roles).await
    }

    /// The deployer account, as the function's own role.
    fn session(&self, identity: &Identity, scope: Arc<CallScope>) -> AwsSession {
        let (account, region) = (identity.account.clone(), identity.region.clone());
        AwsSession::new(&self.settings.config, scope, Principal::Deployer, account, region)
    }

    fn roles(&self, session: AwsSession, identity: &Arc<Identity>) -> AssumedRoles<D> {
        AssumedRoles::new(session, Arc::clone(identity), self.settings.roles.clone(), self.known_roles.clone())
    }

    fn context(
        &self,
        identity: Identity,
        defaults: Defaults,
        deadline: Instant,
        attempt: Attempt,
        sent: RawInput,
    ) -> Context<Ports<D>> {
        let identity = Arc::new(identity);
        let scope = Arc::new(CallScope::new(attempt.clone(), Some(deadline)));
        let session = self.session(&identity, scope);
        let targets = self.roles(session.clone(), &identity);
        Context::new(deployer_account(&session, identity, defaults), attempt, sent, Arc::new(targets))
    }
}

fn written(report: &SelfCheckReport) -> Result<Value, TaskFailed> {
    serde_json::to_value(report).map_err(|error| TaskFailed(FunctionError::new("TaskError", error.to_string())))
}

fn span(request_id: &str) -> Span {
    let empty = field::Empty;
    info_span!(
        "task",
        request_id,
        state = empty,
        execution = empty,
        attempt = empty,
        release_id = empty,
        target = empty
    )
}

/// Says in every line of the log what it is about.
fn describe(span: &Span, attempt: &Attempt, sent: &Value) {
    span.record("state", attempt.state.as_str());
    span.record("attempt", attempt.retry_count);
    span.record("execution", attempt.execution.as_deref().unwrap_or_default());
    let text = |field: &str| sent.get(field).and_then(Value::as_str).unwrap_or_default();
    span.record("release_id", text("release_id"));
    span.record("target", text("aws_account_id"));
}

/// The deployer account: whose function was invoked.
fn account(function_arn: &str) -> Result<AccountId, TaskFailed> {
    let account = function_arn.split(':').nth(4).unwrap_or_default();
    account.parse().map_err(|error| misplaced(&format!("{function_arn}: {error}")))
}

fn misplaced(problem: &str) -> TaskFailed {
    TaskFailed(FunctionError::new("TaskError", format!("the function does not know where it is: {problem}")))
}

/// When the last call must have answered.
fn deadline(milliseconds: u64, now: SystemTime) -> Instant {
    let end = UNIX_EPOCH + Duration::from_millis(milliseconds);
    let left = end.duration_since(now).unwrap_or_default();
    Instant::now() + left.saturating_sub(ANSWER_RESERVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deployer_account_is_that_of_the_function() {
        let arn = "arn:aws:lambda:us-east-1:111111111111:function:coinbase-odin";
        assert!(account(arn).is_ok_and(|account| account.as_str() == "111111111111"));
        assert!(account("coinbase-odin").is_err_and(|TaskFailed(failure)| failure.error == "TaskError"));
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_keeps_time_to_say_how_it_ended() {
        let now = UNIX_EPOCH + Duration::from_secs(100);
        let left = |milliseconds| deadline(milliseconds, now) - Instant::now();
        assert_eq!(left(105_500), Duration::from_millis(4_500));
        assert_eq!(left(99_000), Duration::ZERO);
    }
}
