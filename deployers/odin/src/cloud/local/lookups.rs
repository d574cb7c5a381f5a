//! IAM and SNS in the local cloud.

use super::{OdinAccount, request};
use crate::cloud::{Iam, InstanceProfile, Role, Topics};
use async_trait::async_trait;
use bifrost::cloud::CloudError;
use bifrost::local::LocalSession;
use bifrost::release::{AccountId, Region};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Instance profiles and roles of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoredIam {
    /// Instance profiles by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub instance_profiles: BTreeMap<String, StoredProfile>,
    /// Roles of lifecycle hooks by name. The roles that the deployer assumes are in the account's `roles`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub roles: BTreeMap<String, StoredRole>,
}

/// An instance profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredProfile {
    /// Its path, which begins and ends with `/`.
    #[serde(default = "root")]
    pub path: String,
}

/// A role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredRole {
    /// Its path, which begins and ends with `/`.
    #[serde(default = "root")]
    pub path: String,
}

/// A topic.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoredTopic {
    /// Seconds until its subscriber completes the lifecycle action of a hook that published to it. Without it, the
    /// hook's heartbeat times out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completes_after_seconds: Option<u32>,
}

fn root() -> String {
    "/".into()
}

impl StoredIam {
    /// Whether an instance profile has that ARN.
    pub(super) fn has_profile(&self, region: &Region, account: &AccountId, arn: &str) -> bool {
        self.instance_profiles.iter().any(|(name, profile)| profile_arn(region, account, name, profile) == arn)
    }

    /// Whether a role has that ARN.
    pub(super) fn has_role(&self, region: &Region, account: &AccountId, arn: &str) -> bool {
        self.roles.iter().any(|(name, role)| role_arn(region, account, name, role) == arn)
    }
}

fn profile_arn(region: &Region, account: &AccountId, name: &str, profile: &StoredProfile) -> String {
    region.iam_arn(account, &format!("instance-profile{}{name}", profile.path))
}

fn role_arn(region: &Region, account: &AccountId, name: &str, role: &StoredRole) -> String {
    region.iam_arn(account, &format!("role{}{name}", role.path))
}

#[async_trait]
impl Iam for LocalSession<OdinAccount> {
    async fn instance_profile(&self, name: &str) -> Result<Option<InstanceProfile>, CloudError> {
        self.call("iam:GetInstanceProfile", name, |region_state| {
            let found = region_state.resources.iam.instance_profiles.get(name);
            let describe = |profile: &_| profile_arn(region_state.region, region_state.account, name, profile);
            Ok(found.map(|profile| InstanceProfile { arn: describe(profile), path: profile.path.clone() }))
        })
        .await
    }

    async fn role(&self, name: &str) -> Result<Option<Role>, CloudError> {
        self.call("iam:GetRole", name, |region_state| {
            let found = region_state.resources.iam.roles.get(name);
            Ok(found.map(|role| Role { arn: role_arn(region_state.region, region_state.account, name, role) }))
        })
        .await
    }
}

#[async_trait]
impl Topics for LocalSession<OdinAccount> {
    async fn topic_arn(&self, name: &str) -> Result<Option<String>, CloudError> {
        request(self, "sns:GetTopicAttributes", name, |region, context| {
            Ok(region.topics.contains_key(name).then(|| context.topic_arn(name)))
        })
        .await
    }
}
