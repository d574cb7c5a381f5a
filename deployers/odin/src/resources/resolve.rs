//! Replaces names by the resources that were found, if there is exactly one and it opted in. All findings are reported
//! at once.

use super::lookup::{ByName, Found, is_id};
use super::opt_in::{Requester, deployer_refusal};
use crate::cloud::{AutoScalingGroup, PlacementGroup, Tags};
use crate::errors::AlarmProblem;
use crate::groups::{Groups, release_id, service_name};
use crate::handlers::alarm_problems;
use crate::names::NAME;
use crate::release::{OdinRelease, PlacementStrategy, ResourceName, Service, ServiceName, ServiceResources};
use crate::rules;
use bifrost::findings::Findings;
use bifrost::release::Envelope;
use std::collections::BTreeMap;

/// Resolves every name of the release, and records which groups it replaces.
///
/// # Errors
/// Each resource that is missing, ambiguous or did not opt in; and each group that prevents the deploy.
pub(crate) fn resolve(release: &mut OdinRelease, found: &Found, groups: &Groups<'_>) -> Result<(), Findings> {
    let envelope = release.envelope.clone();
    let mut resolver = Resolver { release: &envelope, found, findings: Findings::default() };
    let earlier = resolver.earlier_groups(groups);
    let image = resolver.image(&release.fields.ami);
    let subnets = resolver.subnets(&release.fields.subnets);
    resolver.hooks(release);
    resolver.alarms(release);
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

/// A resource that was found, with what the rules check.
struct Candidate<'a> {
    id: &'a str,
    tags: &'a Tags,
}

impl Resolver<'_> {
    /// The groups that are replaced, by service.
    fn earlier_groups<'g>(&mut self, groups: &'g Groups<'_>) -> BTreeMap<&'g str, &'g AutoScalingGroup> {
        for group in groups.of_same_release() {
            let message = format!(
                "another execution already created group {} {} for this release: create a new release",
                group.name,
                self.location()
            );
            self.findings.add(rules::RELEASE_EXISTS, "release_id", message);
        }
        let mut by_service = BTreeMap::<_, Vec<_>>::new();
        for group in groups.of_others() {
            if let (Some(service), Some(_)) = (service_name(&group.tags), release_id(&group.tags)) {
                by_service.entry(service).or_default().push(group);
                continue;
            }
            let message = format!(
                "group {} {} has no tag ServiceName or ReleaseID, so Odin cannot know what it is: add the tags only if the \
                 next deploy may replace and delete this group; otherwise change its ProjectName or ConfigName",
                group.name,
                self.location()
            );
            self.findings.add(rules::GROUP_UNTAGGED, "services", message);
        }
        for (service, groups) in &by_service {
            if groups.len() > 1 {
                self.findings.add(rules::SEVERAL_GROUPS, format!("services.{service}"), self.several_groups(groups));
            }
        }
        by_service.into_iter().filter_map(|(service, groups)| Some((service, *groups.last()?))).collect()
    }

    /// Which group serves depends on where an earlier deploy failed, so the message does not say which one to delete.
    fn several_groups(&self, groups: &[&AutoScalingGroup]) -> String {
        let attached = |group: &AutoScalingGroup| group.load_balancers.len() + group.target_group_arns.len();
        let any_attached = groups.iter().any(|group| attached(group) > 0);
        let described = |group: &&AutoScalingGroup| {
            let release = release_id(&group.tags).unwrap_or_default();
            let attached =
                if any_attached { format!(" (attached to {} balancers)", attached(group)) } else { String::new() };
            format!("{} of {release}{attached}", group.name)
        };
        format!(
            "{} groups of this service exist {}: {}; if a deploy of the project is running, wait until it has ended; \
             otherwise find out with `status` and `failures` which group serves, and delete only the others",
            groups.len(),
            self.location(),
            groups.iter().map(described).collect::<Vec<_>>().join(", ")
        )
    }

    fn image(&mut self, name: &ResourceName) -> Option<String> {
        let found = self.found;
        let images = &found.images;
        let candidates = images.iter().map(|image| Candidate { id: &image.id, tags: &image.tags });
        let id = self.only_match("ami", "image", "ami-", name, candidates, deployer_refusal)?;
        let image = images.iter().find(|image| image.id == id)?;
        self.findings.require(image.state == "available", rules::IMAGE_UNAVAILABLE, "ami", || {
            format!("image {id} is {}, not available: wait until it is, or use another", image.state)
        });
        Some(id)
    }

    fn subnets(&mut self, names: &[ResourceName]) -> Vec<String> {
        let (found, mut ids) = (self.found, Vec::new());
        for (index, name) in names.iter().enumerate() {
            let path = format!("subnets[{index}]");
            let candidates = found.subnets.iter().map(|subnet| Candidate { id: &subnet.id, tags: &subnet.tags });
            let Some(id) = self.only_match(&path, "subnet", "subnet-", name, candidates, deployer_refusal) else {
                continue;
            };
            self.findings.require(!ids.contains(&id), rules::DUPLICATE, &path, || {
                format!("subnet {id} is already named, by its id or its name tag: name it once")
            });
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

    /// An alarm that fires already cannot tell whether the release works.
    fn alarms(&mut self, release: &OdinRelease) {
        for (index, problem) in alarm_problems(release, &self.found.alarms) {
            let rule = match problem {
                AlarmProblem::Firing { .. } => rules::ALARM_FIRES_BEFORE,
                AlarmProblem::Missing { .. } => rules::NOT_FOUND,
            };
            self.findings.add(rule, format!("alarms[{index}]"), problem.to_string());
        }
    }

    fn service(&mut self, name: &ServiceName, service: &Service, shared: ServiceResources) -> ServiceResources {
        let requester = Requester { release: self.release, service: name };
        let path = format!("services.{name}");
        self.launch(&path, service, &shared);
        if let Some(group) = &service.placement_group_name {
            self.placement_group(&format!("{path}.placement_group_name"), group, service);
        }
        ServiceResources {
            security_groups: self.security_groups(&path, service, requester),
            elbs: self.elbs(&path, service, requester),
            target_group_arns: self.target_groups(&path, service, requester),
            profile_arn: service.profile.as_ref().and_then(|name| self.profile(&path, name, requester)),
            ..shared
        }
    }

    /// Whether instances can be launched: of this type from the image, and in the zones of the subnets.
    fn launch(&mut self, path: &str, service: &Service, shared: &ServiceResources) {
        let (instance_type, type_path) = (&service.instance_type, format!("{path}.instance_type"));
        let zones = self.found.zones(&shared.subnets);
        let own = zones.iter().copied().collect::<Vec<_>>().join(", ");
        let is_cluster = service.placement_group_strategy == Some(PlacementStrategy::Cluster);
        let strategy_path = format!("{path}.placement_group_strategy");
        self.findings.require(!is_cluster || zones.len() <= 1, rules::PLACEMENT, &strategy_path, || {
            format!("a cluster is in one availability zone, and the subnets are in {own}: use subnets of one zone")
        });
        let Some(found) = self.found.instance_types.get(instance_type.as_str()) else {
            let message = format!("EC2 has no {instance_type} {}: correct it, or use another type", self.location());
            self.findings.add(rules::INSTANCE_TYPE, type_path, message);
            return;
        };
        let image = self.found.images.iter().find(|image| Some(&image.id) == shared.image.as_ref());
        let architecture = image.and_then(|image| image.architecture.as_ref());
        if let Some(architecture) = architecture.filter(|it| !found.architectures.contains(it)) {
            let has = found.architectures.join(", ");
            let message =
                format!("{instance_type} is {has}, and the image is for {architecture}: change one of the two");
            self.findings.add(rules::INSTANCE_TYPE, &type_path, message);
        }
        let is_offered = zones.is_empty() || found.zones.iter().any(|zone| zones.contains(zone.as_str()));
        self.findings.require(is_offered, rules::INSTANCE_TYPE, &type_path, || {
            let offered = found.zones.join(", ");
            format!("EC2 offers {instance_type} in {offered}, and the subnets are in {own}: use other subnets or another type")
        });
    }

    fn security_groups(&mut self, path: &str, service: &Service, requester: Requester<'_>) -> Vec<String> {
        let found = self.found;
        let names = service.security_groups.iter().enumerate();
        let ids = names.filter_map(|(index, name)| {
            let groups = found.security_groups.iter();
            let candidates = groups.map(|group| Candidate { id: &group.id, tags: &group.tags });
            let path = format!("{path}.security_groups[{index}]");
            self.only_match(&path, "security group", "", name, candidates, |tags| requester.tag_refusal(tags))
        });
        ids.collect()
    }

    fn elbs(&mut self, path: &str, service: &Service, requester: Requester<'_>) -> Vec<String> {
        let found = self.found;
        let names = service.elbs.iter().enumerate();
        let elbs = names.filter_map(|(index, name)| {
            let path = format!("{path}.elbs[{index}]");
            let elb = self.named(&path, "classic load balancer", name, &found.load_balancers)?;
            let refusal = requester.tag_refusal(&elb.tags);
            self.opted_in(&path, "classic load balancer", &elb.name, refusal).then(|| elb.name.clone())
        });
        elbs.collect()
    }

    fn target_groups(&mut self, path: &str, service: &Service, requester: Requester<'_>) -> Vec<String> {
        let found = self.found;
        let names = service.target_groups.iter().enumerate();
        let arns = names.filter_map(|(index, name)| {
            let path = format!("{path}.target_groups[{index}]");
            let group = self.named(&path, "target group", name, &found.target_groups)?;
            self.findings.require(group.target_type == "instance", rules::TARGET_TYPE, &path, || {
                format!(
                    "target group {name} has targets of type {}, and an auto-scaling group registers instances: use a target \
                     group of type instance",
                    group.target_type
                )
            });
            let refusal = requester.target_group_refusal(&group.tags);
            self.opted_in(&path, "target group", &group.name, refusal).then(|| group.arn.clone())
        });
        arns.collect()
    }

    fn profile(&mut self, path: &str, name: &ResourceName, requester: Requester<'_>) -> Option<String> {
        let (found, path) = (self.found, format!("{path}.profile"));
        let profile = self.named(&path, "instance profile", name, &found.profiles)?;
        let refusal = requester.path_refusal(&profile.path);
        self.opted_in(&path, "instance profile", name.as_str(), refusal).then(|| profile.arn.clone())
    }

    /// An existing placement group must have the settings of the service. Deploy creates a missing one, if its name has
    /// the prefix of the project.
    fn placement_group(&mut self, path: &str, name: &ResourceName, service: &Service) {
        let found = self.found;
        let Some(Some(group)) = found.placement_groups.get(name) else {
            let prefix = placement_prefix(self.release);
            let may_create = name.as_str().strip_prefix(&prefix).is_some_and(|rest| !rest.is_empty());
            self.findings.require(may_create, rules::PLACEMENT_NAME, path, || {
                format!(
                    "placement group {name} does not exist {}, and Odin creates only those with the prefix {prefix}: \
                     create it, or use a name with that prefix",
                    location(self.release)
                )
            });
            return;
        };
        let disagreement = disagreement(group, service);
        self.findings.require(disagreement.is_none(), rules::PLACEMENT_MISMATCH, path, || {
            format!("placement group {name} {}: use another, or change the release", disagreement.unwrap_or_default())
        });
    }

    /// The only resource with this id or name tag, if it opted in.
    fn only_match<'c>(
        &mut self,
        path: &str,
        kind: &str,
        id_prefix: &str,
        name: &ResourceName,
        candidates: impl Iterator<Item = Candidate<'c>>,
        refusal: impl Fn(&Tags) -> Option<String>,
    ) -> Option<String> {
        let matches = |candidate: &Candidate<'_>| {
            if is_id(name.as_str(), id_prefix) {
                candidate.id == name.as_str()
            } else {
                candidate.tags.get(NAME).is_some_and(|tag| tag == name.as_str())
            }
        };
        // Keyed by id: a resource that the release names by id and again by tag was found twice.
        let matching: BTreeMap<_, _> =
            candidates.filter(matches).map(|candidate| (candidate.id, candidate.tags)).collect();
        let Some((&id, tags)) = matching.first_key_value() else {
            self.missing(path, kind, name);
            return None;
        };
        if matching.len() > 1 {
            let ids: Vec<_> = matching.keys().copied().collect();
            let (count, ids) = (ids.len(), ids.join(", "));
            // A release cannot name security groups by id. Renaming could break releases that use the name.
            let by_id = if id_prefix.is_empty() { "" } else { "the id, or " };
            let remedy = format!("use {by_id}a name that only one has");
            let message = format!("{count} {kind}s {} are named `{name}` ({ids}): {remedy}", self.location());
            self.findings.add(rules::AMBIGUOUS, path, message);
            return None;
        }
        self.opted_in(path, kind, id, refusal(tags)).then(|| id.to_owned())
    }

    fn named<'f, T>(&mut self, path: &str, kind: &str, name: &ResourceName, found: &'f ByName<T>) -> Option<&'f T> {
        let resource = found.get(name).and_then(Option::as_ref);
        if resource.is_none() {
            self.missing(path, kind, name);
        }
        resource
    }

    fn missing(&mut self, path: &str, kind: &str, name: &ResourceName) {
        let message = format!("{kind} `{name}` not found {}: create it, or use another", self.location());
        self.findings.add(rules::NOT_FOUND, path, message);
    }

    /// Whether a resource opted in; adds a finding if it did not.
    fn opted_in(&mut self, path: &str, kind: &str, id: &str, refusal: Option<String>) -> bool {
        let Some(reason) = refusal else { return true };
        let message = format!(
            "{kind} {id} {} did not opt in to this release: {reason}; use another, or ask its owner",
            self.location()
        );
        self.findings.add(rules::NOT_OPTED_IN, path, message);
        false
    }

    fn location(&self) -> String {
        location(self.release)
    }
}

/// Where the resources of a release are.
fn location(release: &Envelope) -> String {
    format!("in account {} ({})", release.aws_account_id, release.aws_region)
}

/// The prefix of placement groups that Odin may create and delete for this project and config.
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
