//! Handles an invocation: creates the context of the attempt and runs its task.

use super::people::AuditFunction;
use super::self_check;
use super::settings::Settings;
use crate::executions::SfnExecutions;
use crate::roles::KnownRoles;
use crate::{AssumedRoles, AwsDeployer, AwsSession, CallScope, deployer_account};
use bifrost_core::account::Identity;
use bifrost_core::cloud::{Attempt, Principal};
use bifrost_core::deployer::{Ports, fail_states, task_limit};
use bifrost_core::error_code::Coded;
use bifrost_core::json;
use bifrost_core::lifecycle::Context;
use bifrost_core::machine::dispatch;
use bifrost_core::people::AuditEvent;
use bifrost_core::release::{AccountId, Defaults, InvalidName};
use bifrost_core::self_check::{SelfCheck, SelfCheckReport};
use bifrost_core::task::FunctionError;
use bifrost_core::task::RawInput;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::Value;
use serde_json::value::RawValue;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;
use tracing::{Instrument, Span, field, info_span};

/// The time that is left to report how the attempt ended after its last call was cancelled.
const ANSWER_RESERVE: Duration = Duration::from_secs(1);

/// The time that is left to record in the audit log what an attempt changed, after its last call was cancelled.
const RECORD_RESERVE: Duration = Duration::from_secs(10);

pub(super) struct Function<D> {
    settings: Settings,
    known_roles: KnownRoles,
    deployer: PhantomData<fn() -> D>,
}

/// The failure of a task, under the name that `Retry` and `Catch` match.
#[derive(Debug)]
pub(super) struct TaskFailed(FunctionError);

/// The function cannot determine which deployer it is.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub(super) enum IdentityError {
    /// The ARN of the invoked function has no valid account id.
    #[error("the ARN of the invoked function has no account id: {arn}: {source}")]
    #[code("task/invalid-function-arn", "invoke the function through Lambda, by its name or ARN")]
    Arn {
        /// The ARN that Lambda passed.
        arn: String,
        source: InvalidName,
    },
    /// No bucket can have the name of the function.
    #[error("no bucket can be named after the function {name}: {source}")]
    #[code("task/invalid-function-name", "create the deployer under another name with `bootstrap --apply`")]
    Name {
        /// The name of the function.
        name: String,
        source: InvalidName,
    },
}

/// The report of a self-check cannot be written as JSON.
#[derive(Debug, thiserror::Error, Coded)]
#[error("the report of the self-check is not JSON")]
#[code(crate = bifrost_core)]
#[code("task/report-not-json", "report the message to the authors of the deployer: it is a bug")]
pub(super) struct ReportNotJson(#[source] serde_json::Error);

/// The event is for the function that records acts of people, not for the one that runs tasks.
#[derive(Debug, thiserror::Error, Coded)]
#[error("events for the audit log are for the function {0}")]
#[code(crate = bifrost_core)]
#[code("task/not-the-audit-function", "invoke the function `<deployer>-audit`")]
pub(super) struct NotTheAuditFunction(String);

impl From<TaskFailed> for Diagnostic {
    fn from(TaskFailed(failure): TaskFailed) -> Self {
        Self { error_type: failure.error, error_message: failure.message }
    }
}

impl<D: AwsDeployer> Function<D> {
    pub(super) fn new(settings: Settings) -> Self {
        Self { settings, known_roles: KnownRoles::default(), deployer: PhantomData }
    }

    /// Runs the task that the event names.
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
        let payload = payload.map_err(|error| TaskFailed(FunctionError::coded("UnmarshalError", &error)))?;
        let account = account(&event.context.invoked_function_arn)?;
        let identity = Identity { name: self.settings.name.clone(), account, region: self.settings.region.clone() };
        let defaults = identity.defaults(D::TIMEOUT_SECONDS);
        let mut defaults =
            defaults.map_err(|source| misplaced(&IdentityError::Name { name: self.settings.name.clone(), source }))?;
        defaults.allowed_buckets.clone_from(&self.settings.allowed_buckets);
        let deadline = deadline(event.context.deadline, SystemTime::now());
        // People may invoke the one, and only Step Functions the other: each does only its own work.
        if self.settings.is_audit || AuditEvent::is_audit(&payload) {
            span.record("state", "Audit");
            return self.audit(&payload, identity, defaults, &event.context.request_id, deadline).await;
        }
        if let Some(self_check) = SelfCheck::read(&payload).map_err(TaskFailed)? {
            // Log queries match this name: the payload's.
            span.record("state", "Checkup");
            return to_json(&self.report(self_check, identity, deadline).await);
        }
        let open = |attempt: Attempt, input: RawInput| {
            describe(span, &attempt, &input);
            self.context(identity, defaults, deadline, attempt, input)
        };
        dispatch::<D::Machine>(payload, open).await.map_err(TaskFailed)
    }

    /// Handles an event of the function for acts of people.
    async fn audit(
        &self,
        payload: &Value,
        identity: Identity,
        defaults: Defaults,
        request_id: &str,
        deadline: Instant,
    ) -> Result<Value, TaskFailed> {
        if !self.settings.is_audit {
            let error = NotTheAuditFunction(identity.audit_function());
            return Err(TaskFailed(FunctionError::coded("TaskError", &error)));
        }
        let event = AuditEvent::read(payload);
        let event = event.map_err(|error| TaskFailed(FunctionError::coded("UnmarshalError", &error)))?;
        let identity = Arc::new(identity);
        let session = self.session(&identity, Arc::new(CallScope::new(Attempt::default(), Some(deadline))));
        let audit = self.settings.audit.open::<D>(&session, &identity);
        let function = AuditFunction {
            executions: Arc::new(SfnExecutions::new(session.clone(), Arc::clone(&identity))),
            account: deployer_account(&session, identity, defaults, audit),
            states: fail_states::<D>(),
            task_limit: task_limit::<D>(),
            session,
            request_id: request_id.to_owned(),
            deadline,
        };
        function.handle(event).await.map_err(|error| TaskFailed(FunctionError::coded("AuditError", &error)))
    }

    async fn report(&self, self_check: SelfCheck, identity: Identity, deadline: Instant) -> SelfCheckReport {
        let identity = Arc::new(identity);
        let scope = Arc::new(CallScope::new(Attempt::default(), Some(deadline)));
        let roles = self.roles(self.session(&identity, scope), &identity);
        self_check::report::<D>(self_check, &identity, &roles).await
    }

    /// A session in the deployer account with the function's own role.
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
        input: RawInput,
    ) -> Context<Ports<D>> {
        let identity = Arc::new(identity);
        let recording = Arc::new(CallScope::new(attempt.clone(), Some(deadline)));
        let audit = self.settings.audit.open::<D>(&self.session(&identity, recording), &identity);
        let scope = Arc::new(CallScope::new(attempt.clone(), Some(before_recording(deadline, Instant::now()))));
        let changes = Arc::clone(scope.changes());
        let session = self.session(&identity, scope);
        let targets = self.roles(session.clone(), &identity);
        let account = deployer_account(&session, identity, defaults, audit);
        Context::new(account, attempt, input, Arc::new(targets), changes)
    }
}

fn to_json(report: &SelfCheckReport) -> Result<Value, TaskFailed> {
    serde_json::to_value(report).map_err(|error| TaskFailed(FunctionError::coded("TaskError", &ReportNotJson(error))))
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

/// Adds the attempt and its release to every line of the log.
fn describe(span: &Span, attempt: &Attempt, input: &Value) {
    span.record("state", attempt.state.as_str());
    span.record("attempt", attempt.retry_count);
    span.record("execution", attempt.execution.as_deref().unwrap_or_default());
    let text = |field: &str| input.get(field).and_then(Value::as_str).unwrap_or_default();
    span.record("release_id", text("release_id"));
    span.record("target", text("aws_account_id"));
}

/// The deployer account is the account of the invoked function.
fn account(function_arn: &str) -> Result<AccountId, TaskFailed> {
    let account = function_arn.split(':').nth(4).unwrap_or_default();
    account.parse().map_err(|source| misplaced(&IdentityError::Arn { arn: function_arn.to_owned(), source }))
}

fn misplaced(error: &IdentityError) -> TaskFailed {
    TaskFailed(FunctionError::coded("TaskError", error))
}

/// The latest time for an answer to a call of the handler: what it changed is recorded in the audit log after that.
fn before_recording(deadline: Instant, now: Instant) -> Instant {
    let left = deadline.saturating_duration_since(now);
    deadline.checked_sub(RECORD_RESERVE.min(left / 10)).unwrap_or(deadline)
}

/// The latest time for an answer to a call, from the end of the invocation in milliseconds since 1970.
fn deadline(milliseconds: u64, now: SystemTime) -> Instant {
    let end = UNIX_EPOCH + Duration::from_millis(milliseconds);
    let left = end.duration_since(now).unwrap_or_default();
    Instant::now() + left.saturating_sub(ANSWER_RESERVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deployer_account_is_read_from_the_arn() {
        let arn = "arn:aws:lambda:us-east-1:111111111111:function:coinbase-odin";
        assert!(account(arn).is_ok_and(|account| account.as_str() == "111111111111"));
        assert!(account("coinbase-odin").is_err_and(|TaskFailed(failure)| failure.error == "TaskError"));
    }

    #[tokio::test(start_paused = true)]
    async fn deadline_leaves_time_to_report() {
        let now = UNIX_EPOCH + Duration::from_secs(100);
        let left = |milliseconds| deadline(milliseconds, now) - Instant::now();
        assert_eq!(left(105_500), Duration::from_millis(4_500));
        assert_eq!(left(99_000), Duration::ZERO);
    }

    #[test]
    fn handler_ends_before_the_recording() {
        let now = Instant::now();
        let left = |seconds| before_recording(now + Duration::from_secs(seconds), now) - now;
        assert_eq!([300, 100, 10, 0].map(left), [290, 90, 9, 0].map(Duration::from_secs));
    }
}
