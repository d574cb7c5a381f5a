//! The port for acts of people: the function `<deployer>-audit`, and the proof of who asks.

use crate::caller_proof::{BINDING, VALID_FOR, binding, sts_endpoint, unsigned_uri};
use crate::error::Incomplete;
use crate::session::CallFailure;
use crate::{AwsSession, configuration};
use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_lambda::operation::invoke::{InvokeError, InvokeOutput};
use aws_sdk_lambda::primitives::Blob;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::result::{DispatchFailure, SdkError};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use bifrost_core::account::Identity;
use bifrost_core::cloud::ErrorKind;
use bifrost_core::error_code::full_message;
use bifrost_core::json;
use bifrost_core::people::{
    ActError, ActOutcome, ActProof, ActRequest, Acts, Answer, AuditEvent, FunctionRefusal, Reconciled, SignedAct,
};
use chrono::{DateTime, Utc};
use hyper_util::client::legacy::Error as HttpError;
use serde::de::DeserializeOwned;
use std::error::Error;
use std::iter::successors;
use std::sync::Arc;
use std::time::Duration;

const OPERATION: &str = "lambda:Invoke";

/// The pauses before an invocation that did not begin is repeated.
const PAUSES: [Duration; 4] =
    [Duration::from_millis(250), Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

/// The longest timeout of a function, and a margin.
const LONGEST: Duration = Duration::from_mins(16);

/// The function of one deployer.
pub(crate) struct AwsActs {
    session: AwsSession,
    identity: Arc<Identity>,
}

impl AwsActs {
    pub(crate) fn new(session: AwsSession, identity: Arc<Identity>) -> Self {
        Self { session, identity }
    }

    /// Proves that the owner of the session's credentials asks for this.
    async fn proof(&self, request: &str) -> Result<ActProof, ActError> {
        let identity = |error: &(dyn Error + 'static)| ActError::Identity(full_message(error));
        let provider = self.session.config().credentials_provider();
        let provider = provider.ok_or_else(|| ActError::Identity("there are no AWS credentials".into()))?;
        let credentials = provider.provide_credentials().await.map_err(|error| identity(&error))?;
        let endpoint = sts_endpoint(self.session.config(), &self.identity.region);
        presign(credentials, (&endpoint, &self.identity), request, Utc::now()).map_err(|error| identity(error.as_ref()))
    }

    /// Invokes the function. It accepts a request once, so only an invocation that certainly did not begin is repeated.
    async fn send(&self, name: &str, event: &AuditEvent) -> Result<InvokeOutput, ActError> {
        let client = aws_sdk_lambda::Client::new(self.session.config());
        let invoke = client.invoke().function_name(name).payload(Blob::new(event.payload().to_string()));
        // It may take long to complete the log.
        let limits =
            aws_sdk_lambda::config::Builder::new().retry_config(RetryConfig::disabled()).timeout_config(timeouts());
        let mut pauses = PAUSES.iter();
        loop {
            let request = invoke.clone().customize().config_override(limits.clone());
            let mut is_unsent = false;
            let send = async {
                let answered = request.send().await;
                is_unsent = matches!(&answered, Err(SdkError::DispatchFailure(failure)) if never_connected(failure));
                answered
            };
            let answered = self.session.try_call(OPERATION, name, send).await;
            let failure = match answered {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let is_throttled = matches!(failure.service_error, Some(InvokeError::TooManyRequestsException(_)));
            match pauses.next() {
                Some(pause) if is_throttled || is_unsent => tokio::time::sleep(*pause).await,
                _ => return Err(refused(name, failure)),
            }
        }
    }

    async fn invoke<T: DeserializeOwned>(&self, event: &AuditEvent) -> Result<T, ActError> {
        let name = self.identity.audit_function();
        let answer = self.send(&name, event).await?;
        let body = answer.payload.present(OPERATION, &name, "Payload")?;
        let failed = |message: String| ActError::Function(FunctionRefusal::failed(message));
        if let Some(error) = answer.function_error {
            let report = String::from_utf8_lossy(body.as_ref()).into_owned();
            return Err(failed(format!("function {name} failed ({error}): {report}")));
        }
        let unreadable = |error: String| failed(format!("cannot read the answer of function {name}: {error}"));
        let value = json::parse(body.as_ref()).map_err(|error| unreadable(error.to_string()))?;
        match json::from_value(value).map_err(|error| unreadable(error.to_string()))? {
            Answer::Done(done) => Ok(done),
            Answer::Refused(error) => Err(error.into()),
        }
    }
}

#[async_trait]
impl Acts for AwsActs {
    async fn perform(&self, request: &ActRequest) -> Result<ActOutcome, ActError> {
        let request = serde_json::to_string(request).map_err(|error| ActError::Malformed(error.to_string()))?;
        let proof = self.proof(&request).await?;
        self.invoke(&AuditEvent::Act(SignedAct { request, proof })).await
    }

    async fn reconcile(&self, since: DateTime<Utc>) -> Result<Reconciled, ActError> {
        self.invoke(&AuditEvent::Reconcile { since: Some(since) }).await
    }
}

fn refused(name: &str, failure: CallFailure<InvokeError>) -> ActError {
    match failure {
        CallFailure { service_error: Some(InvokeError::ResourceNotFoundException(_)), .. } => {
            ActError::NoFunction(name.to_owned())
        }
        CallFailure { error, .. } if error.kind == ErrorKind::AccessDenied => {
            ActError::MayNotInvoke { function: name.to_owned(), source: Box::new(error) }
        }
        CallFailure { error, .. } => error.into(),
    }
}

/// Whether no connection was made, so that nothing was sent.
fn never_connected(failure: &DispatchFailure) -> bool {
    let first = failure.as_connector_error().and_then(Error::source);
    successors(first, |cause| (*cause).source())
        .any(|cause| cause.downcast_ref::<HttpError>().is_some_and(HttpError::is_connect))
}

/// As long as an invocation of a function may take.
fn timeouts() -> TimeoutConfig {
    let longest = configuration::timeouts().to_builder();
    longest.read_timeout(LONGEST).operation_attempt_timeout(LONGEST).operation_timeout(LONGEST).build()
}

/// Signs the request that proves who asks.
pub(crate) fn presign(
    credentials: Credentials,
    (endpoint, identity): (&str, &Identity),
    request: &str,
    now: DateTime<Utc>,
) -> Result<ActProof, Box<dyn Error + Send + Sync>> {
    let (access_key, session_token) =
        (credentials.access_key_id().to_owned(), credentials.session_token().map(ToOwned::to_owned));
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(VALID_FOR.to_std()?);
    let signer = credentials.into();
    let parameters = SigningParams::builder()
        .identity(&signer)
        .region(identity.region.as_str())
        .name("sts")
        .time(now.into())
        .settings(settings)
        .build()?
        .into();
    let (uri, binding) = (unsigned_uri(endpoint), binding(identity, request));
    let headers = [(BINDING, binding.as_str())];
    let request = SignableRequest::new("GET", uri, headers.into_iter(), SignableBody::Bytes(&[]))?;
    let (instructions, signature) = sign(request, &parameters)?.into_parts();
    let date = instructions.params().iter().find(|(name, _)| *name == "X-Amz-Date").map(|(_, date)| date.to_string());
    let date = date.ok_or("the signature has no date")?;
    Ok(ActProof { access_key, date, signature, session_token })
}
