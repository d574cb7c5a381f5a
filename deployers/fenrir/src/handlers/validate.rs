//! The state Validate.

use super::Context;
use crate::deployer::check_size;
use crate::files::check_files;
use crate::names::{change_set_name, is_stack_name, stack_name};
use crate::pace;
use crate::release::FenrirRelease;
use crate::resolve::resolved;
use bifrost::validate::ValidateFailure;
use tokio::join;

/// Refuses what is malformed, replayed or tampered with, and every template that breaks a rule; and names stack and change
/// set.
///
/// # Errors
/// [`ValidateFailure::BadRelease`] says all that is wrong.
pub async fn validate(context: &Context, release: FenrirRelease) -> Result<FenrirRelease, ValidateFailure> {
    let mut release = bifrost::validate::validate(context, release).await?;
    check_size(&release).map_err(ValidateFailure::BadRelease)?;
    let ports = context
        .target(&release.envelope)
        .await
        .map_err(|error| ValidateFailure::BadRelease(format!("the target account cannot be reached: {error}")))?;
    let (files, template) = join!(check_files(context, &release), resolved(context, &ports, &release));
    files?;
    template?;
    let stack = stack_name(&release.envelope);
    if !is_stack_name(&stack) {
        return Err(ValidateFailure::BadRelease(format!(
            "project_name and config_name: {stack} is no name of a stack, which has letters, digits and `-`, 128 at most"
        )));
    }
    release.fields.stack_name = Some(stack);
    release.fields.change_set_name = Some(change_set_name(&release.envelope));
    release.fields.wait_seconds = pace::SHORTEST_SECONDS;
    Ok(release)
}
