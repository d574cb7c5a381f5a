//! What is deployed in all accounts, projects and configs of a deployer, from its lock table.

use super::{Client, ReleaseName};
use crate::client::ClientDeployer;
use bifrost_core::cloud::{CloudError, DeployedItem, ErrorKind};
use bifrost_core::error_code::Coded;
use bifrost_core::release::{AccountId, ConfigName, ProjectName, ReleaseId};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

/// The release that is deployed of a project's config. Serialised, it is one line of `status --all --output json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeployedRelease {
    /// The target account.
    #[serde(rename = "aws_account_id")]
    pub account: AccountId,
    /// The project.
    #[serde(rename = "project_name")]
    pub project: ProjectName,
    /// The config of the project.
    #[serde(rename = "config_name")]
    pub config: ConfigName,
    /// The release.
    pub release_id: ReleaseId,
    /// When its client created it, as the deployer recorded it.
    #[serde(skip)]
    pub created_at: DateTime<Utc>,
    /// When its deploy succeeded.
    pub since: DateTime<Utc>,
    /// How long ago that was, by the clock of this machine; 0 if it is later than now.
    pub age_seconds: i64,
    /// The name of the deployer: several may share a table.
    pub deployer: String,
    /// Who deployed it, as the client claimed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_by: Option<String>,
}

impl DeployedRelease {
    /// The names of the release.
    #[must_use]
    pub fn name(&self) -> ReleaseName {
        ReleaseName {
            account: self.account.clone(),
            project: self.project.clone(),
            config: self.config.clone(),
            release_id: self.release_id.clone(),
        }
    }
}

/// Everything that is deployed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllDeployed {
    /// The releases, sorted by account, project and config.
    pub releases: Vec<DeployedRelease>,
    /// The items that cannot be read. No deployer writes such items.
    pub unreadable: Vec<UnreadableItem>,
}

/// An item of the lock table that does not say what is deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableItem {
    /// Its key.
    pub key: String,
    /// What is wrong.
    pub reason: String,
}

/// [`Client::all_deployed`] failed.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub enum AllDeployedError {
    /// Users of one project may not read what is deployed of all projects.
    #[error(
        "{source}; to list what is deployed of all projects, the command reads the whole lock table with dynamodb:Scan, which \
         the policy {deployer}-operate allows"
    )]
    #[code(source)]
    Denied {
        /// The deployer's name in AWS.
        deployer: String,
        /// The answer of DynamoDB.
        source: CloudError,
    },
    /// DynamoDB did not answer.
    #[error(transparent)]
    #[code(source)]
    Cloud(CloudError),
}

impl AllDeployedError {
    fn new(deployer: &str, source: CloudError) -> Self {
        match source.kind {
            ErrorKind::AccessDenied => Self::Denied { deployer: deployer.to_owned(), source },
            _ => Self::Cloud(source),
        }
    }
}

impl<D: ClientDeployer> Client<D> {
    /// What is deployed in all accounts, projects and configs, from one paged read of the lock table (`dynamodb:Scan`). With
    /// `older_than`, only what was deployed longer ago than that. Nothing is read from the target accounts.
    ///
    /// # Errors
    /// [`AllDeployedError`].
    pub async fn all_deployed(&self, older_than: Option<TimeDelta>) -> Result<AllDeployed, AllDeployedError> {
        let items = self.account.locks.all_deployed().await;
        let items = items.map_err(|source| AllDeployedError::new(&self.account.identity.name, source))?;
        let now = self.account.env.now();
        Ok(AllDeployed::new(items, now, older_than.unwrap_or(TimeDelta::MIN)))
    }
}

impl AllDeployed {
    fn new(items: Vec<Result<DeployedItem, CloudError>>, now: DateTime<Utc>, older_than: TimeDelta) -> Self {
        let mut all = Self::default();
        for item in items {
            let item = match item {
                Ok(item) => item,
                Err(error) => {
                    all.unreadable.push(UnreadableItem { key: error.resource, reason: error.message });
                    continue;
                }
            };
            let (Some((account, project, config)), Some(created_at)) =
                (names(&item.key), DateTime::from_timestamp_millis(item.created_at_ms))
            else {
                let reason =
                    "its key names no account, project and config, or its created_at_ms is not a time".to_owned();
                all.unreadable.push(UnreadableItem { key: item.key, reason });
                continue;
            };
            let age = now.signed_duration_since(item.time);
            if age <= older_than {
                continue;
            }
            all.releases.push(DeployedRelease {
                account,
                project,
                config,
                release_id: item.release_id,
                created_at,
                since: item.time,
                age_seconds: age.num_seconds().max(0),
                deployer: item.deployer,
                started_by: item.started_by,
            });
        }
        all.releases.sort_by(|a, b| (&a.account, &a.project, &a.config).cmp(&(&b.account, &b.project, &b.config)));
        all
    }
}

/// The names in the key of an item, `deployed/<account>/<project>/<config>`.
fn names(key: &str) -> Option<(AccountId, ProjectName, ConfigName)> {
    let (account, project_config) = key.strip_prefix(DeployedItem::PREFIX)?.split_once('/')?;
    let (project, config) = project_config.rsplit_once('/')?;
    Some((account.parse().ok()?, project.parse().ok()?, config.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    fn item(dir: &str, day: i64, deployer: &str) -> DeployedItem {
        DeployedItem {
            key: format!("deployed/{dir}"),
            release_id: format!("release-{day}").parse().unwrap(),
            created_at_ms: 0,
            execution: None,
            time: DateTime::UNIX_EPOCH + TimeDelta::days(day),
            deployer: deployer.into(),
            started_by: None,
        }
    }

    fn listed(items: &[DeployedItem], older_than: TimeDelta) -> AllDeployed {
        AllDeployed::new(
            items.iter().cloned().map(Ok).collect(),
            DateTime::UNIX_EPOCH + TimeDelta::days(10),
            older_than,
        )
    }

    fn places(all: &AllDeployed) -> Vec<String> {
        all.releases.iter().map(|it| format!("{} {} {}", it.account, it.project, it.config)).collect()
    }

    #[test]
    fn releases_are_sorted_by_account_project_and_config() {
        let all = listed(
            &[
                item("222222222222/acme/shop/production", 1, "a"),
                item("111111111111/acme/shop-2/dev", 2, "a"),
                item("111111111111/acme/shop/dev", 3, "a"),
                item("111111111111/web/dev", 4, "a"),
            ],
            TimeDelta::MIN,
        );
        let expected = [
            "111111111111 acme/shop dev",
            "111111111111 acme/shop-2 dev",
            "111111111111 web dev",
            "222222222222 acme/shop production",
        ];
        assert_eq!(places(&all), expected);
        assert_eq!((all.releases[0].age_seconds, all.releases[0].deployer.as_str()), (7 * 86_400, "a"));
    }

    #[test]
    fn younger_releases_are_left_out() {
        let items = [item("111111111111/old/dev", 1, "a"), item("111111111111/young/dev", 2, "a")];
        assert_eq!(places(&listed(&items, TimeDelta::days(8))), ["111111111111 old dev"]);
        assert!(listed(&items, TimeDelta::days(9)).releases.is_empty());
    }

    #[test]
    fn age_is_never_negative() {
        let all = listed(&[item("111111111111/web/dev", 11, "a")], TimeDelta::MIN);
        assert_eq!(all.releases[0].age_seconds, 0);
    }

    fn error(kind: ErrorKind) -> CloudError {
        CloudError {
            operation: "dynamodb:Scan",
            resource: "deployed/111111111111/shop/dev".into(),
            kind,
            code: "IncompleteAnswer".into(),
            message: "time is missing".into(),
            request_id: None,
        }
    }

    #[test]
    fn denied_scan_names_the_policy_that_allows_it() {
        let denied = AllDeployedError::new("coinbase-odin", error(ErrorKind::AccessDenied));
        assert!(denied.to_string().contains("the policy coinbase-odin-operate allows"), "{denied}");
        assert_eq!(denied.code(), "aws/access-denied");
        let other = AllDeployedError::new("coinbase-odin", error(ErrorKind::Unavailable));
        assert!(matches!(other, AllDeployedError::Cloud(_)), "{other}");
    }

    #[test]
    fn unreadable_item_hides_no_other() {
        let bad = error(ErrorKind::Unavailable);
        let items = vec![Err(bad), Ok(item("111111111111/web/dev", 1, "a"))];
        let all = AllDeployed::new(items, DateTime::UNIX_EPOCH, TimeDelta::MIN);
        assert_eq!(places(&all), ["111111111111 web dev"]);
        let UnreadableItem { key, reason } = &all.unreadable[0];
        assert_eq!((key.as_str(), reason.as_str()), ("deployed/111111111111/shop/dev", "time is missing"));
    }

    #[test]
    fn item_without_names_or_time_is_reported() {
        let keys = ["here/web/dev", "111111111111/dev", "111111111111/../dev"];
        let timeless = DeployedItem { created_at_ms: i64::MAX, ..item("111111111111/web/dev", 1, "a") };
        let items: Vec<_> = keys.map(|key| item(key, 1, "a")).into_iter().chain([timeless]).collect();
        let all = listed(&items, TimeDelta::MIN);
        assert_eq!((all.unreadable.len(), all.releases.len()), (4, 0));
    }
}
