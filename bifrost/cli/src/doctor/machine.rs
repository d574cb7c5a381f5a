//! The state machine: is it there, and does it leave traces?

use super::Finding;
use super::advice::Advice;
use bifrost_core::cloud::{CloudError, MachineConfiguration};

const WHAT: &str = "state machine";

pub(super) fn check(seen: &Result<Option<MachineConfiguration>, CloudError>, advice: &Advice<'_>) -> Finding {
    let name = &advice.identity().name;
    let machine = match seen {
        Err(error) => return Finding::unchecked(WHAT, error),
        Ok(None) => {
            let message = format!("there is no state machine {name} in {}", advice.place());
            return Finding::bad(WHAT, message, advice.bootstrap());
        }
        Ok(Some(machine)) => machine,
    };
    let MachineConfiguration { status, log_level, is_traced, .. } = machine;
    if status != "ACTIVE" {
        return Finding::bad(WHAT, format!("{name} is {status}: it starts no executions"), advice.bootstrap());
    }
    // Step Functions itself keeps the history of an execution for 90 days.
    if log_level != "ALL" {
        let message = format!("its log level is {log_level}: after 90 days nothing tells what a deploy did");
        return Finding::warning(WHAT, message, advice.bootstrap());
    }
    if !is_traced {
        let update = format!(
            "--state-machine-arn {} --tracing-configuration enabled=true",
            advice.identity().state_machine_arn()
        );
        let next_step = advice.aws(&format!("stepfunctions update-state-machine {update}"));
        return Finding::warning(WHAT, "its executions are not traced", next_step);
    }
    Finding::good(WHAT, format!("{name} is {status}, logs {log_level}, and is traced"))
}
