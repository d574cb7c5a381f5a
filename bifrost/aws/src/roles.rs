//! Assumes the role in each target account, and caches its credentials in the process.

use crate::{AwsDeployer, AwsSession, CallScope};
use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_sts::Client;
use aws_sdk_sts::types::Tag;
use bifrost_core::account::Identity;
use bifrost_core::cloud::{CloudError, ErrorKind, ErrorKinds, Principal, TargetRole, Targets};
use bifrost_core::deployer::Ports;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// How long cached credentials must still be valid: the longest invocation of a function.
const MIN_VALIDITY: Duration = Duration::from_mins(15);

/// How many sessions a process caches: more than there are concurrent deploys.
const MAX_SESSIONS: usize = 64;

/// How long a role that refused session tags is assumed without them.
const TAGS_REFUSED_FOR: Duration = Duration::from_hours(1);

const ASSUME_ROLE: &str = "sts:AssumeRole";

/// How roles are assumed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoleOptions {
    /// The external id that the trust policies require as `sts:ExternalId`.
    pub external_id: Option<String>,
    /// Whether sessions carry the tags of their release. A role whose trust policy does not allow `sts:TagSession` is assumed
    /// without them.
    pub session_tags: bool,
}

impl RoleOptions {
    /// Why a trust policy may deny the request. It does not contain the external id, which may be a secret.
    fn trust_warning(&self) -> String {
        let id =
            if self.external_id.is_some() { "another external id" } else { "an external id, and none is configured" };
        format!("does not allow it, or requires {id}")
    }

    /// The arguments of `bootstrap` for a role with these options.
    fn arguments(&self) -> &'static str {
        if self.external_id.is_some() { " --external-id ID" } else { "" }
    }

    /// Explains the placeholder in [`arguments`](Self::arguments).
    fn placeholder(&self) -> &'static str {
        if self.external_id.is_some() { ", where ID is BIFROST_EXTERNAL_ID of the deployer's function" } else { "" }
    }
}

/// The credentials of an assumed role.
#[derive(Debug, Clone)]
pub(crate) struct RoleSession {
    credentials: Credentials,
    /// Whether the session carries tags. One that was requested without tags counts as one that carries them all.
    is_tagged: bool,
}

/// What a process knows about roles: the credentials of assumed ones, and which refuse session tags.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownRoles(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    sessions: BTreeMap<TargetRole, RoleSession>,
    /// The ARNs of roles that refuse tags, each until when it is not asked again.
    without_tags: BTreeMap<String, SystemTime>,
}

impl KnownRoles {
    fn find(&self, target: &TargetRole, now: SystemTime) -> Option<RoleSession> {
        let known = self.known();
        known.sessions.get(target).filter(|session| is_valid(&session.credentials, now)).cloned()
    }

    fn insert(&self, target: TargetRole, session: RoleSession, now: SystemTime) {
        let mut known = self.known();
        known.sessions.retain(|_, session| is_valid(&session.credentials, now));
        if known.sessions.len() >= MAX_SESSIONS {
            known.sessions.clear();
        }
        known.sessions.insert(target, session);
    }

    fn refuses_tags(&self, arn: &str, now: SystemTime) -> bool {
        self.known().without_tags.get(arn).is_some_and(|until| *until > now)
    }

    fn set_refuses_tags(&self, arn: &str, now: SystemTime) {
        let mut known = self.known();
        known.without_tags.retain(|_, until| *until > now);
        if known.without_tags.len() >= MAX_SESSIONS {
            known.without_tags.clear();
        }
        known.without_tags.insert(arn.to_owned(), now + TAGS_REFUSED_FOR);
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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

    async fn role_session(&self, target: &TargetRole) -> Result<RoleSession, CloudError> {
        if let Some(session) = self.known.find(target, SystemTime::now()) {
            return Ok(session);
        }
        let session = match self.assume_role(target).await {
            Ok(session) => session,
            Err(error) if error.kind == ErrorKind::AccessDenied => return Err(self.with_remedy(target, error).await),
            Err(error) => return Err(error),
        };
        self.known.insert(target.clone(), session.clone(), SystemTime::now());
        Ok(session)
    }

    /// Requests new credentials from STS, without the cache: with tags, and without them from a role that refuses tags.
    pub(crate) async fn assume_role(&self, target: &TargetRole) -> Result<RoleSession, CloudError> {
        let arn = target.arn();
        let tags = self.options.session_tags.then(|| tags(target)).transpose();
        let tags = tags.map_err(|error| invalid(ASSUME_ROLE, &arn, &error))?.filter(|tags| !tags.is_empty());
        let Some(tags) = tags else {
            return Ok(RoleSession { credentials: self.request(target, &arn, None).await?, is_tagged: true });
        };
        if !self.known.refuses_tags(&arn, SystemTime::now()) {
            match self.request(target, &arn, Some(tags)).await {
                Ok(credentials) => return Ok(RoleSession { credentials, is_tagged: true }),
                // STS does not tell whether the role refuses the tags or the principal.
                Err(error) if error.kind == ErrorKind::AccessDenied => {}
                Err(error) => return Err(error),
            }
        }
        let credentials = self.request(target, &arn, None).await?;
        self.known.set_refuses_tags(&arn, SystemTime::now());
        Ok(RoleSession { credentials, is_tagged: false })
    }

    async fn request(&self, target: &TargetRole, arn: &str, tags: Option<Vec<Tag>>) -> Result<Credentials, CloudError> {
        let request = self.client.assume_role().role_arn(arn).role_session_name(&target.session);
        let request = request.set_external_id(self.options.external_id.clone()).set_tags(tags);
        let output = self.session.call(ASSUME_ROLE, arn, request.send()).await?;
        let issued = output.credentials.ok_or_else(|| invalid(ASSUME_ROLE, arn, &"the answer has no credentials"))?;
        let expiry = SystemTime::try_from(issued.expiration).map_err(|error| invalid(ASSUME_ROLE, arn, &error))?;
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
    target.tags.iter().map(|(key, value)| Tag::builder().key(*key).value(tag_value(value)).build()).collect()
}

/// A value that STS accepts: at most 256 letters, digits, spaces and some signs.
fn tag_value(value: &str) -> String {
    let is_accepted = |c: &char| c.is_alphanumeric() || " _.:/=+-@".contains(*c);
    value.chars().filter(is_accepted).take(256).collect()
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
        let RoleSession { credentials, is_tagged } = self.role_session(target).await?;
        if !is_tagged {
            self.session.scope().changes().set_untagged();
        }
        let provider = SharedCredentialsProvider::new(credentials);
        let config = self.session.config().to_builder().credentials_provider(provider).build();
        let principal = Principal::AssumedRole(target.role.clone());
        let scope: &Arc<CallScope> = self.session.scope();
        let (account, region) = (target.account.clone(), target.region.clone());
        let session = AwsSession::new(&config, Arc::clone(scope), principal, account, region);
        Ok(D::aws_ports(session.with_error_kinds(ErrorKinds::new(D::ERROR_KINDS))))
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

    fn until(expiry: SystemTime) -> RoleSession {
        RoleSession { credentials: Credentials::new("id", "secret", None, Some(expiry), "test"), is_tagged: true }
    }

    #[test]
    fn remedy_has_the_options_but_not_the_external_id() {
        let none = RoleOptions::default();
        assert_eq!((none.arguments(), none.placeholder()), ("", ""));
        let all = RoleOptions { external_id: Some("a-secret".into()), session_tags: true };
        assert_eq!(all.arguments(), " --external-id ID");
        let texts = [all.trust_warning(), all.arguments().to_owned(), all.placeholder().to_owned()];
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

    #[test]
    fn role_that_refuses_tags_is_remembered_for_an_hour() {
        let (known, now) = (KnownRoles::default(), SystemTime::UNIX_EPOCH);
        known.set_refuses_tags("role", now);
        assert!(known.refuses_tags("role", now + Duration::from_mins(59)) && !known.refuses_tags("other", now));
        assert!(!known.refuses_tags("role", now + Duration::from_mins(61)));
        for number in 0..=MAX_SESSIONS {
            known.set_refuses_tags(&number.to_string(), now);
        }
        assert!(known.known().without_tags.len() <= MAX_SESSIONS);
    }

    #[test]
    fn tag_has_only_what_sts_accepts() {
        assert_eq!(tag_value("acme/shop"), "acme/shop");
        assert_eq!(tag_value("release-1\n(ada's)~é"), "release-1adasé");
        assert_eq!(tag_value(&"a".repeat(300)).len(), 256);
    }
}
