//! Checks that the state machine exists and is logged and traced.

use super::DoctorFinding;
use super::remediation::Remediation;
use bifrost_core::cloud::{CloudError, MachineConfiguration};

const CHECK: &str = "state machine";

pub(super) fn check(
    machine: &Result<Option<MachineConfiguration>, CloudError>,
    remediation: &Remediation<'_>,
) -> DoctorFinding {
    let name = &remediation.identity().name;
    let machine = match machine {
        Err(error) => return DoctorFinding::unchecked(CHECK, error),
        Ok(None) => {
            let message = format!("state machine {name} does not exist in {}", remediation.location());
            return DoctorFinding::bad(CHECK, message, remediation.restore());
        }
        Ok(Some(machine)) => machine,
    };
    let MachineConfiguration { status, log_level, is_traced, .. } = machine;
    if status != "ACTIVE" {
        let message = format!("{name} is {status} and starts no executions");
        let next_step = format!("wait until it is deleted; then, {}", remediation.restore());
        return DoctorFinding::bad(CHECK, message, next_step);
    }
    // Step Functions itself keeps the history of an execution for 90 days.
    if log_level != "ALL" {
        let message = format!("its log level is {log_level}: after 90 days there is no record of a deploy");
        return DoctorFinding::warning(CHECK, message, remediation.restore());
    }
    if !is_traced {
        let update = format!(
            "--state-machine-arn {} --tracing-configuration enabled=true",
            remediation.identity().state_machine_arn()
        );
        let next_step = remediation.aws(&format!("stepfunctions update-state-machine {update}"));
        return DoctorFinding::warning(CHECK, "X-Ray tracing is off", next_step);
    }
    DoctorFinding::good(CHECK, format!("{name} is {status}, with log level {log_level} and tracing"))
}
