//! Classic load balancers and target groups: registered and draining instances, and the groups attached to them.

use super::is_false;
use crate::cloud::Tags;
use bifrost::local::later;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A classic load balancer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoredLoadBalancer {
    /// Its tags.
    pub tags: Tags,
    /// Seconds for which a deregistered instance drains; 0 disables connection draining.
    pub connection_draining_seconds: u32,
    /// Its instances.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub instances: Registrations,
}

/// A target group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoredTargetGroup {
    /// Its tags.
    pub tags: Tags,
    /// What its targets are, such as `instance`.
    #[serde(skip_serializing_if = "is_instance")]
    pub target_type: String,
    /// Seconds over which the traffic to a new target increases to its full share.
    pub slow_start_seconds: u32,
    /// Seconds for which a deregistered target drains.
    pub deregistration_delay_seconds: u32,
    /// Its targets.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub targets: Registrations,
}

impl Default for StoredTargetGroup {
    fn default() -> Self {
        Self {
            tags: Tags::new(),
            target_type: INSTANCE.to_owned(),
            slow_start_seconds: 0,
            // AWS's default.
            deregistration_delay_seconds: 300,
            targets: Registrations::new(),
        }
    }
}

/// The target type of target groups for auto-scaling groups, which is AWS's default.
const INSTANCE: &str = "instance";

fn is_instance(target_type: &str) -> bool {
    target_type == INSTANCE
}

/// The instances that are registered with a load balancer or target group, by id.
pub type Registrations = BTreeMap<String, Registration>;

/// The registration of an instance with a load balancer or target group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Registration {
    /// From when on it passes the health check. Without it, it never does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthy_at: Option<DateTime<Utc>>,
    /// Until when it drains, if it was deregistered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drains_until: Option<DateTime<Utc>>,
}

impl Registration {
    /// Whether it passes the health check.
    pub(super) fn is_healthy(&self, now: DateTime<Utc>) -> bool {
        self.healthy_at.is_some_and(|healthy_at| healthy_at <= now)
    }

    /// Starts draining, unless it already drains. Returns when draining ends.
    pub(super) fn drain(&mut self, now: DateTime<Utc>, seconds: u32) -> DateTime<Utc> {
        *self.drains_until.get_or_insert(later(now, seconds))
    }
}

/// The load balancers and target groups that a group is attached to, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Attachments {
    /// Classic load balancers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub load_balancers: BTreeMap<String, Attachment>,
    /// Target groups.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub target_groups: BTreeMap<String, Attachment>,
}

impl Attachments {
    pub(super) fn is_empty(&self) -> bool {
        self.load_balancers.is_empty() && self.target_groups.is_empty()
    }
}

/// A group's attachment to one load balancer or target group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Attachment {
    /// It was detached. It remains until the group's instances have drained.
    #[serde(skip_serializing_if = "is_false")]
    pub removing: bool,
}

/// A load balancer or target group that a group is attached to.
pub(super) struct Attached<'r> {
    pub(super) attachment: Attachment,
    pub(super) instances: &'r Registrations,
}

/// The same, mutable.
pub(super) struct AttachedMut<'r> {
    pub(super) attachment: Attachment,
    pub(super) drain_seconds: u32,
    pub(super) instances: &'r mut Registrations,
}

/// All load balancers and target groups of a region.
pub(super) struct Balancers<'r> {
    pub(super) load_balancers: &'r mut BTreeMap<String, StoredLoadBalancer>,
    pub(super) target_groups: &'r mut BTreeMap<String, StoredTargetGroup>,
}

impl Balancers<'_> {
    /// The load balancers and target groups that a group is attached to.
    pub(super) fn of<'s>(&'s self, attachments: &'s Attachments) -> impl Iterator<Item = Attached<'s>> {
        let classic = attachments.load_balancers.iter().filter_map(|(name, attachment)| {
            let instances = &self.load_balancers.get(name)?.instances;
            Some(Attached { attachment: *attachment, instances })
        });
        let targets = attachments.target_groups.iter().filter_map(|(name, attachment)| {
            let instances = &self.target_groups.get(name)?.targets;
            Some(Attached { attachment: *attachment, instances })
        });
        classic.chain(targets)
    }

    /// The same, mutable.
    pub(super) fn of_mut<'s>(&'s mut self, attachments: &'s Attachments) -> impl Iterator<Item = AttachedMut<'s>> {
        let classic = self.load_balancers.iter_mut().filter_map(|(name, found)| {
            Some(AttachedMut {
                attachment: *attachments.load_balancers.get(name)?,
                drain_seconds: found.connection_draining_seconds,
                instances: &mut found.instances,
            })
        });
        let targets = self.target_groups.iter_mut().filter_map(|(name, found)| {
            Some(AttachedMut {
                attachment: *attachments.target_groups.get(name)?,
                drain_seconds: found.deregistration_delay_seconds,
                instances: &mut found.targets,
            })
        });
        classic.chain(targets)
    }

    /// Registers an instance of a group that entered service.
    pub(super) fn register(&mut self, attachments: &Attachments, id: &str, healthy_at: Option<DateTime<Utc>>) {
        for attached in self.of_mut(attachments).filter(|attached| !attached.attachment.removing) {
            attached.instances.insert(id.to_owned(), Registration { healthy_at, drains_until: None });
        }
    }

    /// Deregisters an instance of a group. Returns when it has drained everywhere.
    pub(super) fn deregister(&mut self, attachments: &Attachments, id: &str, now: DateTime<Utc>) -> DateTime<Utc> {
        let drained = self.of_mut(attachments).filter_map(|attached| {
            let registration = attached.instances.get_mut(id)?;
            Some(registration.drain(now, attached.drain_seconds))
        });
        drained.max().unwrap_or(now)
    }

    /// Removes a terminated instance.
    pub(super) fn remove_instance(&mut self, id: &str) {
        for instances in self.all() {
            instances.remove(id);
        }
    }

    /// When the next instance finishes draining.
    pub(super) fn next_due(&mut self) -> Option<DateTime<Utc>> {
        self.all().flat_map(|instances| instances.values()).filter_map(|registration| registration.drains_until).min()
    }

    /// Removes the instances that have drained by `now`.
    pub(super) fn advance(&mut self, now: DateTime<Utc>) {
        for instances in self.all() {
            instances.retain(|_, registration| registration.drains_until.is_none_or(|until| until > now));
        }
    }

    fn all(&mut self) -> impl Iterator<Item = &mut Registrations> {
        let classic = self.load_balancers.values_mut().map(|found| &mut found.instances);
        classic.chain(self.target_groups.values_mut().map(|found| &mut found.targets))
    }
}
