//! IAM and SNS in the local cloud.

use super::OdinAccount;
use super::arns::Arns;
use crate::cloud::{InstanceProfile, LocalIam, LocalTopics, Role};
use bifrost::local::{RegionState, ServiceError};
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
    pub(super) fn has_profile(&self, arns: Arns<'_>, arn: &str) -> bool {
        self.instance_profiles.iter().any(|(name, profile)| arns.profile(&profile.path, name) == arn)
    }

    /// Whether an instance profile has the path and name at the end of that ARN. The account is not compared: a launch template has
    /// only profiles of its own account.
    pub(super) fn has_profile_at(&self, arn: &str) -> bool {
        let at_end = |(name, profile): (&String, &StoredProfile)| {
            arn.ends_with(&format!(":instance-profile{}{name}", profile.path))
        };
        self.instance_profiles.iter().any(at_end)
    }

    /// Whether a role has that ARN.
    pub(super) fn has_role(&self, arns: Arns<'_>, arn: &str) -> bool {
        self.roles.iter().any(|(name, role)| arns.role(&role.path, name) == arn)
    }
}

impl LocalIam for OdinAccount {
    fn instance_profile(region: &RegionState<'_, Self>, name: &str) -> Result<Option<InstanceProfile>, ServiceError> {
        let found = region.resources.iam.instance_profiles.get(name);
        Ok(found.map(|StoredProfile { path }| InstanceProfile {
            arn: Arns::of(region).profile(path, name),
            path: path.clone(),
        }))
    }

    fn role(region: &RegionState<'_, Self>, name: &str) -> Result<Option<Role>, ServiceError> {
        let found = region.resources.iam.roles.get(name);
        Ok(found.map(|role| Role { arn: Arns::of(region).role(&role.path, name) }))
    }
}

impl LocalTopics for OdinAccount {
    fn topic_arn(region: &RegionState<'_, Self>, name: &str) -> Result<Option<String>, ServiceError> {
        Ok(region.here().topics.contains_key(name).then(|| Arns::of(region).topic(name)))
    }
}
