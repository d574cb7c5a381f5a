//! Assumes the role in each target account, and caches its credentials in the process.

use crate::{AwsDeployer, AwsSession, CallScope};
use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_sts::Client;
use aws_sdk_sts::types::Tag;
use bifrost_core::account::Identity;
use bifrost_core::cloud::{CloudError, ErrorKind, Principal, TargetRole, Targets};
use bifrost_core::deployer::Ports;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// How long cached credentials must still be valid: the longest invocation of a function.
const MIN_VALIDITY: Duration = Duration::from_mins(15);

/// How many sessions a process caches: more than there are concurrent deploys.
const MAX_SESSIONS: usize = 64;

/// How roles are assumed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoleOptions {
    /// The external id that the trust policies require as `sts:ExternalId`.
    pub external_id: Option<String>,
    /// Whether sessions carry the tags of their release. The trust policies must allow `sts:TagSession`.
    pub session_tags: bool,
}

impl RoleOptions {
    /// Why a trust policy may deny the request. It does not contain the external id, which may be a secret.
    fn trust_warning(&self) -> String {
        let tags = if self.session_tags { " with sts:TagSession" } else { "" };
        let id =
            if self.external_id.is_some() { "another external id" } else { "an external id, and none is configured" };
        format!("does not allow it{tags}, or requires {id}")
    }

    /// The arguments of `bootstrap` for a role with these options.
    fn arguments(&self) -> String {
        let id = if self.external_id.is_some() { " --external-id ID" } else { "" };
        let tags = if self.session_tags { " --session-tags" } else { "" };
        format!("{id}{tags}")
    }

    /// Explains the placeholder in [`arguments`](Self::arguments).
    fn placeholder(&self) -> &'static str {
        if self.external_id.is_some() { ", where ID is BIFROST_EXTERNAL_ID of the deployer's function" } else { "" }
    }
}

/// The cached credentials of assumed roles.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownRoles(Arc<Mutex<BTreeMap<TargetRole, Credentials>>>);

impl KnownRoles {
    fn find(&self, target: &TargetRole, now: SystemTime) -> Option<Credentials> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(target).filter(|credentials| is_valid(credentials, now)).cloned()
    }

    fn insert(&self, target: TargetRole, credentials: Credentials, now: SystemTime) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, credentials| is_valid(credentials, now));
        if known.len() >= MAX_SESSIONS {
            known.clear();
        }
        known.insert(target, credentials);
    }
}

fn is_valid(credentials: &Credentials, now: SystemTime) -> bool {
    credentials.expiry().is_none_or(|expiry| expiry > now + MIN_VALIDITY)
}

/// Assumes roles in target accounts, for one attempt of a task or for a client.
pub struct AssumedRoles<D> {
    client: Client,
    session: AwsSession,
    identity: Arc<Identity>,
    options: RoleOptions,
    known: KnownRoles,
    deployer: PhantomData<fn() -> D>,
}

impl<D: AwsDeployer> AssumedRoles<D> {
    /// Roles that the principal of the session may assume.
    pub(crate) fn new(session: AwsSession, identity: Arc<Identity>, options: RoleOptions, known: KnownRoles) -> Self {
        let client = Client::new(session.config());
        Self { client, session, identity, options, known, deployer: PhantomData }
    }

    async fn credentials(&self, target: &TargetRole) -> Result<Credentials, CloudError> {
        if let Some(credentials) = self.known.find(target, SystemTime::now()) {
            return Ok(credentials);
        }
        let credentials = match self.assume_role(target).await {
            Ok(credentials) => credentials,
            Err(error) if error.kind == ErrorKind::AccessDenied => return Err(self.with_remedy(target, error).await),
            Err(error) => return Err(error),
        };
        self.known.insert(target.clone(), credentials.clone(), SystemTime::now());
        Ok(credentials)
    }

    /// Requests new credentials from STS, without the cache.
    pub(crate) async fn assume_role(&self, target: &TargetRole) -> Result<Credentials, CloudError> {
        const OPERATION: &str = "sts:AssumeRole";
        let arn = target.arn();
        let tags = self.options.session_tags.then(|| tags(target)).transpose();
        let tags = tags.map_err(|error| invalid(OPERATION, &arn, &error))?;
        let request = self.client.assume_role().role_arn(&arn).role_session_name(&target.session);
        let request = request.set_external_id(self.options.external_id.clone()).set_tags(tags);
        let output = self.session.call(OPERATION, &arn, request.send()).await?;
        let issued = output.credentials.ok_or_else(|| invalid(OPERATION, &arn, &"the answer has no credentials"))?;
        let expiry = SystemTime::try_from(issued.expiration).map_err(|error| invalid(OPERATION, &arn, &error))?;
        let (id, secret, token) = (issued.access_key_id, issued.secret_access_key, issued.session_token);
        Ok(Credentials::new(id, secret, Some(token), Some(expiry), "bifrost"))
    }

    /// The ARN of the principal that assumes roles, or a substitute if STS does not answer.
    pub(crate) async fn principal(&self) -> String {
        let answer = self.session.call("sts:GetCallerIdentity", "", self.client.get_caller_identity().send()).await;
        answer.ok().and_then(|answer| answer.arn).unwrap_or_else(|| "this principal".into())
    }

    /// Adds the role, the principal and the command that fixes it. STS does not distinguish a role that does not exist
    /// from one that does not trust the principal.
    async fn with_remedy(&self, target: &TargetRole, mut error: CloudError) -> CloudError {
        let principal = self.principal().await;
        let (identity, account) = (&self.identity, &target.account);
        let hint = format!(
            "; {principal} cannot assume {}: the role does not exist, or its trust policy {}; with credentials for \
             account {account}, run `{} --deployer {} bootstrap --target {account} --deployer-account {}{} --apply`{}",
            target.arn(),
            self.options.trust_warning(),
            identity.command(),
            identity.name,
            identity.account,
            self.options.arguments(),
            self.options.placeholder(),
        );
        error.message.push_str(&hint);
        error
    }
}

fn tags(target: &TargetRole) -> Result<Vec<Tag>, aws_smithy_types::error::operation::BuildError> {
    target.tags.iter().map(|(key, value)| Tag::builder().key(*key).value(value).build()).collect()
}

fn invalid(operation: &'static str, resource: &str, error: &dyn std::fmt::Display) -> CloudError {
    CloudError {
        operation,
        resource: resource.to_owned(),
        kind: ErrorKind::Invalid,
        code: "IncompleteAnswer".into(),
        message: error.to_string(),
        request_id: None,
    }
}

#[async_trait]
impl<D: AwsDeployer> Targets<Ports<D>> for AssumedRoles<D> {
    async fn assume(&self, target: &TargetRole) -> Result<Ports<D>, CloudError> {
        let provider = SharedCredentialsProvider::new(self.credentials(target).await?);
        let config = self.session.config().to_builder().credentials_provider(provider).build();
        let principal = Principal::AssumedRole(target.role.clone());
        let scope: &Arc<CallScope> = self.session.scope();
        let (account, region) = (target.account.clone(), target.region.clone());
        Ok(D::aws_ports(AwsSession::new(&config, Arc::clone(scope), principal, account, region)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(session: &str) -> TargetRole {
        TargetRole {
            account: "222222222222".parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
            role: "coinbase-odin-assumed".into(),
            session: session.into(),
            tags: Vec::new(),
        }
    }

    fn until(expiry: SystemTime) -> Credentials {
        Credentials::new("id", "secret", None, Some(expiry), "test")
    }

    #[test]
    fn remedy_has_the_options_but_not_the_external_id() {
        let none = RoleOptions::default();
        assert_eq!((none.arguments().as_str(), none.placeholder()), ("", ""));
        let all = RoleOptions { external_id: Some("a-secret".into()), session_tags: true };
        assert_eq!(all.arguments(), " --external-id ID --session-tags");
        assert!(all.trust_warning().contains("sts:TagSession"));
        let texts = [all.trust_warning(), all.arguments(), all.placeholder().to_owned()];
        assert!(texts.iter().all(|text| !text.contains("a-secret")), "{texts:?}");
    }

    #[test]
    fn credentials_that_expire_within_an_invocation_are_not_used() {
        let (known, now) = (KnownRoles::default(), SystemTime::UNIX_EPOCH);
        known.insert(role("release-1"), until(now + Duration::from_hours(1)), now);
        assert!(known.find(&role("release-1"), now + Duration::from_mins(44)).is_some());
        assert!(known.find(&role("release-1"), now + Duration::from_mins(45)).is_none());
    }

    #[test]
    fn cache_is_per_release_and_bounded() {
        let (known, now) = (KnownRoles::default(), SystemTime::UNIX_EPOCH);
        for number in 0..=MAX_SESSIONS {
            known.insert(role(&format!("release-{number}")), until(now + Duration::from_hours(1)), now);
        }
        assert!(known.find(&role("release-0"), now).is_none());
        assert!(known.find(&role(&format!("release-{MAX_SESSIONS}")), now).is_some());
        assert!(known.find(&role("another"), now).is_none());
    }
}
