//! Checks the table of root locks.

use super::remediation::Remediation;
use super::{DoctorFinding, Status};
use crate::bootstrap::EXPIRY_ATTRIBUTE;
use bifrost_core::cloud::{CloudError, KeyAttribute, Table};

const CHECK: &str = "lock table";

/// Checks the table and, if it is a table of locks, that items of ended executions expire.
pub(super) fn check(table: &Result<Option<Table>, CloudError>, remediation: &Remediation<'_>) -> Vec<DoctorFinding> {
    let name = remediation.identity().lock_table();
    let table = match table {
        Err(error) => return vec![DoctorFinding::unchecked(CHECK, error)],
        Ok(None) => {
            let message = format!("table {name} does not exist in {}", remediation.location());
            return vec![DoctorFinding::bad(CHECK, message, remediation.restore())];
        }
        Ok(Some(table)) => table,
    };
    let usable = usable(table, &name, remediation);
    let expiry = (usable.status != Status::Bad).then(|| expiry(&table.time_to_live, &name, remediation));
    [usable].into_iter().chain(expiry).collect()
}

fn usable(table: &Table, name: &str, remediation: &Remediation<'_>) -> DoctorFinding {
    if !has_our_key(&table.key) {
        let message =
            format!("the key of {name} is {}; a lock table has the key `key` (HASH, S)", described(&table.key));
        let next_step = format!("something else owns this table: keep it, and {}", remediation.rename());
        return DoctorFinding::bad(CHECK, message, next_step);
    }
    let message = format!("{name} is {}", table.status);
    match table.status.as_str() {
        "ACTIVE" => DoctorFinding::good(CHECK, message),
        "CREATING" | "UPDATING" => DoctorFinding::warning(CHECK, message, remediation.check_again()),
        "DELETING" => {
            let next_step = format!("wait until it is deleted; then, {}", remediation.restore());
            DoctorFinding::bad(CHECK, message, next_step)
        }
        _ => {
            let describe = remediation.aws(&format!("dynamodb describe-table --table-name {name}"));
            DoctorFinding::bad(CHECK, message, format!("read the reason with {describe}"))
        }
    }
}

/// Every deploy leaves an item that must outlive it by weeks. Without TTL they pile up for ever.
fn expiry(
    time_to_live: &Result<Option<String>, CloudError>,
    name: &str,
    remediation: &Remediation<'_>,
) -> DoctorFinding {
    const CHECK: &str = "lock table: TTL";
    let attribute = match time_to_live {
        Err(error) => return DoctorFinding::unchecked(CHECK, error),
        Ok(attribute) => attribute.as_deref(),
    };
    let update = |specification: &str| {
        let update = format!("dynamodb update-time-to-live --table-name {name} --time-to-live-specification");
        remediation.aws(&format!("{update} {specification}"))
    };
    let enable = update(&format!("Enabled=true,AttributeName={EXPIRY_ATTRIBUTE}"));
    match attribute {
        Some(EXPIRY_ATTRIBUTE) => DoctorFinding::good(CHECK, format!("items expire at `{EXPIRY_ATTRIBUTE}`")),
        None => {
            let message = "off: DynamoDB never deletes the items of executions that have ended";
            // CloudFormation cannot enable what is enabled already.
            let next_step = format!(
                "{}; if the table does not belong to the stack of bootstrap, {enable}",
                remediation.bootstrap()
            );
            DoctorFinding::warning(CHECK, message, next_step)
        }
        Some(other) => {
            let message = format!("items expire at `{other}`, but the framework writes `{EXPIRY_ATTRIBUTE}`");
            let disable = update(&format!("Enabled=false,AttributeName={other}"));
            DoctorFinding::warning(CHECK, message, format!("run {disable} and, an hour later, {enable}"))
        }
    }
}

/// Both tables have this key.
pub(super) fn has_our_key(key: &[KeyAttribute]) -> bool {
    matches!(key, [KeyAttribute { name, key_type, attribute_type }]
        if name == "key" && key_type == "HASH" && attribute_type == "S")
}

pub(super) fn described(key: &[KeyAttribute]) -> String {
    let attribute = |KeyAttribute { name, key_type, attribute_type }: &KeyAttribute| {
        format!("`{name}` ({key_type}, {attribute_type})")
    };
    key.iter().map(attribute).collect::<Vec<_>>().join(" and ")
}
