//! Checks the table of root locks.

use super::DoctorFinding;
use super::remediation::Remediation;
use bifrost_core::cloud::{CloudError, KeyAttribute, Table};

const CHECK: &str = "lock table";

pub(super) fn check(table: &Result<Option<Table>, CloudError>, remediation: &Remediation<'_>) -> DoctorFinding {
    let name = remediation.identity().lock_table();
    let table = match table {
        Err(error) => return DoctorFinding::unchecked(CHECK, error),
        Ok(None) => {
            let message = format!("table {name} does not exist in {}", remediation.location());
            return DoctorFinding::bad(CHECK, message, remediation.restore());
        }
        Ok(Some(table)) => table,
    };
    if !is_key_of_locks(&table.key) {
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

fn is_key_of_locks(key: &[KeyAttribute]) -> bool {
    matches!(key, [KeyAttribute { name, key_type, attribute_type }]
        if name == "key" && key_type == "HASH" && attribute_type == "S")
}

fn described(key: &[KeyAttribute]) -> String {
    let attribute = |KeyAttribute { name, key_type, attribute_type }: &KeyAttribute| {
        format!("`{name}` ({key_type}, {attribute_type})")
    };
    key.iter().map(attribute).collect::<Vec<_>>().join(" and ")
}
