//! The role in each target account, as the function found it.

use super::DoctorFinding;
use super::remediation::Advice;
use bifrost_core::cloud::CloudError;
use bifrost_core::release::AccountId;
use bifrost_core::self_check::{Assumption, RoleReport, SelfCheckReport};
use std::collections::BTreeSet;

pub(super) fn check(
    accounts: &Result<BTreeSet<AccountId>, CloudError>,
    report: Option<&SelfCheckReport>,
    advice: &Advice<'_>,
) -> Vec<DoctorFinding> {
    match (accounts, report) {
        (Err(error), _) => {
            let message = format!("it is not known where deploys go: {error}");
            vec![DoctorFinding::warning("roles", message, "name the target accounts, each with --target")]
        }
        (Ok(_), Some(report)) => report.roles.iter().map(|role| one(role, report, advice)).collect(),
        (Ok(accounts), None) => accounts.iter().map(untried).collect(),
    }
}

fn one(role: &RoleReport, report: &SelfCheckReport, advice: &Advice<'_>) -> DoctorFinding {
    let RoleReport { account, outcome } = role;
    let (what, role) = (what(account), advice.identity().assumed_role());
    let principal = &report.principal;
    match outcome {
        Assumption::Assumed => DoctorFinding::good(what, format!("{principal} may assume {role}")),
        Assumption::Denied(reason) => {
            let message = format!("{principal} may not assume {role}, or there is none: {reason}");
            DoctorFinding::bad(what, message, advice.target(account))
        }
        Assumption::Unknown(reason) => DoctorFinding::warning(what, format!("not checked: {reason}"), advice.again()),
    }
}

/// Only the function may assume the role.
fn untried(account: &AccountId) -> DoctorFinding {
    let message = "not checked: only the function may assume it, and that did not say";
    DoctorFinding::warning(what(account), message, "see to the function first")
}

fn what(account: &AccountId) -> String {
    format!("role in {account}")
}
