//! What to do after a deploy that failed.

use crate::client::{Address, DeployOutcome, Status};
use crate::commands::arguments::CommandHint;

/// What a person should do next.
pub(in crate::commands) fn next_step(outcome: &DeployOutcome, address: Option<&Address>, hint: &CommandHint) -> String {
    let history = hint.line(&format!("history {}", outcome.execution));
    match outcome.status {
        Status::Success => String::new(),
        Status::FailureClean => {
            // Where no task failed, the deployer's notes say why.
            let remedy = outcome
                .failures
                .first()
                .map_or("the notes say why: mend that, and deploy again", |failure| remedy(&failure.error));
            format!("{remedy}; {history} has all of it")
        }
        _ => {
            let project = address.map_or_else(|| "PROJECT CONFIG".to_owned(), Address::arguments);
            format!(
                "a person must look: {history} tells what failed, {} what is there; remove what is left of the release, \
                 then {}",
                hint.line(&format!("status {project}")),
                hint.line(&format!("unlock {project}")),
            )
        }
    }
}

/// What helps against an error, by its name on the wire.
fn remedy(error: &str) -> &'static str {
    match error {
        "BadReleaseError" | "UnmarshalError" => "correct the release and deploy it again",
        "LockExistsError" => "wait for the holder of the lock, or clear it as the message says; then deploy again",
        "LockError" => "AWS did not answer about the lock: deploy again",
        "HaltError" => "find out why it was halted, was too slow, or lost instances; then deploy again",
        "HealthError" => "the health of the instances could not be read: check the balancers, then deploy again",
        "DeployError" | "DeploySFNError" | "DeployLambdaError" => {
            "AWS refused what the release asks for: the cause says what; correct it and deploy again"
        }
        "PanicError" | "TaskError" | "DataLimitError" => "this is a fault of the deployer: report it with its history",
        "States.Timeout" => "a task took too long: deploy again, and report it if it stays so",
        _ => "the cause says what is wrong; then deploy again",
    }
}
