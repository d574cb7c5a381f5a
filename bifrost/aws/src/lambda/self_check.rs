//! The function's answer to a self-check.

use crate::{AssumedRoles, AwsDeployer};
use bifrost_core::account::Identity;
use bifrost_core::cloud::{ErrorKind, SESSION_TAGS, TargetRole};
use bifrost_core::deployer;
use bifrost_core::release::AccountId;
use bifrost_core::self_check::{Assumption, RoleReport, SelfCheck, SelfCheckReport, VERSION};
use futures_util::stream::{self, StreamExt};

/// How many roles are assumed at a time.
const MAX_CONCURRENT_CALLS: usize = 8;

/// Describes the function and assumes each role, without the cache: a cached session may be of a role that was deleted.
pub(super) async fn report<D: AwsDeployer>(
    self_check: SelfCheck,
    identity: &Identity,
    roles: &AssumedRoles<D>,
) -> SelfCheckReport {
    let assumed = stream::iter(self_check.accounts).map(|account| async move {
        let outcome = assume(roles, &target(identity, &account)).await;
        RoleReport { account, outcome }
    });
    SelfCheckReport {
        version: VERSION.into(),
        definition: deployer::definition::<D>(&identity.function_arn()),
        principal: roles.principal().await,
        roles: assumed.buffered(MAX_CONCURRENT_CALLS).collect().await,
    }
}

/// With tags, so that the check needs the same permissions as a deploy where session tags are on.
fn target(identity: &Identity, account: &AccountId) -> TargetRole {
    let session = format!("{}-doctor", identity.command());
    TargetRole {
        account: account.clone(),
        region: identity.region.clone(),
        role: identity.assumed_role(),
        tags: SESSION_TAGS.map(|tag| (tag, session.clone())).into(),
        session: session.chars().take(64).collect(),
    }
}

async fn assume<D: AwsDeployer>(roles: &AssumedRoles<D>, target: &TargetRole) -> Assumption {
    match roles.assume_role(target).await {
        Ok(_) => Assumption::Assumed,
        Err(error) if error.kind == ErrorKind::AccessDenied => Assumption::Denied(error.to_string()),
        Err(error) => Assumption::Unknown(error.to_string()),
    }
}
