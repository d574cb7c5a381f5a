//! The state machine: is it there, and does it leave traces?

use super::DoctorFinding;
use super::remediation::Advice;
use bifrost_core::cloud::{CloudError, MachineConfiguration};

const CHECK: &str = "state machine";

pub(super) fn check(seen: &Result<Option<MachineConfiguration>, CloudError>, advice: &Advice<'_>) -> DoctorFinding {
    let name = &advice.identity().name;
    let machine = match seen {
        Err(error) => return DoctorFinding::unchecked(CHECK, error),
        Ok(None) => {
            let message = format!("there is no state machine {name} in {}", advice.options());
            return DoctorFinding::bad(CHECK, message, advice.bootstrap());
        }
        Ok(Some(machine)) => machine,
    };
    let MachineConfiguration { status, log_level, is_traced, .. } = machine;
    if status != "ACTIVE" {
        return DoctorFinding::bad(CHECK, format!("{name} is {status}: it starts no executions"), advice.bootstrap());
    }
    // Step Functions itself keeps the history of an execution for 90 days.
    if log_level != "ALL" {
        let message = format!("its log level is {log_level}: after 90 days nothing tells what a deploy did");
        return DoctorFinding::warning(CHECK, message, advice.bootstrap());
    }
    if !is_traced {
        let update = format!(
            "--state-machine-arn {} --tracing-configuration enabled=true",
            advice.identity().state_machine_arn()
        );
        let next_step = advice.aws(&format!("stepfunctions update-state-machine {update}"));
        return DoctorFinding::warning(CHECK, "its executions are not traced", next_step);
    }
    DoctorFinding::good(CHECK, format!("{name} is {status}, logs {log_level}, and is traced"))
}
