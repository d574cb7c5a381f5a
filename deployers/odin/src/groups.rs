//! Which release an auto-scaling group belongs to: this one, an earlier one or a later one.

use crate::cloud::{AutoScalingGroup, LaunchTemplate, OdinPorts, Tags};
use crate::names::{
    CONFIG_NAME, DESIRED_CAPACITY, OLD_RELEASE_ID, PROJECT_NAME, RELEASE_ID, RELEASE_UUID, SERVICE_NAME,
};
use crate::release::ServiceName;
use bifrost::cloud::CloudError;
use bifrost::release::Envelope;
use chrono::{DateTime, Utc};

/// All groups of a project and config, from the view of one release.
#[derive(Debug, Clone)]
pub struct Groups<'a> {
    release: &'a Envelope,
    all: Vec<AutoScalingGroup>,
}

impl<'a> Groups<'a> {
    /// Finds them by their tags.
    ///
    /// # Errors
    /// `CloudError` from Auto Scaling.
    pub async fn find(ports: &OdinPorts, release: &'a Envelope) -> Result<Self, CloudError> {
        let all = ports.groups.groups(&project_config(release)).await?;
        Ok(Self { release, all })
    }

    /// Leaves out the groups of a release that is being deployed: whether they stay is not known yet. Returns a note about them,
    /// if there are any.
    #[cfg(feature = "cli")]
    pub(crate) fn leave_out(&mut self, id: &str) -> Option<String> {
        let (deploying, others) = std::mem::take(&mut self.all)
            .into_iter()
            .partition(|group| release_id(&group.tags) == Some(id) && id != self.release.release_id.as_str());
        self.all = others;
        let deploying: Vec<AutoScalingGroup> = deploying;
        let names: Vec<_> = deploying.iter().map(|group| group.name.as_str()).collect();
        (!names.is_empty()).then(|| {
            format!(
                "release {id} holds the lock, so this plan leaves out its groups: {}. If its deploy succeeds, the next one \
                 replaces these",
                names.join(", ")
            )
        })
    }

    /// The groups that this execution created, without those that are being deleted.
    pub fn own(&self) -> impl Iterator<Item = &AutoScalingGroup> {
        self.own_or_deleting().filter(|group| is_live(group))
    }

    /// The groups that this execution created, with those that are being deleted.
    pub fn own_or_deleting(&self) -> impl Iterator<Item = &AutoScalingGroup> {
        self.all.iter().filter(|group| is_own(&group.tags, self.release))
    }

    /// The group of this name that this execution created, unless it is being deleted.
    #[must_use]
    pub fn own_named(&self, name: &str) -> Option<&AutoScalingGroup> {
        self.own().find(|group| group.name == name)
    }

    /// Whether a group of this name exists, even if it is being deleted.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.all.iter().any(|group| group.name == name)
    }

    /// The groups of other releases, without those that are being deleted.
    pub fn of_others(&self) -> impl Iterator<Item = &AutoScalingGroup> {
        self.all.iter().filter(|group| is_live(group) && !self.is_of_release(group))
    }

    /// The groups that have the id of this release, but were created by another execution.
    pub fn of_same_release(&self) -> impl Iterator<Item = &AutoScalingGroup> {
        let own = |group: &&AutoScalingGroup| is_own(&group.tags, self.release);
        self.all.iter().filter(move |group| is_live(group) && self.is_of_release(group) && !own(group))
    }

    /// The groups that this release replaces: those of other releases that are older than its own. It replaces none
    /// while it has none of its own, and never a group that no release created.
    pub fn earlier(&self) -> impl Iterator<Item = &AutoScalingGroup> {
        self.earlier_or_deleting().filter(|group| is_live(group))
    }

    /// As [`earlier`](Self::earlier), with the groups that are being deleted.
    pub fn earlier_or_deleting(&self) -> impl Iterator<Item = &AutoScalingGroup> {
        let since = self.since();
        self.all.iter().filter(move |group| {
            let is_of_another = release_id(&group.tags).is_some() && !self.is_of_release(group);
            is_of_another && since.is_some_and(|since| group.created_time < since)
        })
    }

    /// The desired capacity of the group that this release replaces for a service, at least the one that it had when its end
    /// began.
    #[must_use]
    pub fn desired_of_earlier(&self, service: &ServiceName) -> Option<u32> {
        let of_service = self.earlier_or_deleting().filter(|group| service_name(&group.tags) == Some(service.as_str()));
        of_service
            .filter_map(|group| is_live(group).then_some(group.capacity.desired).max(kept_desired(group, self.release)))
            .max()
    }

    /// The release from whose view they are seen.
    #[must_use]
    pub fn release(&self) -> &Envelope {
        self.release
    }

    /// When this execution created its first group.
    #[must_use]
    pub fn since(&self) -> Option<DateTime<Utc>> {
        self.own_or_deleting().map(|group| group.created_time).min()
    }

    fn is_of_release(&self, group: &AutoScalingGroup) -> bool {
        release_id(&group.tags) == Some(self.release.release_id.as_str())
    }
}

/// All launch templates of the release's project and config.
///
/// # Errors
/// `CloudError` from EC2.
pub async fn find_templates(ports: &OdinPorts, release: &Envelope) -> Result<Vec<LaunchTemplate>, CloudError> {
    ports.templates.launch_templates(&project_config(release)).await
}

fn project_config(release: &Envelope) -> [(&'static str, &str); 2] {
    [(PROJECT_NAME, release.project_name.as_str()), (CONFIG_NAME, release.config_name.as_str())]
}

/// Whether this execution created the resource. The release id does not prove it: another execution may have the same.
#[must_use]
pub fn is_own(tags: &Tags, release: &Envelope) -> bool {
    let uuid = release.uuid.map(|uuid| uuid.to_string());
    uuid.is_some() && tags.get(RELEASE_UUID) == uuid.as_ref()
}

/// The id of the release that created the resource.
#[must_use]
pub fn release_id(tags: &Tags) -> Option<&str> {
    let filled = |key: &str| tags.get(key).map(String::as_str).filter(|id| !id.is_empty());
    filled(RELEASE_ID).or_else(|| filled(OLD_RELEASE_ID))
}

/// The service that the resource belongs to.
#[must_use]
pub fn service_name(tags: &Tags) -> Option<&str> {
    tags.get(SERVICE_NAME).map(String::as_str)
}

/// The desired capacity that a group had when this execution began to end it, if it had grown shortly before. A tag that another
/// execution left says nothing about now.
#[must_use]
pub fn kept_desired(group: &AutoScalingGroup, release: &Envelope) -> Option<u32> {
    let (desired, uuid) = group.tags.get(DESIRED_CAPACITY)?.split_once(' ')?;
    (release.uuid?.to_string() == uuid).then(|| desired.parse().ok())?
}

/// The value of the tag that [`kept_desired`] reads.
#[must_use]
pub fn desired_tag(desired: u32, release: &Envelope) -> String {
    format!("{desired} {}", release.uuid.map(|uuid| uuid.to_string()).unwrap_or_default())
}

/// A group with a status is being deleted.
fn is_live(group: &AutoScalingGroup) -> bool {
    group.status.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::sample;

    fn tags(tags: &[(&str, &str)]) -> Tags {
        tags.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
    }

    #[test]
    fn resource_belongs_to_one_execution() {
        let mut release = sample::release().envelope;
        let created_by = |uuid: &str| tags(&[(RELEASE_ID, release.release_id.as_str()), (RELEASE_UUID, uuid)]);
        let (untagged, zeros) = (created_by(""), created_by("00000000-0000-0000-0000-000000000000"));
        assert!(!is_own(&zeros, &release) && !is_own(&untagged, &release));
        release.uuid = Some(serde_json::from_str("\"00000000-0000-0000-0000-000000000000\"").unwrap());
        assert!(is_own(&zeros, &release) && !is_own(&untagged, &release));
    }

    #[test]
    fn older_spelling_of_the_release_tag_is_read() {
        assert_eq!(release_id(&tags(&[("ReleaseId", "a")])), Some("a"));
        assert_eq!(release_id(&tags(&[("ReleaseId", "a"), ("ReleaseID", "")])), Some("a"));
        assert_eq!(release_id(&tags(&[("ReleaseId", "a"), ("ReleaseID", "b")])), Some("b"));
        assert_eq!(release_id(&tags(&[])), None);
    }
}
