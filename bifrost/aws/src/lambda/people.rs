//! The function `<deployer>-audit`: performs and records acts of people, closes executions, and completes the audit log.
//!
//! Anyone who may invoke it may ask for an act, so it believes nothing that a request says about its sender, except what STS confirms.

use crate::AwsSession;
use crate::caller_proof::{BINDING, CheckedProof, ProofError, binding, check, sts_endpoint};
use crate::error::Incomplete;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::Headers;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use bifrost_audit::bundle::make_bundles;
use bifrost_core::account::DeployerAccount;
use bifrost_core::audit::{ActId, FailStates};
use bifrost_core::cloud::{ErrorKind, Executions};
use bifrost_core::error_code::{Coded as _, full_message};
use bifrost_core::people::{
    self, ActError, ActOutcome, Answer, AuditEvent, Caller, DEFAULT_WINDOW, FailedItem, MachineAccess, Person,
    Reconciled, SignedAct, WireError,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long an execution may take to be closed: `reconcile` begins no other in the last part of an invocation.
const RESERVE: Duration = Duration::from_secs(15);

/// How far back records are bundled. Bundles save requests; what has none is read by itself.
const LONGEST_BUNDLED: TimeDelta = TimeDelta::days(31);

/// What the function works with in one invocation.
pub(super) struct AuditFunction {
    pub(super) account: DeployerAccount,
    pub(super) executions: Arc<dyn Executions>,
    pub(super) states: FailStates,
    /// How long a task of the deployer may take.
    pub(super) task_limit: TimeDelta,
    /// With the function's own role.
    pub(super) session: AwsSession,
    /// The id of the invocation.
    pub(super) request_id: String,
    pub(super) deadline: Instant,
}

impl AuditFunction {
    /// Answers an event. What it refuses is an answer, too: the invocation succeeds.
    ///
    /// # Errors
    /// An execution that could not be closed: `EventBridge` invokes the function again after an error.
    pub(super) async fn handle(&self, event: AuditEvent) -> Result<Value, ActError> {
        match event {
            AuditEvent::Act(signed) => Ok(answer(self.act(&signed).await)),
            AuditEvent::Reconcile { since } => {
                let since = since.unwrap_or_else(|| self.account.now() - DEFAULT_WINDOW);
                let may_continue = || Instant::now() + RESERVE < self.deadline;
                let executions = self.executions.as_ref();
                let done = people::reconcile(&self.account, executions, &self.states, since, &may_continue).await;
                Ok(answer(match done {
                    Ok(done) => Ok(self.bundle(since, done, &may_continue).await),
                    Err(error) => Err(error),
                }))
            }
            AuditEvent::Close(execution) => {
                let closed = people::close(&self.account, self.executions.as_ref(), &self.states, &execution).await?;
                tracing::info!(execution, outcome = ?closed, "the audit log has the end of the execution");
                Ok(answer(Ok(closed)))
            }
        }
    }

    /// Bundles the records of each day since then that is over, for those who verify the log.
    async fn bundle(
        &self,
        since: DateTime<Utc>,
        mut done: Reconciled,
        may_continue: &(dyn Fn() -> bool + Sync),
    ) -> Reconciled {
        let Some(ports) = &self.account.audit.ports else { return done };
        let now = self.account.now();
        let (first, today) = (since.max(now - LONGEST_BUNDLED).date_naive(), now.date_naive());
        for day in first.iter_days().take_while(|day| *day < today) {
            if !done.is_complete || !may_continue() {
                return Reconciled { is_complete: false, ..done };
            }
            match make_bundles(ports.store.as_ref(), day).await {
                Ok(made) => {
                    tracing::info!(%day, executions = made.executions, skipped = made.skipped, "bundled records");
                }
                Err(error) => {
                    let error = full_message(&error);
                    done.failed.push(FailedItem { item: format!("bundles of {day}"), error });
                }
            }
        }
        done
    }

    async fn act(&self, signed: &SignedAct) -> Result<ActOutcome, ActError> {
        if self.account.audit.ports.is_none() {
            return Err(ActError::NoLog);
        }
        let caller = self.caller(signed).await?;
        let request = signed.read().map_err(|error| ActError::Malformed(error.to_string()))?;
        tracing::info!(action = request.act.action(), identity = caller.identity, "a person asks for an act");
        let machine = MachineAccess { executions: self.executions.as_ref(), task_limit: self.task_limit };
        people::perform(&self.account, machine, &caller, &request).await
    }

    /// Asks STS who signed the request.
    async fn caller(&self, signed: &SignedAct) -> Result<Caller, ActError> {
        const OPERATION: &str = "sts:GetCallerIdentity";
        let identity = &self.account.identity;
        let endpoint = sts_endpoint(self.session.config(), &identity.region);
        let binding = binding(identity, &signed.request);
        let refused = |error: ProofError| ActError::Identity(error.to_string());
        let proof =
            check(&signed.proof, (&endpoint, &identity.region), &binding, self.account.now()).map_err(refused)?;
        let CheckedProof { signed_at, sha256, uri } = proof;
        let client = aws_sdk_sts::Client::new(self.session.config());
        let send = client.get_caller_identity().customize().interceptor(Presigned { uri, binding }).send();
        let answered = self.session.call(OPERATION, "", send).await.map_err(|error| match error.kind {
            ErrorKind::Throttled | ErrorKind::Unavailable => ActError::Cloud(error),
            _ => ActError::Identity(format!("STS does not accept the signature: {}: {}", error.code, error.message)),
        })?;
        let arn = answered.arn.present(OPERATION, "", "Arn")?;
        let person = Person::read(&arn).map_err(|error| ActError::Identity(error.to_string()))?;
        person.check_account(&arn, &identity.account).map_err(|error| ActError::Identity(error.to_string()))?;
        let act = Some(ActId::new(signed_at, &sha256));
        Ok(Caller { identity: arn, confirmed: true, act, request_id: Some(self.request_id.clone()) })
    }
}

fn answer<T: Serialize>(result: Result<T, ActError>) -> Value {
    let answer = match result {
        Ok(done) => Answer::Done(done),
        Err(error) => {
            tracing::warn!(code = error.code(), %error, "refused");
            Answer::Refused(WireError::from(&error))
        }
    };
    serde_json::to_value(answer).unwrap_or_default()
}

/// Sends a presigned request instead of one with the function's own credentials.
#[derive(Debug)]
struct Presigned {
    uri: String,
    binding: String,
}

impl Intercept for Presigned {
    fn name(&self) -> &'static str {
        "Presigned"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        request.set_method("GET")?;
        request.set_uri(self.uri.as_str())?;
        *request.headers_mut() = Headers::new();
        request.headers_mut().insert(BINDING, self.binding.clone());
        *request.body_mut() = SdkBody::empty();
        Ok(())
    }
}

#[cfg(all(test, feature = "client"))]
#[path = "people_tests.rs"]
mod tests;
