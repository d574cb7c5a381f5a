//! The rules for scaling policies and their alarms.

use super::{OdinRelease, Policy, Service};
use crate::cloud::limits::{
    INTEGER_LIMIT, NAME_LIMIT, POLICY_LIMIT, is_alarm_period, is_xml_text, max_evaluation_seconds,
};
use crate::names;
use crate::rules;
use bifrost::findings::Findings;
use std::collections::BTreeSet;

/// Checks each policy of a service. `path` is that of its `autoscaling`.
pub(super) fn check_policies(findings: &mut Findings, path: &str, policies: &[Policy]) {
    let (path, count) = (format!("{path}.policies"), policies.len());
    findings.require(count <= POLICY_LIMIT, rules::TOO_MANY, &path, || {
        format!("{count} policies are too many: a group has at most {POLICY_LIMIT}: remove some")
    });
    for (index, policy) in policies.iter().enumerate() {
        check_policy(findings, &format!("{path}[{index}]"), policy);
    }
}

fn check_policy(findings: &mut Findings, path: &str, policy: &Policy) {
    let name = policy.name.as_deref().unwrap_or("-");
    let legal = !name.is_empty() && is_xml_text(name) && !name.chars().any(|c| c.is_control() || c == ':');
    findings.require(legal, rules::POLICY, &format!("{path}.name"), || {
        format!("{name:?} is not a valid name: use at least one character, no colon and no control characters")
    });
    check_evaluation(findings, path, policy);
    let cooldown = policy.cooldown;
    findings.require(cooldown <= INTEGER_LIMIT, rules::DURATION, &format!("{path}.cooldown"), || {
        format!("Auto Scaling does not accept {cooldown} s: use at most {INTEGER_LIMIT} s, such as 60")
    });
    let percent = policy.threshold_percent();
    findings.require(percent.is_finite(), rules::POLICY, &format!("{path}.threshold"), || {
        "the number is too large for CloudWatch: use a percentage, such as 50".into()
    });
}

fn check_evaluation(findings: &mut Findings, path: &str, policy: &Policy) {
    let Policy { period, evaluation_periods: count, .. } = *policy;
    if !is_alarm_period(period) {
        let message = format!("CloudWatch does not accept {period} s: use 10, 20, 30 or a multiple of 60 s");
        findings.add(rules::POLICY, format!("{path}.period"), message);
        return;
    }
    let path = format!("{path}.evaluation_periods");
    findings.require(count > 0, rules::POLICY, &path, || "0 periods are too few: use at least 1".into());
    let (all, most) = (u64::from(period) * u64::from(count), max_evaluation_seconds(period));
    findings.require(all <= most, rules::POLICY, &path, || {
        let advice = match most / u64::from(period) {
            0 => format!("use a period of at most {most} s"),
            fewer if period < 3_600 => format!("use at most {fewer}, or a period of 3600 s or more"),
            fewer => format!("use at most {fewer}"),
        };
        format!(
            "{count} periods of {period} s are {all} s, and CloudWatch accepts at most {most} s for periods of this length: {advice}"
        )
    });
}

/// Policies and alarms are named after group, type and name, and the names of alarms are unique in a region.
pub(super) fn check_alarms(findings: &mut Findings, release: &OdinRelease) {
    let mut seen = BTreeSet::new();
    for (service, Service { autoscaling, .. }) in &release.fields.services {
        let group = names::group_name(&release.envelope, service);
        for (index, policy) in autoscaling.policies.iter().enumerate() {
            let path = format!("services.{service}.autoscaling.policies[{index}]");
            let alarm = names::policy_name(&group, policy);
            let length = alarm.chars().count();
            findings.require(length <= NAME_LIMIT, rules::NAME_TOO_LONG, &path, || {
                format!(
                    "the name of its alarm, {alarm}, has {length} characters, and CloudWatch accepts {NAME_LIMIT}: shorten the \
                     name of the project, config, service or policy"
                )
            });
            findings.require(seen.insert(alarm), rules::DUPLICATE, &path, || {
                "another policy has the same type and name: set a different `name` on each".into()
            });
        }
    }
}
