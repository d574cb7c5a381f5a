//! The state `Execute`.

use super::Context;
use crate::cloud::FenrirPorts;
use crate::errors::StackFailure;
use crate::names::{change_set_name, stack_name};
use crate::pace::SHORTEST_SECONDS;
use crate::release::FenrirRelease;
use bifrost::cloud::CloudError;

/// Lets CloudFormation carry the change set out. One that it is at already stays so.
///
/// # Errors
/// [`StackFailure`].
pub async fn execute(context: &Context, mut release: FenrirRelease) -> Result<FenrirRelease, StackFailure> {
    let ports = context.target(&release.envelope).await?;
    let (stack, name) = (stack_name(&release.envelope), change_set_name(&release.envelope));
    if let Err(error) = ports.stacks.execute_change_set(&stack, &name, &name).await
        && !is_under_way(&ports, &stack, &name).await?
    {
        return Err(error.into());
    }
    release.fields.wait_seconds = SHORTEST_SECONDS;
    Ok(release)
}

/// Whether an earlier attempt had its effect, though its answer got lost.
async fn is_under_way(ports: &FenrirPorts, stack: &str, name: &str) -> Result<bool, CloudError> {
    let change_set = ports.stacks.change_set(stack, name).await?;
    Ok(change_set.is_some_and(|found| found.execution_status.is_executed()))
}
