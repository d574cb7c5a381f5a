//! The gate: every request to AWS passes [`AwsSession::call`].

use crate::call_scope::CallScope;
use crate::error::cloud_error;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::SdkConfig;
use bifrost_core::cloud::{CloudError, Principal};
use bifrost_core::release::{AccountId, Region};
use std::error::Error;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Instant;

/// What somebody may do in one account and region of AWS.
#[derive(Debug, Clone)]
pub struct AwsSession {
    config: SdkConfig,
    scope: Arc<CallScope>,
    principal: Principal,
    account: AccountId,
    region: Region,
}

impl AwsSession {
    /// A session with the credentials of `config`, which are the principal's, in that account and region.
    #[must_use]
    pub fn new(
        config: &SdkConfig,
        scope: Arc<CallScope>,
        principal: Principal,
        account: AccountId,
        region: Region,
    ) -> Self {
        let config = config.to_builder().region(aws_types::region::Region::new(region.to_string())).build();
        Self { config, scope, principal, account, region }
    }

    /// How clients of the SDK are made: `aws_sdk_ec2::Client::new(session.config())`.
    #[must_use]
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// The account that requests are made in.
    #[must_use]
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// The region that requests are made in.
    #[must_use]
    pub fn region(&self) -> &Region {
        &self.region
    }

    pub(crate) fn scope(&self) -> &Arc<CallScope> {
        &self.scope
    }

    /// Makes one request of that AWS name, for that resource: traced, and bounded by the time that the attempt has left.
    /// The SDK's own retries are part of it.
    ///
    /// # Errors
    /// Whatever AWS answers, as a [`CloudError`].
    pub fn call<T, E, R>(
        &self,
        operation: &'static str,
        resource: &str,
        request: impl Future<Output = Result<T, SdkError<E, R>>> + Send,
    ) -> impl Future<Output = Result<T, CloudError>>
    where
        E: ProvideErrorMetadata + Error + 'static,
        R: Debug + 'static,
    {
        let answer = self.try_call(operation, resource, request);
        async move { answer.await.map_err(|refusal| refusal.error) }
    }

    /// As [`call`](Self::call), for requests whose refusal is an answer: it keeps what the service said beside the error.
    ///
    /// # Errors
    /// [`Refused`].
    pub(crate) fn try_call<T, E, R>(
        &self,
        operation: &'static str,
        resource: &str,
        request: impl Future<Output = Result<T, SdkError<E, R>>> + Send,
    ) -> impl Future<Output = Result<T, Refused<E>>>
    where
        E: ProvideErrorMetadata + Error + 'static,
        R: Debug + 'static,
    {
        // A request of the SDK has tens of kilobytes, which whoever awaits it would have, too: it goes to the heap, once.
        let request = Box::pin(request);
        async move {
            let since = Instant::now();
            let occurrence = self.scope.occurrence(operation, resource);
            let mut said = None;
            let answered = async {
                request.await.map_err(|error| {
                    let described = cloud_error(operation, resource, &error);
                    said = said_by_service(error);
                    described
                })
            };
            let answer = self.scope.bound(operation, resource, answered).await;
            self.trace(operation, resource, occurrence, since, answer.as_ref().err());
            answer.map_err(|error| Refused { error, said })
        }
    }

    fn trace(
        &self,
        operation: &'static str,
        resource: &str,
        occurrence: u32,
        since: Instant,
        error: Option<&CloudError>,
    ) {
        let milliseconds = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (account, region) = (self.account.as_str(), self.region.as_str());
        let role = match &self.principal {
            Principal::Deployer => "",
            Principal::AssumedRole(role) => role,
        };
        match error {
            None => tracing::info!(operation, resource, occurrence, account, region, role, milliseconds, "call"),
            Some(error) => {
                let (code, request_id) = (error.code.as_str(), error.request_id.as_deref().unwrap_or_default());
                tracing::warn!(
                    operation,
                    resource,
                    occurrence,
                    account,
                    region,
                    role,
                    milliseconds,
                    code,
                    request_id,
                    "call"
                );
            }
        }
    }
}

/// A request that was refused.
pub(crate) struct Refused<E> {
    /// As everybody sees it.
    pub(crate) error: CloudError,
    /// What the service said, if it was the service that refused.
    pub(crate) said: Option<E>,
}

/// What the service itself said, if it was the service that refused.
fn said_by_service<E, R>(error: SdkError<E, R>) -> Option<E> {
    match error {
        SdkError::ServiceError(service) => Some(service.into_err()),
        _ => None,
    }
}
