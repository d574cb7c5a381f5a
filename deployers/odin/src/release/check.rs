//! The rules for a release that need no AWS. A release that breaks several gets all of them reported.

use super::check_instances::check_instances;
use super::check_policies::{check_alarms, check_policies};
use super::{OdinFields, OdinRelease, ResourceName, Service, ServiceName};
use crate::cloud::limits::{
    HEARTBEAT_SECONDS, HOOK_LIMIT, INTEGER_LIMIT, LOAD_BALANCER_LIMIT, NAME_LIMIT, PROFILE_NAME_LIMIT, ROLE_NAME_LIMIT,
    SECURITY_GROUP_LIMIT, SUBNET_LIMIT, TARGET_GROUP_LIMIT, is_iam_name,
};
use crate::names;
use crate::rules;
use bifrost::Fields;
use bifrost::findings::Findings;
use std::collections::BTreeMap;

/// The longest time that old groups serve beside new ones, in seconds. More than the longest deploy makes no sense.
const MAX_WAIT_FOR_DETACH_SECONDS: u32 = OdinFields::MAX_TIMEOUT_SECONDS;

/// How many alarms a release may name (contract §7).
const MAX_ALARMS: usize = 10;

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
    check_list(&mut findings, "subnets", &fields.subnets, SUBNET_LIMIT);
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
    let count = release.fields.lifecycle.len();
    findings.require(count <= HOOK_LIMIT, rules::TOO_MANY, "lifecycle", || {
        format!("{count} hooks are too many: a group has at most {HOOK_LIMIT}: remove some")
    });
    for (name, hook) in &release.fields.lifecycle {
        let path = format!("lifecycle.{name}");
        check_iam_name(findings, &format!("{path}.role"), &hook.role, ROLE_NAME_LIMIT);
        let Some(seconds) = hook.heartbeat_timeout.filter(|seconds| !HEARTBEAT_SECONDS.contains(seconds)) else {
            continue;
        };
        let message =
            format!("Auto Scaling does not accept {seconds} s: use 30 to 7200 s, or remove the field for 3600 s");
        findings.add(rules::DURATION, format!("{path}.heartbeat_timeout"), message);
    }
}

/// Checks a name by which IAM looks up a role or an instance profile: it refuses the look-up of any other.
fn check_iam_name(findings: &mut Findings, path: &str, name: &ResourceName, limit: usize) {
    findings.require(is_iam_name(name.as_str(), limit), rules::INVALID_NAME, path, || {
        format!(
            "{name} is not a name in IAM: use the name without path and ARN, at most {limit} letters, digits and _+=,.@-"
        )
    });
}

fn check_service(findings: &mut Findings, release: &OdinRelease, name: &ServiceName, service: &Service) {
    let path = format!("services.{name}");
    let group = names::group_name(&release.envelope, name);
    findings.require(group.len() <= NAME_LIMIT, rules::NAME_TOO_LONG, &path, || {
        format!(
            "the name of its group, {group}, has {} characters, and Auto Scaling accepts {NAME_LIMIT}: shorten the \
             name of the project, config or service",
            group.len()
        )
    });
    let groups = format!("{path}.security_groups");
    require_some(findings, &groups, service.security_groups.is_empty(), "security group, by its name tag");
    check_list(findings, &groups, &service.security_groups, SECURITY_GROUP_LIMIT);
    check_list(findings, &format!("{path}.elbs"), &service.elbs, LOAD_BALANCER_LIMIT);
    check_list(findings, &format!("{path}.target_groups"), &service.target_groups, TARGET_GROUP_LIMIT);
    if let Some(profile) = &service.profile {
        check_iam_name(findings, &format!("{path}.profile"), profile, PROFILE_NAME_LIMIT);
    }
    check_instances(findings, &path, service);
    check_autoscaling(findings, &format!("{path}.autoscaling"), service);
}

/// Checks that a list names nothing twice, and has no more names than a group or instance may have.
fn check_list(findings: &mut Findings, path: &str, names: &[ResourceName], limit: usize) {
    let count = names.len();
    findings.require(count <= limit, rules::TOO_MANY, path, || {
        format!("{count} are too many: AWS accepts at most {limit}: remove some")
    });
    check_unique(findings, path, names);
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

fn check_autoscaling(findings: &mut Findings, path: &str, service: &Service) {
    let autoscaling = &service.autoscaling;
    let (min, max) = (autoscaling.min_size, autoscaling.max_size);
    findings.require(min <= max, rules::SIZES, &format!("{path}.min_size"), || {
        format!("min_size {min} is larger than max_size {max}: lower the one or raise the other")
    });
    for (field, size) in [("min_size", min), ("max_size", max)] {
        findings.require(size <= INTEGER_LIMIT, rules::SIZES, &format!("{path}.{field}"), || {
            format!("Auto Scaling does not accept {size} instances: use at most {INTEGER_LIMIT}")
        });
    }
    findings.require(autoscaling.spread.is_share(), rules::SPREAD, &format!("{path}.spread"), || {
        format!("{} is not between 0 and 1: for 20 % use 0.2", autoscaling.spread)
    });
    let cooldown = autoscaling.default_cooldown;
    findings.require(cooldown <= INTEGER_LIMIT, rules::DURATION, &format!("{path}.default_cooldown"), || {
        format!("Auto Scaling does not accept {cooldown} s: use at most {INTEGER_LIMIT} s, such as 300")
    });
    check_policies(findings, path, &autoscaling.policies);
}

#[cfg(test)]
#[path = "limits_tests.rs"]
mod limits_tests;
#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
