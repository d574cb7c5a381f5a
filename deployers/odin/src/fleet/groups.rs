//! Counts instances by release, according to the tags of their groups.

use crate::cloud::{AutoScalingGroup, Instance, Tags};
use crate::groups::release_id;
use crate::names::{CONFIG_NAME, PROJECT_NAME};
use bifrost::client::ReleaseName;
use bifrost::release::{AccountId, InvalidName, Region};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// The release of groups in one account and region, as their tags name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RunningRelease {
    pub(super) account: AccountId,
    pub(super) region: Region,
    pub(super) project: String,
    pub(super) config: String,
    pub(super) release_id: String,
}

/// The groups of one release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GroupCount {
    /// How many instances they have, without terminating ones.
    pub(super) instances: usize,
    /// When the first of them was created.
    pub(super) created_time: DateTime<Utc>,
}

impl RunningRelease {
    /// The release in these tags; `None` if they do not name one, as the tags of a group that Odin did not create.
    fn of(account: &AccountId, region: &Region, tags: &Tags) -> Option<Self> {
        Some(Self {
            account: account.clone(),
            region: region.clone(),
            project: tags.get(PROJECT_NAME)?.clone(),
            config: tags.get(CONFIG_NAME)?.clone(),
            release_id: release_id(tags)?.to_owned(),
        })
    }

    /// The names of the release, with which it can be found in its bucket.
    pub(super) fn name(&self) -> Result<ReleaseName, InvalidName> {
        Ok(ReleaseName {
            account: self.account.clone(),
            project: self.project.parse()?,
            config: self.config.parse()?,
            release_id: self.release_id.parse()?,
        })
    }

    /// The names of the release as text.
    pub(super) fn key(&self) -> ReleaseKey<'_> {
        [self.account.as_str(), &self.project, &self.config, &self.release_id]
    }
}

/// Account, project, config and id of a release.
pub(super) type ReleaseKey<'a> = [&'a str; 4];

/// Counts the instances of each release in an account and region. Groups that are being deleted do not count.
pub(super) fn count(
    account: &AccountId,
    region: &Region,
    groups: &[AutoScalingGroup],
) -> BTreeMap<RunningRelease, GroupCount> {
    let mut counts: BTreeMap<RunningRelease, GroupCount> = BTreeMap::new();
    for group in groups.iter().filter(|group| group.status.is_none()) {
        let Some(release) = RunningRelease::of(account, region, &group.tags) else { continue };
        let created_time = group.created_time;
        let count = counts.entry(release).or_insert(GroupCount { instances: 0, created_time });
        count.instances += group.instances.iter().filter(|instance| stays(instance)).count();
        count.created_time = count.created_time.min(created_time);
    }
    counts
}

/// Whether the instance is not about to leave: the lifecycle states of terminating instances begin with `Term`.
fn stays(instance: &Instance) -> bool {
    !instance.lifecycle_state.starts_with("Term")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::{Capacity, HealthCheckType};
    use crate::names::OLD_RELEASE_ID;
    use chrono::TimeDelta;

    fn group(tags: &[(&str, &str)], day: i64, states: &[&str]) -> AutoScalingGroup {
        let instance = |state: &&str| Instance {
            id: "i-1".into(),
            lifecycle_state: (*state).into(),
            health_status: "Healthy".into(),
        };
        AutoScalingGroup {
            name: "group".into(),
            arn: "arn".into(),
            created_time: DateTime::UNIX_EPOCH + TimeDelta::days(day),
            tags: tags.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
            capacity: Capacity::default(),
            status: None,
            az_rebalance_suspended: false,
            launch_template: None,
            launch_template_version: None,
            launch_configuration: None,
            health_check_grace_period_seconds: None,
            load_balancers: Vec::new(),
            target_group_arns: Vec::new(),
            health_check_type: HealthCheckType::Ec2,
            instances: states.iter().map(instance).collect(),
        }
    }

    fn counted(groups: &[AutoScalingGroup]) -> Vec<(String, usize, i64)> {
        let counts = count(&"000000000000".parse().unwrap(), &"us-east-1".parse().unwrap(), groups);
        let counts = counts.into_iter().map(|(release, count)| {
            let day = (count.created_time - DateTime::UNIX_EPOCH).num_days();
            (format!("{} {} {}", release.project, release.config, release.release_id), count.instances, day)
        });
        counts.collect()
    }

    const WEB: [(&str, &str); 3] = [("ProjectName", "web"), ("ConfigName", "dev"), ("ReleaseID", "r1")];

    #[test]
    fn services_of_a_release_are_added_up() {
        let groups = [group(&WEB, 9, &["InService", "Pending:Wait"]), group(&WEB, 7, &["Standby"])];
        assert_eq!(counted(&groups), [("web dev r1".to_owned(), 3, 7)]);
    }

    #[test]
    fn terminating_instances_and_deleted_groups_do_not_count() {
        let deleting = AutoScalingGroup { status: Some("Delete in progress".into()), ..group(&WEB, 1, &["InService"]) };
        let groups = [deleting, group(&WEB, 2, &["InService", "Terminating", "Terminating:Wait", "Terminated"])];
        assert_eq!(counted(&groups), [("web dev r1".to_owned(), 1, 2)]);
    }

    #[test]
    fn groups_of_others_do_not_count() {
        for lacking in 0..WEB.len() {
            let tags: Vec<_> =
                WEB.into_iter().enumerate().filter(|(at, _)| *at != lacking).map(|(_, tag)| tag).collect();
            assert_eq!(counted(&[group(&tags, 1, &["InService"])]), []);
        }
    }

    #[test]
    fn group_of_go_odin_counts() {
        let tags = [("ProjectName", "web"), ("ConfigName", "dev"), (OLD_RELEASE_ID, "r0")];
        assert_eq!(counted(&[group(&tags, 1, &["InService"])]), [("web dev r0".to_owned(), 1, 1)]);
    }

    #[test]
    fn tags_that_are_not_names_have_no_release_to_read() {
        let (account, region) = ("000000000000".parse().unwrap(), "us-east-1".parse().unwrap());
        for (at, value) in [(0, "../x"), (1, ""), (2, "a/b")] {
            let mut tags = WEB;
            tags[at].1 = value;
            let tags = group(&tags, 1, &[]).tags;
            assert!(
                RunningRelease::of(&account, &region, &tags).is_none_or(|release| release.name().is_err()),
                "{value}"
            );
        }
    }
}
