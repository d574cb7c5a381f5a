//! Checks that the bucket policy of the audit log denies what could alter the log.

use super::DoctorFinding;
use super::remediation::Remediation;
use super::tls::{denies_everybody, holds, listed, requires_tls};
use crate::audit_location::AuditLocation;
use bifrost_core::cloud::{CHECKPOINT_KEY, CloudError};
use serde_json::Value;

const CHECK: &str = "audit log: policy";

/// What the policy must deny to all principals.
struct Protection {
    what: &'static str,
    actions: &'static [&'static str],
    /// The operator and the key of the condition under which it is denied. `None` if it is always denied.
    condition: Option<(&'static str, &'static str)>,
    /// Whether it need not be denied for the checkpoint, which is replaced all the time.
    but_checkpoint: bool,
}

const PROTECTIONS: [Protection; 4] = [
    Protection {
        what: "deleting objects",
        actions: &["s3:DeleteObject", "s3:DeleteObjectVersion"],
        condition: None,
        but_checkpoint: false,
    },
    Protection {
        what: "bypassing their retention",
        actions: &["s3:BypassGovernanceRetention"],
        condition: None,
        but_checkpoint: false,
    },
    Protection {
        what: "overwriting objects",
        actions: &["s3:PutObject"],
        condition: Some(("Null", "s3:if-none-match")),
        but_checkpoint: true,
    },
    Protection {
        what: "writing by others than the functions",
        actions: &["s3:PutObject"],
        condition: Some(("ArnNotLike", "aws:PrincipalArn")),
        but_checkpoint: false,
    },
];

pub(super) fn check(
    policy: &Result<Option<Value>, CloudError>,
    log: &AuditLocation,
    remediation: &Remediation<'_>,
) -> DoctorFinding {
    let policy = match policy {
        // Only the account of a bucket can read its policy.
        Err(error) if log.owner != remediation.identity().account => {
            let message = format!("not checked: only account {} can read it: {error}", log.owner);
            let next_step = format!("run `aws s3api get-bucket-policy --bucket {}` there", log.bucket);
            return DoctorFinding::warning(CHECK, message, next_step);
        }
        Err(error) => return DoctorFinding::unchecked(CHECK, error),
        Ok(policy) => policy.as_ref(),
    };
    let arn = |keys: &str| remediation.identity().region.partition().s3_arn(&format!("{}/{keys}", log.bucket));
    let missing = missing(policy, &arn);
    if missing.is_empty() {
        return DoctorFinding::good(CHECK, "it denies deleting and overwriting, to administrators, too");
    }
    let message = format!("it does not deny: {}", missing.join(", "));
    DoctorFinding::bad(CHECK, message, remediation.restore_log(log))
}

/// What the policy should deny and does not.
fn missing(policy: Option<&Value>, arn: &dyn Fn(&str) -> String) -> Vec<&'static str> {
    let statements = policy.and_then(|policy| policy.get("Statement")).map(listed).unwrap_or_default();
    let is_denied = |protection: &Protection| {
        let covering = || statements.iter().filter(|statement| covers(statement, protection.but_checkpoint, arn));
        let denies = |action: &&str| covering().any(|statement| denies(statement, action, protection.condition));
        protection.actions.iter().all(denies)
    };
    let missing = PROTECTIONS.iter().filter(|protection| !is_denied(protection)).map(|protection| protection.what);
    let tls = (!policy.is_some_and(requires_tls)).then_some("requests without TLS");
    missing.chain(tls).collect()
}

/// Whether a statement is for all objects of the log, or for all but the checkpoint.
fn covers(statement: &Value, but_checkpoint: bool, arn: &dyn Fn(&str) -> String) -> bool {
    match statement.get("NotResource") {
        Some(others) => but_checkpoint && listed(others) == [&Value::from(arn(CHECKPOINT_KEY))],
        None => statement.get("Resource").is_some_and(|resources| holds(resources, &["*", &arn("*")])),
    }
}

/// Whether a statement denies an action to all principals, under this condition and no other.
fn denies(statement: &Value, action: &str, condition: Option<(&str, &str)>) -> bool {
    let conditions = statement.get("Condition").and_then(Value::as_object);
    let keys = conditions.into_iter().flatten().flat_map(|(operator, keys)| {
        keys.as_object().into_iter().flat_map(|keys| keys.keys()).map(move |key| (operator.as_str(), key.as_str()))
    });
    let keys: Vec<_> = keys.collect();
    let is_under = match condition {
        None => keys.is_empty(),
        Some((operator, key)) => {
            matches!(keys.as_slice(), [(found, of)] if *found == operator && of.eq_ignore_ascii_case(key))
        }
    };
    let service = action.split_once(':').map_or_else(String::new, |(service, _)| format!("{service}:*"));
    is_under
        && denies_everybody(statement)
        && statement.get("Action").is_some_and(|actions| holds(actions, &[action, service.as_str(), "*"]))
}
