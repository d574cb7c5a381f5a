//! Checks that the deployer writes an audit log, and that nobody can alter it: bucket, table and signing key.

use super::audit_trail::{self, ObservedTrail};
use super::remediation::Remediation;
use super::{DoctorFinding, audit_policy, table};
use crate::audit_location::{AuditLocation, AuditState};
use bifrost_core::audit::AuditMode;
use bifrost_core::cloud::{BucketSettings, CloudError, ErrorKind, Inventory, KmsKey, ObjectLock, Table};

const CHECK: &str = "audit log";

/// The audit log, as AWS describes it.
pub(super) struct ObservedLog {
    pub(super) bucket: Result<Option<BucketSettings>, CloudError>,
    pub(super) table: Result<Option<Table>, CloudError>,
    pub(super) key: Result<Option<KmsKey>, CloudError>,
    pub(super) trail: ObservedTrail,
}

/// Makes all calls at once.
pub(super) async fn observe(
    inventory: &dyn Inventory,
    log: &AuditLocation,
    trail: impl Future<Output = ObservedTrail>,
) -> ObservedLog {
    let (bucket, table, key, trail) = tokio::join!(
        inventory.bucket(&log.bucket, &log.owner),
        inventory.table(&log.table),
        inventory.key(&log.key),
        trail,
    );
    ObservedLog { bucket, table, key, trail }
}

/// `observed` is the log that `state` names.
pub(super) fn check(
    state: &AuditState,
    observed: Option<&ObservedLog>,
    remediation: &Remediation<'_>,
) -> Vec<DoctorFinding> {
    let log = match state {
        // Another check reports the function.
        AuditState::Unknown => return Vec::new(),
        AuditState::Off => return vec![none(remediation)],
        AuditState::Invalid(setting) => {
            return vec![DoctorFinding::bad(CHECK, setting.to_string(), remediation.bootstrap())];
        }
        AuditState::Log(log) => log,
    };
    let mut findings = vec![mode(log)];
    let Some(observed) = observed else { return findings };
    findings.extend(check_bucket(&observed.bucket, log, remediation));
    findings.push(check_table(&observed.table, log, remediation));
    findings.push(check_key(&observed.key, log, remediation));
    findings.extend(audit_trail::check(&observed.trail, log, remediation));
    findings
}

fn none(remediation: &Remediation<'_>) -> DoctorFinding {
    let message = "there is none: after 90 days, when Step Functions forgets a deploy, nothing says who deployed what";
    let create = remediation.create_log(&remediation.identity().account);
    DoctorFinding::warning(CHECK, message, format!("create one with {create}; then, {}", remediation.bootstrap()))
}

fn mode(log: &AuditLocation) -> DoctorFinding {
    let AuditLocation { mode, bucket, owner, .. } = log;
    let meaning = match mode {
        AuditMode::Required => "no deploy begins without it",
        AuditMode::BestEffort | AuditMode::Off => "deploys go on without it",
    };
    DoctorFinding::good(CHECK, format!("{}: {meaning}; in {bucket} of account {owner}", mode.name()))
}

fn check_bucket(
    found: &Result<Option<BucketSettings>, CloudError>,
    log: &AuditLocation,
    remediation: &Remediation<'_>,
) -> Vec<DoctorFinding> {
    const CHECK: &str = "audit log: bucket";
    let AuditLocation { bucket, owner, .. } = log;
    match found {
        Err(error)
            if error.kind == ErrorKind::AccessDenied && !error.message.contains("is not authorized to perform") =>
        {
            let message =
                format!("{bucket} does not belong to account {owner}, or its policy denies you access: {error}");
            let next_step = "ask for the permission to read the audit log; if the bucket belongs to somebody else, the \
                             log needs another prefix";
            vec![DoctorFinding::bad(CHECK, message, next_step)]
        }
        Err(error) => vec![DoctorFinding::unchecked(CHECK, error)],
        Ok(None) => {
            let message = format!("{bucket} does not exist in account {owner}, so nothing can be recorded");
            vec![DoctorFinding::bad(CHECK, message, remediation.create_log(owner))]
        }
        Ok(Some(settings)) => {
            let policy = audit_policy::check(&settings.policy, log, remediation);
            vec![protection(settings, log, remediation), retention(&settings.object_lock, log, remediation), policy]
        }
    }
}

/// Versions and public access.
fn protection(settings: &BucketSettings, log: &AuditLocation, remediation: &Remediation<'_>) -> DoctorFinding {
    const CHECK: &str = "audit log: bucket";
    let (is_versioned, is_shut) = match (&settings.is_versioned, &settings.is_shut_to_the_public) {
        (Ok(is_versioned), Ok(is_shut)) => (*is_versioned, *is_shut),
        (Err(error), _) | (_, Err(error)) => return DoctorFinding::unchecked(CHECK, error),
    };
    let bucket = &log.bucket;
    if !is_versioned {
        let message = format!("{bucket} keeps no versions: what is overwritten is lost");
        return DoctorFinding::bad(CHECK, message, remediation.restore_log(log));
    }
    if !is_shut {
        let message = format!("public access to {bucket} is not fully blocked");
        return DoctorFinding::bad(CHECK, message, remediation.restore_log(log));
    }
    DoctorFinding::good(CHECK, format!("{bucket} keeps all versions, and public access is blocked"))
}

fn retention(
    lock: &Result<Option<ObjectLock>, CloudError>,
    log: &AuditLocation,
    remediation: &Remediation<'_>,
) -> DoctorFinding {
    const CHECK: &str = "audit log: retention";
    let problem = match lock {
        Err(error) => return DoctorFinding::unchecked(CHECK, error),
        Ok(Some(ObjectLock { default_retention: Some(retention) })) => {
            return DoctorFinding::good(CHECK, retention);
        }
        Ok(Some(ObjectLock { default_retention: None })) => "Object Lock has no default retention",
        Ok(None) => "Object Lock is off",
    };
    let message = format!("{problem}: anyone who may change the bucket policy can delete the log");
    DoctorFinding::bad(CHECK, message, remediation.restore_log(log))
}

fn check_table(
    table: &Result<Option<Table>, CloudError>,
    log: &AuditLocation,
    remediation: &Remediation<'_>,
) -> DoctorFinding {
    const CHECK: &str = "audit log: table";
    let name = &log.table;
    match table {
        Err(error) => DoctorFinding::unchecked(CHECK, error),
        Ok(None) => DoctorFinding::bad(CHECK, format!("{name} does not exist"), remediation.restore_log(log)),
        Ok(Some(table)) if !table::has_our_key(&table.key) => {
            let message =
                format!("the key of {name} is {}; the log needs `key` (HASH, S)", table::described(&table.key));
            let next_step = "something else owns this table: keep it, and give the deployers another prefix";
            DoctorFinding::bad(CHECK, message, next_step)
        }
        Ok(Some(Table { status, .. })) => {
            let message = format!("{name} is {status}");
            match status.as_str() {
                "ACTIVE" => DoctorFinding::good(CHECK, message),
                "CREATING" | "UPDATING" => DoctorFinding::warning(CHECK, message, remediation.check_again()),
                _ => DoctorFinding::bad(CHECK, message, remediation.restore_log(log)),
            }
        }
    }
}

fn check_key(
    key: &Result<Option<KmsKey>, CloudError>,
    log: &AuditLocation,
    remediation: &Remediation<'_>,
) -> DoctorFinding {
    const CHECK: &str = "audit log: signing key";
    const SPEC: (&str, &str) = ("ECC_NIST_EDWARDS25519", "SIGN_VERIFY");
    let KmsKey { arn, state, spec, usage } = match key {
        Err(error) => return DoctorFinding::unchecked(CHECK, error),
        Ok(None) => {
            let message = format!("{} does not exist, so no checkpoint can be signed", log.key);
            return DoctorFinding::bad(CHECK, message, remediation.restore_log(log));
        }
        Ok(Some(key)) => key,
    };
    if (spec.as_str(), usage.as_str()) != SPEC {
        let message =
            format!("{arn} has the specification {spec} and the usage {usage}, not {} and {}", SPEC.0, SPEC.1);
        return DoctorFinding::bad(CHECK, message, remediation.restore_log(log));
    }
    if state == "Enabled" {
        return DoctorFinding::good(CHECK, format!("{arn} is {state}"));
    }
    let next_step = match state.as_str() {
        "PendingDeletion" => {
            let cancel = remediation.aws(&format!("kms cancel-key-deletion --key-id {arn}"));
            let enable = remediation.aws(&format!("kms enable-key --key-id {arn}"));
            format!("find out who scheduled its deletion; keep it with {cancel}, then {enable}")
        }
        "Disabled" => {
            format!("find out who disabled it; then, {}", remediation.aws(&format!("kms enable-key --key-id {arn}")))
        }
        _ => remediation.restore_log(log),
    };
    DoctorFinding::bad(CHECK, format!("{arn} is {state}, so no checkpoint can be signed"), next_step)
}
