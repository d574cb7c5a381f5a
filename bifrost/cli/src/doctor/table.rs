//! The table of root locks.

use super::DoctorFinding;
use super::remediation::Advice;
use bifrost_core::cloud::{CloudError, KeyAttribute, Table};

const CHECK: &str = "lock table";

pub(super) fn check(seen: &Result<Option<Table>, CloudError>, advice: &Advice<'_>) -> DoctorFinding {
    let name = advice.identity().lock_table();
    let table = match seen {
        Err(error) => return DoctorFinding::unchecked(CHECK, error),
        Ok(None) => {
            let message = format!("there is no table {name} in {}", advice.options());
            return DoctorFinding::bad(CHECK, message, advice.bootstrap());
        }
        Ok(Some(table)) => table,
    };
    if !is_key_of_locks(&table.key) {
        let message = format!("the key of {name} is {}, and locks need `key` (HASH, S)", written(&table.key));
        let next_step =
            format!("it is another's table: free the name, if nobody needs it, and then {}", advice.bootstrap());
        return DoctorFinding::bad(CHECK, message, next_step);
    }
    let message = format!("{name} is {}", table.status);
    match table.status.as_str() {
        "ACTIVE" => DoctorFinding::good(CHECK, message),
        "CREATING" | "UPDATING" => DoctorFinding::warning(CHECK, message, advice.again()),
        _ => DoctorFinding::bad(CHECK, message, advice.bootstrap()),
    }
}

fn is_key_of_locks(key: &[KeyAttribute]) -> bool {
    matches!(key, [KeyAttribute { name, key_type, attribute_type }]
        if name == "key" && key_type == "HASH" && attribute_type == "S")
}

fn written(key: &[KeyAttribute]) -> String {
    let written = |KeyAttribute { name, key_type, attribute_type }: &KeyAttribute| {
        format!("`{name}` ({key_type}, {attribute_type})")
    };
    key.iter().map(written).collect::<Vec<_>>().join(" and ")
}
