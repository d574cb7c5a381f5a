//! The rules for a release that need no AWS. A release that breaks several gets all of them reported.

use super::{OdinFields, OdinRelease, Policy, ResourceName, Service, ServiceName};
use crate::findings::Findings;
use crate::names;
use crate::rules;
use bifrost::Fields;
use std::collections::{BTreeMap, BTreeSet};

/// The longest time that old groups serve beside new ones, in seconds. More than the longest deploy makes no sense.
const MAX_WAIT_FOR_DETACH_SECONDS: u32 = OdinFields::MAX_TIMEOUT_SECONDS;

/// The longest name of a group, of a scaling policy and of an alarm.
const MAX_NAME_LENGTH: usize = 255;

/// How many alarms a release may name (contract §7).
const MAX_ALARMS: usize = 10;

/// How many tags a group may have.
const MAX_TAGS: usize = 50;

/// Checks a release against all rules that need no AWS.
///
/// # Errors
/// Every rule that it breaks, with its code and place.
pub fn check(release: &OdinRelease) -> Result<(), Findings> {
    let mut findings = Findings::default();
    let fields = &release.fields;
    let wait = fields.wait_for_detach;
    findings.require(wait <= MAX_WAIT_FOR_DETACH_SECONDS, rules::DURATION, "wait_for_detach", || {
        format!("{wait} s is too long: use at most {MAX_WAIT_FOR_DETACH_SECONDS} s (48 hours)")
    });
    require_some(&mut findings, "subnets", fields.subnets.is_empty(), "subnet, by its name tag or id");
    check_unique(&mut findings, "subnets", &fields.subnets);
    check_bake(&mut findings, release);
    check_hooks(&mut findings, release);
    require_some(&mut findings, "services", fields.services.is_empty(), "service");
    for (name, service) in &fields.services {
        check_service(&mut findings, release, name, service);
    }
    check_alarms(&mut findings, release);
    check_shared_placement(&mut findings, release);
    findings.into_result()
}

fn require_some(findings: &mut Findings, path: &str, is_empty: bool, what: &str) {
    findings.require(!is_empty, rules::REQUIRED, path, || format!("required: name at least one {what}"));
}

fn check_bake(findings: &mut Findings, release: &OdinRelease) {
    let (fields, timeout) = (&release.fields, release.envelope.timeout);
    check_unique(findings, "alarms", &fields.alarms);
    let count = fields.alarms.len();
    findings.require(count <= MAX_ALARMS, rules::ALARMS, "alarms", || {
        format!("{count} alarms are too many: name at most {MAX_ALARMS}, or one composite alarm for several")
    });
    let bake_time = fields.bake_time.unwrap_or_default();
    findings.require(bake_time < timeout, rules::DURATION, "bake_time", || {
        format!(
            "{bake_time} s do not fit into the timeout of {timeout} s: set a longer `timeout`, or a shorter `bake_time`"
        )
    });
}

fn check_hooks(findings: &mut Findings, release: &OdinRelease) {
    for (name, hook) in &release.fields.lifecycle {
        let Some(seconds) = hook.heartbeat_timeout else { continue };
        let path = format!("lifecycle.{name}.heartbeat_timeout");
        findings.require((30..=7_200).contains(&seconds), rules::DURATION, &path, || {
            format!("Auto Scaling does not accept {seconds} s: use 30 to 7200 s, or remove the field for 3600 s")
        });
    }
}

fn check_service(findings: &mut Findings, release: &OdinRelease, name: &ServiceName, service: &Service) {
    let path = format!("services.{name}");
    let group = names::group_name(&release.envelope, name);
    findings.require(group.len() <= MAX_NAME_LENGTH, rules::NAME_TOO_LONG, &path, || {
        format!(
            "the name of its group, {group}, has {} characters, and Auto Scaling accepts {MAX_NAME_LENGTH}: shorten the \
             name of the project, config or service",
            group.len()
        )
    });
    let groups = format!("{path}.security_groups");
    require_some(findings, &groups, service.security_groups.is_empty(), "security group, by its name tag");
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
            let message = format!("{name} is already named at [{first}]: name it once");
            findings.add(rules::DUPLICATE, format!("{path}[{index}]"), message);
        }
    }
}

fn check_tags(findings: &mut Findings, path: &str, service: &Service) {
    let path = format!("{path}.tags");
    for (key, value) in &service.tags {
        let path = format!("{path}.{key}");
        findings.require(!names::OWN_TAGS.contains(&key.as_str()), rules::TAG, &path, || {
            "the deployer sets this tag itself: use another key".into()
        });
        let reserved = key.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:"));
        findings
            .require(!reserved, rules::TAG, &path, || "AWS reserves keys that begin with `aws:`: use another".into());
        let fits = (1..=128).contains(&key.chars().count()) && value.chars().count() <= 256;
        findings.require(fits, rules::TAG, &path, || {
            "the tag is empty or too long: a key has 1 to 128 characters, a value at most 256".into()
        });
    }
    let (count, most) = (service.tags.len(), MAX_TAGS - names::OWN_TAGS.len());
    findings.require(count <= most, rules::TAG, &path, || {
        format!(
            "{count} tags are too many: a group has at most {MAX_TAGS}, of which the deployer sets {}: keep {most}",
            names::OWN_TAGS.len()
        )
    });
}

fn check_volume(findings: &mut Findings, path: &str, service: &Service) {
    findings.require(service.ebs_volume_size != Some(0), rules::VOLUME, &format!("{path}.ebs_volume_size"), || {
        "0 GiB is too small: use at least 1, or remove the field for no volume".into()
    });
}

fn check_placement(findings: &mut Findings, path: &str, service: &Service) {
    use super::PlacementStrategy::Partition;
    let (name, strategy) = (&service.placement_group_name, service.placement_group_strategy);
    let strategy_path = format!("{path}.placement_group_strategy");
    findings.require(name.is_none() || strategy.is_some(), rules::PLACEMENT, &strategy_path, || {
        "required with placement_group_name: use cluster, spread or partition".into()
    });
    let message = match (strategy, service.placement_group_partition_count) {
        (Some(Partition), None) => "required with strategy partition: use 1 to 7".to_owned(),
        (Some(Partition), Some(1..=7)) | (_, None) => return,
        (Some(Partition), Some(count)) => format!("a placement group cannot have {count} partitions: use 1 to 7"),
        (_, Some(_)) => "only a placement group with strategy partition has partitions: remove the field".to_owned(),
    };
    findings.add(rules::PLACEMENT, format!("{path}.placement_group_partition_count"), message);
}

/// Services may share a placement group if they ask for the same settings.
fn check_shared_placement(findings: &mut Findings, release: &OdinRelease) {
    let mut seen = BTreeMap::new();
    for (name, service) in &release.fields.services {
        let Some(group) = &service.placement_group_name else { continue };
        let wanted = (service.placement_group_strategy, service.placement_group_partition_count);
        let (first, first_wanted) = *seen.entry(group).or_insert((name, wanted));
        let path = format!("services.{name}.placement_group_name");
        findings.require(first_wanted == wanted, rules::PLACEMENT, &path, || {
            format!(
                "service {first} uses {group} with another strategy or partition count: use the same, or another group"
            )
        });
    }
}

fn check_autoscaling(findings: &mut Findings, path: &str, service: &Service, timeout: u32) {
    let autoscaling = &service.autoscaling;
    let (min, max) = (autoscaling.min_size, autoscaling.max_size);
    findings.require(min <= max, rules::SIZES, &format!("{path}.min_size"), || {
        format!("min_size {min} is larger than max_size {max}: lower the one or raise the other")
    });
    findings.require(autoscaling.spread.is_share(), rules::SPREAD, &format!("{path}.spread"), || {
        format!("{} is not between 0 and 1: for 20 % use 0.2", autoscaling.spread)
    });
    if let Some(grace) = autoscaling.health_check_grace_period {
        findings.require(grace <= timeout, rules::DURATION, &format!("{path}.health_check_grace_period"), || {
            format!(
                "{grace} s is longer than the timeout of the release, {timeout} s, so no unhealthy instance would be \
                     replaced in time: use at most the timeout"
            )
        });
    }
    for (index, policy) in autoscaling.policies.iter().enumerate() {
        check_policy(findings, &format!("{path}.policies[{index}]"), policy);
    }
}

fn check_policy(findings: &mut Findings, path: &str, policy: &Policy) {
    let name = policy.name.as_deref().unwrap_or("-");
    let legal = !name.is_empty() && !name.chars().any(|c| c.is_control() || c == ':');
    findings.require(legal, rules::POLICY, &format!("{path}.name"), || {
        format!("{name:?} is not a valid name: use at least one character, no colon and no control characters")
    });
    let period = policy.period;
    let measured = matches!(period, 10 | 20 | 30) || (period >= 60 && period.is_multiple_of(60));
    findings.require(measured, rules::POLICY, &format!("{path}.period"), || {
        format!("CloudWatch does not accept {period} s: use 10, 20, 30 or a multiple of 60 s")
    });
    findings.require(policy.evaluation_periods > 0, rules::POLICY, &format!("{path}.evaluation_periods"), || {
        "0 periods are too few: use at least 1".into()
    });
    let percent = policy.threshold_percent();
    findings.require(percent.is_finite(), rules::POLICY, &format!("{path}.threshold"), || {
        "the number is too large for CloudWatch: use a percentage, such as 50".into()
    });
}

/// Policies and alarms are named after group, type and name, and the names of alarms are unique in a region.
fn check_alarms(findings: &mut Findings, release: &OdinRelease) {
    let mut seen = BTreeSet::new();
    for (service, Service { autoscaling, .. }) in &release.fields.services {
        let group = names::group_name(&release.envelope, service);
        for (index, policy) in autoscaling.policies.iter().enumerate() {
            let path = format!("services.{service}.autoscaling.policies[{index}]");
            let alarm = names::policy_name(&group, policy);
            findings.require(alarm.len() <= MAX_NAME_LENGTH, rules::NAME_TOO_LONG, &path, || {
                format!(
                    "the name of its alarm, {alarm}, has {} characters, and CloudWatch accepts {MAX_NAME_LENGTH}: \
                     shorten the name of the project, config, service or policy",
                    alarm.len()
                )
            });
            findings.require(seen.insert(alarm), rules::DUPLICATE, &path, || {
                "another policy has the same type and name: set a different `name` on each".into()
            });
        }
    }
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
