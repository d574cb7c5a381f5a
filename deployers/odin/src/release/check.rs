//! The rules for a release that need no AWS. Whoever breaks several is told of all.

use super::{OdinRelease, Policy, ResourceName, Service, ServiceName};
use crate::findings::Findings;
use crate::names;
use std::collections::{BTreeMap, BTreeSet};

/// How long a deploy may take at most, in seconds: two days. Past it the execution's history would run full.
pub(crate) const MAX_TIMEOUT_SECONDS: u32 = 172_800;

/// How long the old groups may be kept beside the new ones, in seconds. A day has no meaning beyond the longest deploy.
const MAX_WAIT_FOR_DETACH_SECONDS: u32 = MAX_TIMEOUT_SECONDS;

/// The longest name of a group, of a scaling policy and of an alarm.
const MAX_NAME_LENGTH: usize = 255;

/// How many tags a group may have.
const MAX_TAGS: usize = 50;

/// Holds a release against all rules that need no AWS.
///
/// # Errors
/// Every rule that it breaks, with the place, and what to do.
pub fn check(release: &OdinRelease) -> Result<(), Findings> {
    let mut findings = Findings::default();
    let fields = &release.fields;
    let timeout = release.envelope.timeout;
    findings.require(timeout <= MAX_TIMEOUT_SECONDS, "timeout", || {
        format!("a deploy may take at most {MAX_TIMEOUT_SECONDS} s (48 hours), not {timeout} s")
    });
    let wait = fields.wait_for_detach;
    findings.require(wait <= MAX_WAIT_FOR_DETACH_SECONDS, "wait_for_detach", || {
        format!("groups may serve side by side for at most {MAX_WAIT_FOR_DETACH_SECONDS} s (48 hours), not {wait} s")
    });
    findings.require(!fields.subnets.is_empty(), "subnets", || required("subnet, by its name tag or id"));
    check_unique(&mut findings, "subnets", &fields.subnets);
    check_hooks(&mut findings, release);
    findings.require(!fields.services.is_empty(), "services", || required("service: it becomes an auto-scaling group"));
    for (name, service) in &fields.services {
        check_service(&mut findings, release, name, service);
    }
    check_alarms(&mut findings, release);
    check_shared_placement(&mut findings, release);
    findings.into_result()
}

fn required(what: &str) -> String {
    format!("required: name at least one {what}")
}

fn check_hooks(findings: &mut Findings, release: &OdinRelease) {
    for (name, hook) in &release.fields.lifecycle {
        let in_range = hook.heartbeat_timeout.is_none_or(|seconds| (30..=7_200).contains(&seconds));
        findings.require(in_range, &format!("lifecycle.{name}.heartbeat_timeout"), || {
            "Auto Scaling takes 30 to 7200 s; leave it out for 3600 s".into()
        });
    }
}

fn check_service(findings: &mut Findings, release: &OdinRelease, name: &ServiceName, service: &Service) {
    let path = format!("services.{name}");
    let group = names::group_name(&release.envelope, name);
    findings.require(group.len() <= MAX_NAME_LENGTH, &path, || {
        format!(
            "its group would be named {group}, which is {} characters long; Auto Scaling takes {MAX_NAME_LENGTH}: shorten the \
             name of project, config or service",
            group.len()
        )
    });
    let groups = format!("{path}.security_groups");
    findings.require(!service.security_groups.is_empty(), &groups, || required("security group, by its name tag"));
    check_unique(findings, &groups, &service.security_groups);
    check_unique(findings, &format!("{path}.elbs"), &service.elbs);
    check_unique(findings, &format!("{path}.target_groups"), &service.target_groups);
    check_tags(findings, &path, service);
    check_volume(findings, &path, service);
    check_placement(findings, &path, service);
    check_autoscaling(findings, &format!("{path}.autoscaling"), service, release.envelope.timeout);
}

fn check_unique(findings: &mut Findings, path: &str, names: &[ResourceName]) {
    let mut seen = BTreeMap::new();
    for (index, name) in names.iter().enumerate() {
        if let Some(first) = seen.insert(name, index) {
            findings.add(format!("{path}[{index}]"), format!("{name} is named before, at [{first}]: name it once"));
        }
    }
}

fn check_tags(findings: &mut Findings, path: &str, service: &Service) {
    let path = format!("{path}.tags");
    for (key, value) in &service.tags {
        let path = format!("{path}.{key}");
        findings.require(!names::OWN_TAGS.contains(&key.as_str()), &path, || {
            "the deployer sets this tag itself: take another key".into()
        });
        let reserved = key.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:"));
        findings.require(!reserved, &path, || "keys that begin `aws:` are AWS's own: take another".into());
        let fits = (1..=128).contains(&key.chars().count()) && value.chars().count() <= 256;
        findings.require(fits, &path, || "a tag has a key of 1 to 128 characters and a value of at most 256".into());
    }
    let most = MAX_TAGS - names::OWN_TAGS.len();
    findings.require(service.tags.len() <= most, &path, || {
        format!("a group has at most {MAX_TAGS} tags, {} of them the deployer's: keep {most}", names::OWN_TAGS.len())
    });
}

fn check_volume(findings: &mut Findings, path: &str, service: &Service) {
    findings.require(service.ebs_volume_size != Some(0), &format!("{path}.ebs_volume_size"), || {
        "a volume has at least 1 GiB; leave the field out for none".into()
    });
}

fn check_placement(findings: &mut Findings, path: &str, service: &Service) {
    use super::PlacementStrategy::Partition;
    let (name, strategy) = (&service.placement_group_name, service.placement_group_strategy);
    findings.require(name.is_none() || strategy.is_some(), &format!("{path}.placement_group_strategy"), || {
        "required with placement_group_name: one of cluster, spread, partition".into()
    });
    let path = format!("{path}.placement_group_partition_count");
    match (strategy, service.placement_group_partition_count) {
        (Some(Partition), None) => findings.add(path, "required with strategy partition: 1 to 7"),
        (Some(Partition), Some(1..=7)) | (_, None) => {}
        (Some(Partition), Some(_)) => findings.add(path, "a placement group has 1 to 7 partitions"),
        (_, Some(_)) => findings.add(path, "only a placement group with strategy partition has partitions: remove it"),
    }
}

/// Services may share a placement group, if they want the same one.
fn check_shared_placement(findings: &mut Findings, release: &OdinRelease) {
    let mut seen = BTreeMap::new();
    for (name, service) in &release.fields.services {
        let Some(group) = &service.placement_group_name else { continue };
        let wanted = (service.placement_group_strategy, service.placement_group_partition_count);
        let (first, first_wanted) = *seen.entry(group).or_insert((name, wanted));
        findings.require(first_wanted == wanted, &format!("services.{name}.placement_group_name"), || {
            format!(
                "service {first} wants {group}, too, with another strategy or partition count: let both want the same"
            )
        });
    }
}

fn check_autoscaling(findings: &mut Findings, path: &str, service: &Service, timeout: u32) {
    let autoscaling = &service.autoscaling;
    let (min, max) = (autoscaling.min_size, autoscaling.max_size);
    findings.require(min <= max, &format!("{path}.min_size"), || {
        format!("min_size is {min} and max_size {max}: a group's least cannot be more than its most")
    });
    findings.require(autoscaling.spread.is_share(), &format!("{path}.spread"), || {
        format!("a spread is a share from 0 to 1, not {}: for 20 % write 0.2", autoscaling.spread)
    });
    let grace = autoscaling.health_check_grace_period;
    findings.require(grace.is_none_or(|grace| grace <= timeout), &format!("{path}.health_check_grace_period"), || {
        format!("it may be at most the release's timeout, {timeout} s: beyond it no failing instance would be seen")
    });
    for (index, policy) in autoscaling.policies.iter().enumerate() {
        check_policy(findings, &format!("{path}.policies[{index}]"), policy);
    }
}

fn check_policy(findings: &mut Findings, path: &str, policy: &Policy) {
    let name = policy.name.as_deref().unwrap_or("-");
    let legal = !name.is_empty() && !name.chars().any(|c| c.is_control() || c == ':');
    findings.require(legal, &format!("{path}.name"), || {
        "a policy's name, if there is one, has at least one character, no colon and no control characters".into()
    });
    let period = policy.period;
    let measured = matches!(period, 10 | 20 | 30) || (period >= 60 && period.is_multiple_of(60));
    findings.require(measured, &format!("{path}.period"), || {
        format!("CloudWatch takes 10, 20, 30 or a multiple of 60 s, not {period} s")
    });
    findings.require(policy.evaluation_periods > 0, &format!("{path}.evaluation_periods"), || {
        "at least one period must be looked at".into()
    });
    let percent = policy.threshold_percent();
    findings.require(percent.is_finite(), &format!("{path}.threshold"), || {
        "it is too large for CloudWatch: it is a percentage, such as 50".into()
    });
}

/// Policies and alarms are named after group, type and name, and alarms share the names of a whole region.
fn check_alarms(findings: &mut Findings, release: &OdinRelease) {
    let mut seen = BTreeSet::new();
    for (service, Service { autoscaling, .. }) in &release.fields.services {
        let group = names::group_name(&release.envelope, service);
        for (index, policy) in autoscaling.policies.iter().enumerate() {
            let path = format!("services.{service}.autoscaling.policies[{index}]");
            let alarm = names::policy_name(&group, policy);
            findings.require(alarm.len() <= MAX_NAME_LENGTH, &path, || {
                format!("its alarm would be named {alarm}, and CloudWatch takes {MAX_NAME_LENGTH} characters: shorten a name")
            });
            findings.require(seen.insert(alarm), &path, || {
                "another policy has the same type and name: give each a name of its own".into()
            });
        }
    }
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
