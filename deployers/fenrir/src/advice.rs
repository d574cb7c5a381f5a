//! What a person has to do about a stack that CloudFormation left in a bad state.

/// What to do about a stack in that status; none if it needs nothing.
pub(crate) fn advice(status: &str, stack: &str) -> Option<String> {
    let command = match status {
        "UPDATE_ROLLBACK_FAILED" => "continue-update-rollback",
        "UPDATE_FAILED" | "IMPORT_ROLLBACK_FAILED" => "rollback-stack",
        "CREATE_FAILED" | "ROLLBACK_FAILED" | "DELETE_FAILED" => "delete-stack",
        _ => return None,
    };
    Some(format!("mend what its events name, then `aws cloudformation {command} --stack-name {stack}`"))
}
