//! Checks that the audit log is published, and that the ends of executions get into it.

use super::DoctorFinding;
use super::function::check_ready;
use super::remediation::Remediation;
use crate::audit_location::AuditLocation;
use bifrost_audit::log::SignedCheckpoint;
use bifrost_core::account::Identity;
use bifrost_core::audit::LogEntry;
use bifrost_core::cloud::{AuditStore, CloudError, FunctionConfiguration, Inventory, LogHead, StoredCheckpoint};
use bifrost_core::json;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

/// After how long an entry should be published, in minutes. A writer that crashed leaves it to the next one.
const PUBLISHED_WITHIN: TimeDelta = TimeDelta::minutes(15);

/// What has been written to the log, and who writes its ends.
pub(super) struct ObservedTrail {
    pub(super) checkpoint: Result<Option<StoredCheckpoint>, CloudError>,
    pub(super) head: Result<LogHead, CloudError>,
    /// For how long the first unpublished entry has waited. `None` if all entries are published, or it is not known.
    pub(super) waiting: Option<TimeDelta>,
    pub(super) function: Result<Option<FunctionConfiguration>, CloudError>,
    pub(super) policy: Result<Option<Value>, CloudError>,
}

pub(super) async fn observe(
    inventory: &dyn Inventory,
    log: &AuditLocation,
    identity: &Identity,
    now: DateTime<Utc>,
) -> ObservedTrail {
    let store = inventory.audit_store(&log.bucket, &log.owner, &log.table);
    let name = identity.audit_function();
    let (published, function, policy) =
        tokio::join!(published(store.as_ref(), now), inventory.function(&name), inventory.function_policy(&name),);
    let (checkpoint, head, waiting) = published;
    ObservedTrail { checkpoint, head, waiting, function, policy }
}

type Published = (Result<Option<StoredCheckpoint>, CloudError>, Result<LogHead, CloudError>, Option<TimeDelta>);

/// The checkpoint is read first: an entry that is added and published in between does not look unpublished for long.
async fn published(store: &dyn AuditStore, now: DateTime<Utc>) -> Published {
    let checkpoint = store.checkpoint().await;
    let head = store.head().await;
    let first = match &checkpoint {
        Ok(None) => Some(0),
        Ok(Some(stored)) => SignedCheckpoint::parse(&stored.body).ok().map(|checkpoint| checkpoint.size),
        Err(_) => None,
    };
    let waiting = match (first, &head) {
        (Some(first), Ok(head)) if first < head.size => store.entries(first, first + 1).await.ok(),
        _ => None,
    };
    let entry = waiting.and_then(|entries| json::from_slice::<LogEntry>(entries.first()?).ok());
    (checkpoint, head, entry.map(|entry| now - entry.time))
}

pub(super) fn check(trail: &ObservedTrail, log: &AuditLocation, remediation: &Remediation<'_>) -> Vec<DoctorFinding> {
    let mut findings = vec![check_published(trail, &log.origin, remediation)];
    findings.extend(check_function(trail, remediation));
    findings
}

fn check_published(trail: &ObservedTrail, expected: &str, remediation: &Remediation<'_>) -> DoctorFinding {
    const CHECK: &str = "audit log: checkpoint";
    let (stored, head) = match (&trail.checkpoint, &trail.head) {
        (Ok(stored), Ok(head)) => (stored.as_ref(), head.size),
        (Err(error), _) | (_, Err(error)) => return DoctorFinding::unchecked(CHECK, error),
    };
    let checkpoint = stored.map(|stored| SignedCheckpoint::parse(&stored.body)).transpose();
    let (origin, size) = match checkpoint {
        Ok(Some(checkpoint)) => (Some(checkpoint.origin), checkpoint.size),
        Ok(None) => (None, 0),
        Err(error) => {
            let next_step = format!("find out who wrote it, and verify the log with {}", remediation.verify_log());
            return DoctorFinding::bad(CHECK, error.to_string(), next_step);
        }
    };
    if let Some(origin) = origin.filter(|origin| origin != expected) {
        let message = format!("it is that of the log {origin}, not of {expected}");
        return DoctorFinding::bad(CHECK, message, remediation.bootstrap());
    }
    if size > head {
        let message = format!("it has {size} entries, but the table has {head}: the table was restored or replaced");
        let next_step = "restore the table to a later time: until it has all entries, nothing can be added to the log";
        return DoctorFinding::bad(CHECK, message, next_step);
    }
    if size == head {
        return DoctorFinding::good(CHECK, format!("{size} entries, all published"));
    }
    let unpublished = head - size;
    match trail.waiting {
        Some(waiting) if waiting <= PUBLISHED_WITHIN => {
            DoctorFinding::good(CHECK, format!("{size} entries; {unpublished} more are being published"))
        }
        waiting => {
            let since = waiting.map_or_else(String::new, |waiting| format!(" for {} minutes", waiting.num_minutes()));
            let message = format!("{size} entries; {unpublished} more wait{since} to be published");
            let next_step = format!("the next deploy publishes them, or {}", remediation.reconcile());
            DoctorFinding::warning(CHECK, message, next_step)
        }
    }
}

/// Without the function, deploys that are stopped have no end in the log, and acts of people are not recorded.
fn check_function(trail: &ObservedTrail, remediation: &Remediation<'_>) -> Vec<DoctorFinding> {
    const CHECK: &str = "audit function";
    let name = remediation.identity().audit_function();
    let function = match &trail.function {
        Err(error) => return vec![DoctorFinding::unchecked(CHECK, error)],
        Ok(None) => {
            let message = format!("{name} does not exist: stopped deploys and acts of people are not recorded");
            return vec![DoctorFinding::bad(CHECK, message, remediation.restore())];
        }
        Ok(Some(function)) => function,
    };
    let ready = check_ready(CHECK, function, remediation).unwrap_or_else(|| {
        DoctorFinding::good(CHECK, format!("{name} is {}, runs as {}", function.state, function.role))
    });
    vec![ready, check_rule(&trail.policy, remediation)]
}

/// The stack that creates the rule also lets it invoke the function.
fn check_rule(policy: &Result<Option<Value>, CloudError>, remediation: &Remediation<'_>) -> DoctorFinding {
    const CHECK: &str = "audit function: ends of executions";
    let identity = remediation.identity();
    let Identity { account, region, .. } = identity;
    let rule = region.arn("events", account, &format!("rule/{}", identity.audit_function()));
    match policy {
        Err(error) => DoctorFinding::unchecked(CHECK, error),
        Ok(Some(policy)) if policy.to_string().contains(&format!("\"{rule}\"")) => {
            DoctorFinding::good(CHECK, format!("{rule} may invoke it"))
        }
        Ok(_) => {
            let message = format!("{rule} may not invoke it: deploys that are stopped have no end in the log");
            DoctorFinding::bad(CHECK, message, remediation.restore())
        }
    }
}
