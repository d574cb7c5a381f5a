//! Checks the role in each target account, by the function's report.

use super::DoctorFinding;
use super::remediation::Remediation;
use bifrost_core::cloud::CloudError;
use bifrost_core::release::AccountId;
use bifrost_core::self_check::{Assumption, RoleReport, SelfCheckReport};
use std::collections::BTreeSet;

pub(super) fn check(
    accounts: &Result<BTreeSet<AccountId>, CloudError>,
    report: Option<&SelfCheckReport>,
    remediation: &Remediation<'_>,
) -> Vec<DoctorFinding> {
    match (accounts, report) {
        (Err(error), _) => {
            let message = format!("not checked, because the target accounts are not known: {error}");
            vec![DoctorFinding::warning("roles", message, "name each target account with --target")]
        }
        (Ok(_), Some(report)) => report.roles.iter().map(|role| check_role(role, report, remediation)).collect(),
        (Ok(accounts), None) => accounts.iter().map(not_reported).collect(),
    }
}

fn check_role(role: &RoleReport, report: &SelfCheckReport, remediation: &Remediation<'_>) -> DoctorFinding {
    let RoleReport { account, outcome } = role;
    let (what, role) = (what(account), remediation.identity().assumed_role());
    let principal = &report.principal;
    match outcome {
        Assumption::Assumed => DoctorFinding::good(what, format!("{principal} can assume {role}")),
        Assumption::Denied(reason) => {
            let message = format!("{principal} cannot assume {role}, or the role does not exist: {reason}");
            DoctorFinding::bad(what, message, remediation.bootstrap_target(account))
        }
        Assumption::Unknown(reason) => {
            DoctorFinding::warning(what, format!("not checked: {reason}"), remediation.check_again())
        }
    }
}

fn not_reported(account: &AccountId) -> DoctorFinding {
    let message = "not checked: only the function can assume it, and the function gave no report";
    DoctorFinding::warning(what(account), message, "fix the function first")
}

fn what(account: &AccountId) -> String {
    format!("role in {account}")
}
