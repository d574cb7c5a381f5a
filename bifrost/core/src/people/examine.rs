//! What an act is about, and whether it goes around a protection.

use super::effect::holder;
use super::{Act, ActError, ActRequest, ActTarget, HeldLock, MachineAccess};
use crate::account::DeployerAccount;
use crate::audit::{Subject, safe_text};
use crate::cloud::{CloudError, ExecutionStatus, ExecutionSummary, Executions, LockItem};

/// Errors of invocations whose answer Step Functions did not get, although they may go on.
const LOST: [&str; 5] = [
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.SdkClientException",
    "Lambda.Unknown",
    "Sandbox.Timedout",
    "States.Timeout",
];

/// An act, as it is recorded.
pub(super) struct Examined {
    pub(super) subject: Subject,
    pub(super) is_break_glass: bool,
    /// Whether it may be performed.
    pub(super) verdict: Result<(), ActError>,
}

/// Reads what the act is about. It decides nothing that the person claims: not whether an execution runs, or whose it is.
pub(super) async fn examine(account: &DeployerAccount, machine: MachineAccess<'_>, request: &ActRequest) -> Examined {
    let MachineAccess { executions, .. } = machine;
    let mut examined = Examined { subject: subject(&request.act), is_break_glass: false, verdict: Ok(()) };
    match &request.act {
        Act::Halt { config, execution, .. } => {
            let found = executions.describe(execution).await;
            examined.verdict = own(account, config, execution, found, &mut examined.subject).and_then(|status| {
                // A halt flag would stop the next deploy, if that started soon.
                let runs = status == ExecutionStatus::Running;
                if runs { Ok(()) } else { Err(ActError::NotRunning(execution.clone())) }
            });
        }
        Act::ForcedUnlock { config, execution, .. } => {
            examined.is_break_glass = true;
            let found = executions.describe(execution).await;
            examined.verdict = own(account, config, execution, found, &mut examined.subject).map(drop);
        }
        Act::Unlock { config, locks, early, .. } => {
            // A client can only add to what is found here.
            examined.is_break_glass = *early;
            for lock in locks {
                let may_run = owner_may_run(account, machine, config, lock, &mut examined.subject).await;
                examined.is_break_glass |= may_run;
            }
        }
        Act::Freeze { .. } | Act::Unfreeze { .. } | Act::Review { .. } => {}
    }
    examined
}

fn subject(act: &Act) -> Subject {
    let Some(config) = act.config() else { return Subject::default() };
    Subject {
        project_name: Some(config.project_name.to_string()),
        config_name: Some(config.config_name.to_string()),
        aws_account_id: Some(config.aws_account_id.to_string()),
        aws_region: Some(config.aws_region.to_string()),
        ..Subject::default()
    }
}

/// The status of an execution that must deploy this config.
fn own(
    account: &DeployerAccount,
    config: &ActTarget,
    name: &str,
    found: Result<Option<ExecutionSummary>, CloudError>,
    subject: &mut Subject,
) -> Result<ExecutionStatus, ActError> {
    let Some(execution) = found? else { return Err(ActError::NotRunning(name.to_owned())) };
    subject.execution = Some(safe_text(&execution.arn));
    subject.release_id = execution.input_str("release_id").map(safe_text);
    if config.is_of(&execution.input, &account.defaults) {
        Ok(execution.status)
    } else {
        Err(ActError::OtherConfig(name.to_owned()))
    }
}

/// Whether the deploy that holds a lock, or its last task, may still run. If it is not known, it may.
async fn owner_may_run(
    account: &DeployerAccount,
    MachineAccess { executions, task_limit }: MachineAccess<'_>,
    config: &ActTarget,
    lock: &HeldLock,
    subject: &mut Subject,
) -> bool {
    let found = holder(account, &config.bucket, &config.root_dir(), lock.is_object).await;
    let holder = match found {
        Ok(Some(holder)) if holder.id == lock.owner => holder,
        // It is not cleared.
        Ok(_) => return false,
        Err(_) => return true,
    };
    let LockItem { execution: Some(arn), release_id, .. } = holder else { return true };
    subject.execution = Some(safe_text(&arn));
    subject.release_id = release_id.as_deref().map(safe_text);
    let name = arn.rsplit(':').next().unwrap_or_default();
    match executions.describe(name).await {
        Ok(Some(execution)) if execution.status == ExecutionStatus::Running => true,
        Ok(Some(execution)) => {
            let is_over = execution.stop_date.is_some_and(|end| account.now() - end >= task_limit);
            !is_over && may_be_active(executions, &execution).await
        }
        // Step Functions forgets an execution 90 days after its end.
        Ok(None) => false,
        Err(_) => true,
    }
}

/// Whether an invocation of an execution may have gone on when the execution ended: it was stopped, timed out, or lost an invocation.
/// If its history cannot be read, it may.
pub async fn may_be_active(executions: &dyn Executions, execution: &ExecutionSummary) -> bool {
    if execution.status != ExecutionStatus::Failed {
        return execution.status != ExecutionStatus::Succeeded;
    }
    let Ok(history) = executions.history(&execution.name, 0).await else { return true };
    history.iter().any(|event| {
        let error = event.details.error.as_deref().unwrap_or_default();
        event.event_type == "LambdaFunctionTimedOut" || LOST.contains(&error)
    })
}
