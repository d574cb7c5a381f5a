//! The port of a deployer on a client of the AWS SDK: [`port`](bifrost_core::port) declares what it does.

use crate::{AwsSession, CallScope, Request, sdk_config};
use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::SdkConfig;
use aws_types::request_id::RequestId;
use bifrost_core::cloud::{CloudError, ErrorKinds, Principal};
use bifrost_core::deployer::Deployer;
use bifrost_core::lifecycle::Proof;
use bifrost_core::release::{AccountId, Region};
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Debug;
use std::ops::Deref;
use std::sync::Arc;

/// A client of the AWS SDK for one service, with the session whose call middleware its requests pass: a port, if `C` implements the
/// port's AWS half.
#[derive(Debug, Clone)]
pub struct AwsClient<C> {
    session: AwsSession,
    client: C,
}

impl<C> AwsClient<C> {
    /// The client that `new` makes: `AwsClient::new(&session, aws_sdk_ecs::Client::new)`.
    #[must_use]
    pub fn new(session: &AwsSession, new: impl FnOnce(&SdkConfig) -> C) -> Self {
        Self { session: session.clone(), client: new(session.config()) }
    }

    #[doc(hidden)]
    pub fn client(&self) -> &C {
        &self.client
    }

    #[doc(hidden)]
    pub fn call<'a>(&'a self, operation: &'static str, resource: &'a str) -> AwsCall<'a> {
        AwsCall { session: &self.session, request: Request::new(operation, resource) }
    }

    #[doc(hidden)]
    pub fn change<'a>(&'a self, proof: &'a Proof, operation: &'static str, resource: &'a str) -> AwsChange<'a> {
        AwsChange { call: self.call(operation, resource), proof }
    }
}

/// The session of a test in an emulated AWS: endpoint and credentials are in `environment`, as a program has them. It must prove its
/// changes, as a task does.
///
/// # Errors
/// The name of the variable that is missing.
#[doc(hidden)]
pub fn emulated_session<D: Deployer>(
    environment: &BTreeMap<String, String>,
    account: AccountId,
    region: Region,
) -> Result<AwsSession, String> {
    let value = |name: &str| environment.get(name).cloned().ok_or_else(|| format!("{name} is not set"));
    let (id, secret) = (value("AWS_ACCESS_KEY_ID")?, value("AWS_SECRET_ACCESS_KEY")?);
    let credentials = Credentials::new(id, secret, value("AWS_SESSION_TOKEN").ok(), None, "test");
    let config = sdk_config(credentials, &region, Some(value("AWS_ENDPOINT_URL")?));
    let principal = Principal::AssumedRole("contract-test".to_owned());
    let session = AwsSession::new(&config, Arc::new(CallScope::default()), principal, account, region);
    Ok(session.with_error_kinds(ErrorKinds::new(D::ERROR_KINDS)))
}

/// A call of a port that changes nothing, in the AWS half of the port.
#[derive(Debug, Clone, Copy)]
pub struct AwsCall<'a> {
    session: &'a AwsSession,
    request: Request<'a>,
}

impl<'a> AwsCall<'a> {
    /// The same call for another resource.
    #[must_use]
    pub fn about<'b>(self, resource: &'b str) -> AwsCall<'b>
    where
        'a: 'b,
    {
        AwsCall { session: self.session, request: self.request.about(resource) }
    }

    /// ARN of a resource of a service in the account and region of the call: `call.arn("sns", topic)`.
    #[must_use]
    pub fn arn(self, service: &str, resource: &str) -> String {
        self.session.region().arn(service, self.session.account(), resource)
    }

    /// Sends a request: a call of the SDK's `send()`, or all pages of its paginator.
    ///
    /// # Errors
    /// As [`AwsSession::call`].
    pub fn send<T, E, R>(
        self,
        request: impl Future<Output = Result<T, SdkError<E, R>>> + Send,
    ) -> impl Future<Output = Result<T, CloudError>>
    where
        E: ProvideErrorMetadata + Error + 'static,
        R: Debug + 'static,
    {
        let Request { operation, resource } = self.request;
        self.session.call(operation, resource, request)
    }
}

impl<'a> Deref for AwsCall<'a> {
    type Target = Request<'a>;

    fn deref(&self) -> &Request<'a> {
        &self.request
    }
}

/// A call of a port that changes something, in the AWS half of the port. The audit log gets each of its requests.
#[derive(Debug, Clone, Copy)]
pub struct AwsChange<'a> {
    call: AwsCall<'a>,
    proof: &'a Proof,
}

impl<'a> AwsChange<'a> {
    /// The same call for another resource.
    #[must_use]
    pub fn about<'b>(self, resource: &'b str) -> AwsChange<'b>
    where
        'a: 'b,
    {
        AwsChange { call: self.call.about(resource), proof: self.proof }
    }

    /// As [`AwsCall::arn`].
    #[must_use]
    pub fn arn(self, service: &str, resource: &str) -> String {
        self.call.arn(service, resource)
    }

    /// Sends a request: a call of the SDK's `send()`.
    ///
    /// # Errors
    /// As [`AwsSession::change`].
    pub fn send<T, E, R>(
        self,
        request: impl Future<Output = Result<T, SdkError<E, R>>> + Send,
    ) -> impl Future<Output = Result<T, CloudError>>
    where
        T: RequestId,
        E: ProvideErrorMetadata + Error + 'static,
        R: Debug + 'static,
    {
        let Request { operation, resource } = self.call.request;
        self.call.session.change(self.proof, operation, resource, request)
    }
}

impl<'a> Deref for AwsChange<'a> {
    type Target = Request<'a>;

    fn deref(&self) -> &Request<'a> {
        &self.call.request
    }
}
