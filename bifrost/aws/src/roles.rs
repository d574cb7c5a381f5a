//! The one role in each target account: assumed once, and kept for the process.

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

/// How long credentials must still hold to be used: as long as an invocation of a function can take.
const MIN_VALIDITY: Duration = Duration::from_mins(15);

/// How many sessions a process keeps: as many deploys as run at a time, and then some.
const MAX_SESSIONS: usize = 64;

/// How roles are assumed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoleOptions {
    /// What the trust policies ask for as `sts:ExternalId`.
    pub external_id: Option<String>,
    /// Whether sessions carry the tags of their release. The trust policies must allow `sts:TagSession`.
    pub session_tags: bool,
}

impl RoleOptions {
    /// What of them a trust policy may not agree with. Which external id it is, is nobody's business.
    fn trust_warning(&self) -> String {
        let tags = if self.session_tags { " (with sts:TagSession, as session tags are on)" } else { "" };
        let id = if self.external_id.is_some() { "another external id" } else { "an external id, and none is given" };
        format!("{tags}, or asks for {id}")
    }

    /// The arguments of `bootstrap` that make a role which agrees with them.
    fn arguments(&self) -> String {
        let id = if self.external_id.is_some() { " --external-id <the deployer's>" } else { "" };
        let tags = if self.session_tags { " --session-tags" } else { "" };
        format!("{id}{tags}")
    }
}

/// Sessions of roles that this process has assumed.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownRoles(Arc<Mutex<BTreeMap<TargetRole, Credentials>>>);

impl KnownRoles {
    fn find(&self, target: &TargetRole, now: SystemTime) -> Option<Credentials> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(target).filter(|credentials| holds(credentials, now)).cloned()
    }

    fn keep(&self, target: TargetRole, credentials: Credentials, now: SystemTime) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, credentials| holds(credentials, now));
        if known.len() >= MAX_SESSIONS {
            known.clear();
        }
        known.insert(target, credentials);
    }
}

fn holds(credentials: &Credentials, now: SystemTime) -> bool {
    credentials.expiry().is_none_or(|expiry| expiry > now + MIN_VALIDITY)
}

/// The way into target accounts, for one attempt of a task or for a client.
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
        self.known.keep(target.clone(), credentials.clone(), SystemTime::now());
        Ok(credentials)
    }

    /// Asks STS, whatever is known already.
    pub(crate) async fn assume_role(&self, target: &TargetRole) -> Result<Credentials, CloudError> {
        const OPERATION: &str = "sts:AssumeRole";
        let arn = target.arn();
        let tags = self.options.session_tags.then(|| tags(target)).transpose();
        let tags = tags.map_err(|error| invalid(OPERATION, &arn, &error))?;
        let request = self.client.assume_role().role_arn(&arn).role_session_name(&target.session);
        let request = request.set_external_id(self.options.external_id.clone()).set_tags(tags);
        let output = self.session.call(OPERATION, &arn, request.send()).await?;
        let given = output.credentials.ok_or_else(|| invalid(OPERATION, &arn, &"AWS gave no credentials"))?;
        let expiry = SystemTime::try_from(given.expiration).map_err(|error| invalid(OPERATION, &arn, &error))?;
        let (id, secret, token) = (given.access_key_id, given.secret_access_key, given.session_token);
        Ok(Credentials::new(id, secret, Some(token), Some(expiry), "bifrost"))
    }

    /// The ARN of who assumes, as far as STS says so.
    pub(crate) async fn principal(&self) -> String {
        let who = self.session.call("sts:GetCallerIdentity", "", self.client.get_caller_identity().send()).await;
        who.ok().and_then(|answer| answer.arn).unwrap_or_else(|| "this principal".into())
    }

    /// Says which role, which principal, and what to run. STS does not tell a role that is not there from one that does
    /// not trust us.
    async fn with_remedy(&self, target: &TargetRole, mut error: CloudError) -> CloudError {
        let principal = self.principal().await;
        let (command, account) = (self.identity.command(), &target.account);
        let hint = format!(
            "; {principal} cannot assume {}: it is not there, does not trust it{}; with credentials of account {account} run \
             `{command} bootstrap --target {account} --deployer-account {}{} --apply`",
            target.arn(),
            self.options.trust_warning(),
            self.identity.account,
            self.options.arguments(),
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
    fn what_a_role_may_not_agree_with_is_told_without_a_secret() {
        let plain = RoleOptions::default();
        assert_eq!(
            (plain.trust_warning().as_str(), plain.arguments().as_str()),
            (", or asks for an external id, and none is given", "")
        );
        let all = RoleOptions { external_id: Some("a-secret".into()), session_tags: true };
        assert_eq!(
            all.trust_warning(),
            " (with sts:TagSession, as session tags are on), or asks for another external id"
        );
        assert_eq!(all.arguments(), " --external-id <the deployer's> --session-tags");
    }

    #[test]
    fn credentials_are_kept_until_they_end_within_an_invocation() {
        let (known, now) = (KnownRoles::default(), SystemTime::UNIX_EPOCH);
        known.keep(role("release-1"), until(now + Duration::from_hours(1)), now);
        assert!(known.find(&role("release-1"), now + Duration::from_mins(44)).is_some());
        assert!(known.find(&role("release-1"), now + Duration::from_mins(45)).is_none());
    }

    #[test]
    fn a_session_is_of_one_release_and_too_many_are_not_kept() {
        let (known, now) = (KnownRoles::default(), SystemTime::UNIX_EPOCH);
        for number in 0..=MAX_SESSIONS {
            known.keep(role(&format!("release-{number}")), until(now + Duration::from_hours(1)), now);
        }
        assert!(known.find(&role("release-0"), now).is_none());
        assert!(known.find(&role(&format!("release-{MAX_SESSIONS}")), now).is_some());
        assert!(known.find(&role("another"), now).is_none());
    }
}
