//! The expected result of a release, computed from the contract and not by the code under test.

use crate::fixture::region;
use bifrost::local::LocalState;
use chrono::{DateTime, SecondsFormat, Utc};
use odin::cloud::local::{OdinAccount, OdinRegion, StoredGroup};
use serde_json::Value;
use std::collections::BTreeMap;

/// The expected result of a release.
#[derive(Debug, Clone)]
pub struct ReleasePlan {
    pub account: String,
    pub project: String,
    pub config: String,
    pub release_id: String,
    pub services: BTreeMap<String, ServicePlan>,
    /// The groups of the project and config before the deploy.
    pub earlier: BTreeMap<String, StoredGroup>,
    /// Names of the placement groups before the deploy.
    pub placement_groups: Vec<String>,
}

/// The expected result of a service.
#[derive(Debug, Clone)]
pub struct ServicePlan {
    pub group: String,
    pub min_size: u64,
    pub max_size: u64,
    pub desired: u64,
    pub launched: u64,
    pub min_healthy: u64,
    pub elbs: Vec<String>,
    pub target_groups: Vec<String>,
}

impl ReleasePlan {
    /// The expected result of a release in this state.
    pub fn of(release: &Value, state: &LocalState<OdinAccount>) -> Self {
        let text = |field: &str| release[field].as_str().unwrap().to_owned();
        let (account, project, config) = (text("aws_account_id"), text("project_name"), text("config_name"));
        let region = region(state, &account);
        let own = |group: &StoredGroup| {
            group.tags.get("ProjectName") == Some(&project) && group.tags.get("ConfigName") == Some(&config)
        };
        let groups = region.auto_scaling_groups.into_iter();
        let earlier: BTreeMap<_, _> = groups.filter(|(_, group)| own(group) && !group.deleting).collect();
        let created: DateTime<Utc> = text("created_at").parse().unwrap();
        let created = created.to_rfc3339_opts(SecondsFormat::Secs, true).replace(':', "-");
        let services = release["services"].as_object().unwrap().iter().map(|(name, service)| {
            let group = format!("{project}-{config}-{created}-{name}");
            let before = earlier.values().find(|earlier| earlier.tags.get("ServiceName") == Some(name));
            let previous = before.map(|group| u64::from(group.capacity.desired));
            (name.clone(), ServicePlan::of(group, service, previous))
        });
        Self {
            services: services.collect(),
            placement_groups: region.placement_groups.into_keys().collect(),
            release_id: text("release_id"),
            account,
            project,
            config,
            earlier,
        }
    }

    /// `<account>/<project>/<config>`.
    pub fn root_dir(&self) -> String {
        format!("{}/{}/{}", self.account, self.project, self.config)
    }

    /// Whether a resource has the tags of the project and config.
    pub fn owns(&self, tags: &BTreeMap<String, String>) -> bool {
        tags.get("ProjectName") == Some(&self.project) && tags.get("ConfigName") == Some(&self.config)
    }

    /// Whether a resource has the tags of the release.
    pub fn created(&self, tags: &BTreeMap<String, String>) -> bool {
        self.owns(tags) && tags.get("ReleaseID") == Some(&self.release_id)
    }

    /// The services whose new group has too few healthy instances, with their numbers.
    pub fn unhealthy(&self, region: &OdinRegion, now: DateTime<Utc>) -> Vec<String> {
        let too_few = self.services.iter().filter_map(|(name, service)| {
            let group = region.auto_scaling_groups.get(&service.group);
            let healthy = group.map_or(0, |group| service.healthy(group, region, now));
            (healthy < service.min_healthy)
                .then(|| format!("{name} has {healthy} healthy instances instead of {}", service.min_healthy))
        });
        too_few.collect()
    }
}

impl ServicePlan {
    fn of(group: String, service: &Value, previous: Option<u64>) -> Self {
        let autoscaling = &service["autoscaling"];
        let size = |field: &str| autoscaling[field].as_u64().unwrap_or(1);
        let (min_size, max_size) = (size("min_size"), size("max_size"));
        let desired = previous.unwrap_or(min_size).min(max_size).max(min_size);
        let (share, whole) = fraction(&autoscaling["spread"]);
        let names = |field: &str| {
            let names = service[field].as_array().into_iter().flatten();
            names.map(|name| name.as_str().unwrap().to_owned()).collect()
        };
        Self {
            group,
            min_size,
            max_size,
            desired,
            launched: (desired * (whole + share) / whole).min(max_size),
            min_healthy: (desired * whole.saturating_sub(share) / whole).max(min_size),
            elbs: names("elbs"),
            target_groups: names("target_groups"),
        }
    }

    /// The number of instances that the group and all balancers report healthy.
    pub fn healthy(&self, group: &StoredGroup, region: &OdinRegion, now: DateTime<Utc>) -> u64 {
        let elbs = self.elbs.iter().map(|name| &region.load_balancers[name].instances);
        let targets = self.target_groups.iter().map(|name| &region.target_groups[name].targets);
        let balancers: Vec<_> = elbs.chain(targets).collect();
        let healthy = group.instances.iter().filter(|(id, instance)| {
            let is_past = |at: &DateTime<Utc>| *at <= now;
            instance.lifecycle_state.as_str() == "InService"
                && !instance.unhealthy
                && balancers
                    .iter()
                    .all(|known| known.get(*id).is_some_and(|found| found.healthy_at.as_ref().is_some_and(is_past)))
        });
        healthy.count().try_into().unwrap()
    }
}

/// A spread such as 0.85 as an exact fraction: 85 of 100. A float would be inexact.
fn fraction(spread: &Value) -> (u64, u64) {
    let text = if spread.is_null() { "0".into() } else { spread.to_string() };
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let unit = 10_u64.pow(part.len().try_into().unwrap());
    let part: u64 = if part.is_empty() { 0 } else { part.parse().unwrap() };
    (whole.parse::<u64>().unwrap() * unit + part, unit)
}
