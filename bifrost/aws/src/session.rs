//! Every request to AWS goes through [`AwsSession::call`].

use crate::call_scope::CallScope;
use crate::error::cloud_error;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::SdkConfig;
use aws_types::request_id::RequestId;
use bifrost_core::cloud::{CloudError, ErrorKinds, Principal};
use bifrost_core::lifecycle::Proof;
use bifrost_core::release::{AccountId, Region};
use std::error::Error;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Instant;

/// Credentials for one account and region of AWS, for one attempt of a task or for a client.
#[derive(Debug, Clone)]
pub struct AwsSession {
    config: SdkConfig,
    scope: Arc<CallScope>,
    principal: Principal,
    account: AccountId,
    region: Region,
    kinds: ErrorKinds,
}

impl AwsSession {
    /// A session with the credentials of `config`, which belong to `principal`, in this account and region.
    #[must_use]
    pub fn new(
        config: &SdkConfig,
        scope: Arc<CallScope>,
        principal: Principal,
        account: AccountId,
        region: Region,
    ) -> Self {
        let config = config.to_builder().region(aws_types::region::Region::new(region.to_string())).build();
        Self { config, scope, principal, account, region, kinds: ErrorKinds::default() }
    }

    /// Classifies errors with the table of a deployer:
    /// [`Deployer::ERROR_KINDS`](bifrost_core::deployer::Deployer::ERROR_KINDS).
    #[must_use]
    pub fn with_error_kinds(self, kinds: ErrorKinds) -> Self {
        Self { kinds, ..self }
    }

    /// The configuration for clients of the SDK: `aws_sdk_ec2::Client::new(session.config())`.
    #[must_use]
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// The account of the requests.
    #[must_use]
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// The region of the requests.
    #[must_use]
    pub fn region(&self) -> &Region {
        &self.region
    }

    pub(crate) fn scope(&self) -> &Arc<CallScope> {
        &self.scope
    }

    /// Makes one request that changes nothing in a target account, traces it under its AWS name and limits it to the time that
    /// the attempt has left. It includes the SDK's own retries.
    ///
    /// # Errors
    /// [`CloudError`] of the request. `ChangeWithoutProof` for an operation that changes something in a target account.
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
        let allowed = self.principal.check_unproved(operation, resource);
        let answer = self.try_call(operation, resource, request);
        async move {
            allowed?;
            answer.await.map_err(|failure| failure.error)
        }
    }

    /// As [`call`](Self::call), for an operation that changes something: `proof` shows that the attempt may change it now. The
    /// change and its outcome, with AWS's request id, are recorded in the audit log.
    ///
    /// # Errors
    /// [`CloudError`] of the request.
    pub fn change<T, E, R>(
        &self,
        _proof: &Proof,
        operation: &'static str,
        resource: &str,
        request: impl Future<Output = Result<T, SdkError<E, R>>> + Send,
    ) -> impl Future<Output = Result<T, CloudError>>
    where
        T: RequestId,
        E: ProvideErrorMetadata + Error + 'static,
        R: Debug + 'static,
    {
        let answer = self.try_call(operation, resource, request);
        async move {
            // A request that the handler gives up may still have an effect.
            let place = (&self.account, &self.region);
            let pending = self.scope.changes().begin(self.scope.attempt(), (operation, resource), place);
            let answer = answer.await.map_err(|failure| failure.error);
            pending.answered(answer.as_ref().map(RequestId::request_id));
            answer
        }
    }

    /// Like [`call`](Self::call), for callers that distinguish errors of the service: it also returns the service's
    /// error.
    ///
    /// # Errors
    /// [`CallFailure`].
    pub(crate) fn try_call<T, E, R>(
        &self,
        operation: &'static str,
        resource: &str,
        request: impl Future<Output = Result<T, SdkError<E, R>>> + Send,
    ) -> impl Future<Output = Result<T, CallFailure<E>>>
    where
        E: ProvideErrorMetadata + Error + 'static,
        R: Debug + 'static,
    {
        // A request of the SDK has tens of kilobytes. On the heap it does not enlarge every future that awaits it.
        let request = Box::pin(request);
        async move {
            let since = Instant::now();
            let occurrence = self.scope.occurrence(operation, resource);
            let mut service_error = None;
            let answered = async {
                request.await.map_err(|error| {
                    let described = cloud_error(self.kinds, operation, resource, &error);
                    service_error = into_service_error(error);
                    described
                })
            };
            let answer = self.scope.bound(operation, resource, answered).await;
            self.trace(operation, resource, occurrence, since, answer.as_ref().err());
            if let Err(error) = &answer {
                self.scope.changes().failed(error);
            }
            answer.map_err(|error| CallFailure { error, service_error })
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

/// A request that failed.
pub(crate) struct CallFailure<E> {
    pub(crate) error: CloudError,
    /// The error of the service; `None` if the service did not answer.
    pub(crate) service_error: Option<E>,
}

fn into_service_error<E, R>(error: SdkError<E, R>) -> Option<E> {
    match error {
        SdkError::ServiceError(service) => Some(service.into_err()),
        _ => None,
    }
}
