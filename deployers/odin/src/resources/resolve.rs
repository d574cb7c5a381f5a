//! Puts what was found in place of names, if it is one thing and opted in. All that is wrong is told at once.

use super::lookup::{ByName, Found, is_id};
use super::opt_in::{Requester, refuses_odin};
use crate::cloud::{AutoScalingGroup, PlacementGroup, Tags};
use crate::findings::Findings;
use crate::groups::{Groups, release_id, service_name};
use crate::names::NAME;
use crate::release::{OdinRelease, ResourceName, Service, ServiceName, ServiceResources};
use bifrost::release::Envelope;
use std::collections::BTreeMap;

/// Resolves every name of the release, and notes which groups it replaces.
///
/// # Errors
/// Each resource that is missing, ambiguous or not this service's; and groups that are in the way.
pub(crate) fn resolve(release: &mut OdinRelease, found: &Found, groups: &Groups<'_>) -> Result<(), Findings> {
    let envelope = release.envelope.clone();
    let mut resolver = Resolver { release: &envelope, found, findings: Findings::default() };
    let earlier = resolver.earlier_groups(groups);
    let image = resolver.image(&release.fields.ami);
    let subnets = resolver.subnets(&release.fields.subnets);
    resolver.hooks(release);
    for (name, service) in &mut release.fields.services {
        let shared = ServiceResources { image: image.clone(), subnets: subnets.clone(), ..ServiceResources::default() };
        let resources = resolver.service(name, service, shared);
        let earlier = earlier.get(name.as_str());
        service.previous_desired_capacity = earlier.map(|group| group.capacity.desired);
        let prev_asg_arn = earlier.map(|group| group.name.clone());
        service.resources = Some(ServiceResources { prev_asg_arn, ..resources });
    }
    let slowest = found.target_groups.values().flatten().map(|group| group.slow_start_seconds).max().unwrap_or(0);
    release.fields.wait_for_detach = release.fields.wait_for_detach.max(slowest);
    resolver.findings.into_result()
}

struct Resolver<'a> {
    release: &'a Envelope,
    found: &'a Found,
    findings: Findings,
}

/// A resource that was found, as far as the rules look at it.
struct Candidate<'a> {
    id: &'a str,
    tags: &'a Tags,
}

impl Resolver<'_> {
    /// The groups that are replaced, by service.
    fn earlier_groups<'g>(&mut self, groups: &'g Groups<'_>) -> BTreeMap<&'g str, &'g AutoScalingGroup> {
        for group in groups.of_same_release() {
            let message = format!(
                "group {} {} was made by another deploy of this release: a release is deployed once, so make a new one",
                group.name,
                self.place()
            );
            self.findings.add("release_id", message);
        }
        let mut earlier = BTreeMap::new();
        for group in groups.of_others() {
            let (Some(service), Some(_)) = (service_name(&group.tags), release_id(&group.tags)) else {
                let message = format!(
                    "group {} {} lacks tag ServiceName or ReleaseID, so nobody knows what it is: tag or delete it",
                    group.name,
                    self.place()
                );
                self.findings.add("services", message);
                continue;
            };
            if let Some(other) = earlier.insert(service, group) {
                let message = format!(
                    "two groups of this service run {}, {} and {}: delete the one that is not in use",
                    self.place(),
                    other.name,
                    group.name
                );
                self.findings.add(format!("services.{service}"), message);
            }
        }
        earlier
    }

    fn image(&mut self, name: &ResourceName) -> Option<String> {
        let found = self.found;
        let images = &found.images;
        let candidates = images.iter().map(|image| Candidate { id: &image.id, tags: &image.tags });
        let id = self.the_one("ami", "image", "ami-", name, candidates, refuses_odin)?;
        let image = images.iter().find(|image| image.id == id)?;
        self.findings.require(image.state == "available", "ami", || {
            format!("image {id} is {}: only an available one can be launched", image.state)
        });
        Some(id)
    }

    fn subnets(&mut self, names: &[ResourceName]) -> Vec<String> {
        let (found, mut ids) = (self.found, Vec::new());
        for (index, name) in names.iter().enumerate() {
            let path = format!("subnets[{index}]");
            let candidates = found.subnets.iter().map(|subnet| Candidate { id: &subnet.id, tags: &subnet.tags });
            let Some(id) = self.the_one(&path, "subnet", "subnet-", name, candidates, refuses_odin) else { continue };
            self.findings.require(!ids.contains(&id), &path, || format!("subnet {id} is named twice: name it once"));
            ids.push(id);
        }
        ids
    }

    fn hooks(&mut self, release: &mut OdinRelease) {
        let found = self.found;
        for (name, hook) in &mut release.fields.lifecycle {
            let role = self.named(&format!("lifecycle.{name}.role"), "role", &hook.role, &found.roles);
            hook.role_arn = role.map(|role| role.arn.clone());
            let topic = self.named(&format!("lifecycle.{name}.sns"), "SNS topic", &hook.sns, &found.topics);
            hook.notification_target_arn = topic.cloned();
        }
    }

    fn service(&mut self, name: &ServiceName, service: &Service, shared: ServiceResources) -> ServiceResources {
        let asker = Requester { release: self.release, service: name };
        let path = format!("services.{name}");
        if let Some(group) = &service.placement_group_name {
            self.placement_group(&format!("{path}.placement_group_name"), group, service);
        }
        ServiceResources {
            security_groups: self.security_groups(&path, service, asker),
            elbs: self.elbs(&path, service, asker),
            target_group_arns: self.target_groups(&path, service, asker),
            profile_arn: service.profile.as_ref().and_then(|name| self.profile(&path, name, asker)),
            ..shared
        }
    }

    fn security_groups(&mut self, path: &str, service: &Service, asker: Requester<'_>) -> Vec<String> {
        let found = self.found;
        let names = service.security_groups.iter().enumerate();
        let ids = names.filter_map(|(index, name)| {
            let groups = found.security_groups.iter();
            let candidates = groups.map(|group| Candidate { id: &group.id, tags: &group.tags });
            let path = format!("{path}.security_groups[{index}]");
            self.the_one(&path, "security group", "", name, candidates, |tags| asker.is_refused(tags))
        });
        ids.collect()
    }

    fn elbs(&mut self, path: &str, service: &Service, asker: Requester<'_>) -> Vec<String> {
        let found = self.found;
        let names = service.elbs.iter().enumerate();
        let elbs = names.filter_map(|(index, name)| {
            let path = format!("{path}.elbs[{index}]");
            let elb = self.named(&path, "classic load balancer", name, &found.load_balancers)?;
            let refusal = asker.is_refused(&elb.tags);
            self.opted_in(&path, "classic load balancer", &elb.name, refusal).then(|| elb.name.clone())
        });
        elbs.collect()
    }

    fn target_groups(&mut self, path: &str, service: &Service, asker: Requester<'_>) -> Vec<String> {
        let found = self.found;
        let names = service.target_groups.iter().enumerate();
        let arns = names.filter_map(|(index, name)| {
            let path = format!("{path}.target_groups[{index}]");
            let group = self.named(&path, "target group", name, &found.target_groups)?;
            let refusal = asker.is_refused_by_target_group(&group.tags);
            self.opted_in(&path, "target group", &group.name, refusal).then(|| group.arn.clone())
        });
        arns.collect()
    }

    fn profile(&mut self, path: &str, name: &ResourceName, asker: Requester<'_>) -> Option<String> {
        let (found, path) = (self.found, format!("{path}.profile"));
        let profile = self.named(&path, "instance profile", name, &found.profiles)?;
        let refusal = asker.is_refused_by_path(&profile.path);
        self.opted_in(&path, "instance profile", name.as_str(), refusal).then(|| profile.arn.clone())
    }

    /// One that exists must be as the service wants it; one that does not is made by Deploy, if the name is the project's.
    fn placement_group(&mut self, path: &str, name: &ResourceName, service: &Service) {
        let found = self.found;
        let Some(Some(group)) = found.placement_groups.get(name) else {
            let prefix = placement_prefix(self.release);
            let may_make = name.as_str().strip_prefix(&prefix).is_some_and(|rest| !rest.is_empty());
            self.findings.require(may_make, path, || {
                format!("there is no placement group {name}, and one is made only if its name begins {prefix}: make it, or rename it")
            });
            return;
        };
        let disagreement = disagreement(group, service);
        self.findings.require(disagreement.is_none(), path, || {
            format!("placement group {name} {}: name another, or change the release", disagreement.unwrap_or_default())
        });
    }

    /// The one resource that an id or name tag means, if it opted in.
    fn the_one<'c>(
        &mut self,
        path: &str,
        kind: &str,
        id_prefix: &str,
        name: &ResourceName,
        candidates: impl Iterator<Item = Candidate<'c>>,
        refuses: impl Fn(&Tags) -> Option<String>,
    ) -> Option<String> {
        let is_meant = |candidate: &Candidate<'_>| {
            if is_id(name.as_str(), id_prefix) {
                candidate.id == name.as_str()
            } else {
                candidate.tags.get(NAME).is_some_and(|tag| tag == name.as_str())
            }
        };
        // By id: a release may name one by its id and again by its tag, so that it was found twice.
        let meant: BTreeMap<_, _> =
            candidates.filter(is_meant).map(|candidate| (candidate.id, candidate.tags)).collect();
        let Some((&id, tags)) = meant.first_key_value() else {
            self.missing(path, kind, name);
            return None;
        };
        if meant.len() > 1 {
            let ids: Vec<_> = meant.keys().copied().collect();
            let (count, ids) = (ids.len(), ids.join(", "));
            let message = format!("{count} {kind}s {} are named {name} ({ids}): leave the name to one", self.place());
            self.findings.add(path, message);
            return None;
        }
        self.opted_in(path, kind, id, refuses(tags)).then(|| id.to_owned())
    }

    /// The resource of that very name.
    fn named<'f, T>(&mut self, path: &str, kind: &str, name: &ResourceName, found: &'f ByName<T>) -> Option<&'f T> {
        let resource = found.get(name).and_then(Option::as_ref);
        if resource.is_none() {
            self.missing(path, kind, name);
        }
        resource
    }

    fn missing(&mut self, path: &str, kind: &str, name: &ResourceName) {
        self.findings.add(path, format!("there is no {kind} {name} {}: make it, or name another", self.place()));
    }

    /// Whether a resource opted in; if not, that is a finding.
    fn opted_in(&mut self, path: &str, kind: &str, id: &str, refusal: Option<String>) -> bool {
        let Some(why) = refusal else { return true };
        let message = format!("{kind} {id} {} did not opt in to this release: {why}", self.place());
        self.findings.add(path, message);
        false
    }

    fn place(&self) -> String {
        format!("in account {} ({})", self.release.aws_account_id, self.release.aws_region)
    }
}

/// How the name of a placement group begins that may be made, and removed, for this project and config.
pub(crate) fn placement_prefix(release: &Envelope) -> String {
    format!("odin/{}/{}/", release.project_name, release.config_name)
}

fn disagreement(group: &PlacementGroup, service: &Service) -> Option<String> {
    let strategy = service.placement_group_strategy.map_or("", |strategy| strategy.as_str());
    if group.state != "available" {
        return Some(format!("is {}, not available", group.state));
    }
    if group.strategy != strategy {
        return Some(format!("has strategy {}, not {strategy}", group.strategy));
    }
    let wanted = service.placement_group_partition_count;
    if wanted.is_some() && group.partition_count != wanted {
        let count = |count: Option<u32>| count.map_or("no".into(), |count| count.to_string());
        return Some(format!("has {} partitions, not {}", count(group.partition_count), count(wanted)));
    }
    None
}

#[cfg(test)]
#[path = "resolve_tests.rs"]
mod tests;
