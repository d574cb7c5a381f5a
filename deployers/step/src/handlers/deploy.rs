//! The state Deploy.

use super::update::Update;
use super::{Context, versions};
use crate::errors::{DeployFailure, NotUndone, Undone};
use crate::release::{StepFields, StepRelease};
use bifrost::lifecycle::Finish;

/// Updates the state machine and the function, or neither. Then the framework gives the lock back.
///
/// What an earlier attempt of this execution updated stays, and the rest follows. The order is that of Go step: the definition, then the
/// code. With `publish_version` it is the code, a version of it, and the definition that names the version.
///
/// # Errors
/// `DeploySFNError` if both are as they were before, otherwise `DeployLambdaError`, which says what is where.
pub async fn deploy(context: &Context, mut release: StepRelease) -> Result<Finish<StepFields>, DeployFailure> {
    let update = match Update::prepare(context, &release).await {
        Ok(update) => update,
        // This attempt has changed nothing, and there was none before.
        Err(error) if context.attempt.retry_count == 0 => return Err(Undone(error).into()),
        Err(source) => {
            let left = vec!["an earlier attempt may have updated the state machine or the function".to_owned()];
            return Err(NotUndone { source, left }.into());
        }
    };
    match update.run().await {
        Ok(version) => {
            if let Some(version) = &version {
                versions::delete_old(&update, version).await;
            }
            release.fields.lambda_version = version;
            Ok(Finish::Success(release))
        }
        Err(source) => {
            let left = update.undo().await;
            Err(if left.is_empty() { Undone(source).into() } else { NotUndone { source, left }.into() })
        }
    }
}
