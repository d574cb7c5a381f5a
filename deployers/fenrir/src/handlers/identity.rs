//! Finds the stack and the change set of a deploy again: by the ARNs that `CreateChangeSet` recorded, so that others of the same
//! names are not mistaken for them.

use crate::cloud::{ChangeSet, CloudFormation, Stack, StackStatus};
use crate::interference::Interference;
use crate::names::{change_set_name, stack_name};
use crate::release::FenrirRelease;
use bifrost::cloud::CloudError;

/// The ARN of the deploy's stack. Its name if none is recorded: Go Fenrir, or a version before this one, began the deploy.
pub(super) fn stack_ref(release: &FenrirRelease) -> String {
    release.fields.stack_id.clone().unwrap_or_else(|| stack_name(&release.envelope))
}

/// The ARN of the deploy's change set, or its name, as for [`stack_ref`].
pub(super) fn change_set_ref(release: &FenrirRelease) -> String {
    release.fields.change_set_id.clone().unwrap_or_else(|| change_set_name(&release.envelope))
}

/// The deploy's change set; `None` if it was deleted, with its stack or alone.
pub(super) async fn own_change_set(
    stacks: &dyn CloudFormation,
    release: &FenrirRelease,
) -> Result<Option<ChangeSet>, CloudError> {
    let found = stacks.change_set(&stack_ref(release), &change_set_ref(release)).await?;
    Ok(found.filter(|found| is_own(release, found)))
}

/// Whether a change set is the recorded one, and was not deleted.
pub(super) fn is_own(release: &FenrirRelease, found: &ChangeSet) -> bool {
    let is_same = |recorded: Option<&String>, id: &String| recorded.is_none_or(|recorded| recorded == id);
    let fields = &release.fields;
    is_same(fields.change_set_id.as_ref(), &found.id)
        && is_same(fields.stack_id.as_ref(), &found.stack_id)
        && !found.status.is_of_deletion()
}

/// Another change set with the name of the deploy's, which was deleted.
pub(super) async fn successor(
    stacks: &dyn CloudFormation,
    release: &FenrirRelease,
) -> Result<Option<ChangeSet>, CloudError> {
    let (stack, name) = (stack_name(&release.envelope), change_set_name(&release.envelope));
    Ok(stacks.change_set(&stack, &name).await?.filter(|found| !is_own(release, found)))
}

/// Where the deploy's change set is, if it is not found. `stack` is its stack as it is now.
pub(super) async fn deleted(
    stacks: &dyn CloudFormation,
    release: &FenrirRelease,
    stack: Option<&Stack>,
) -> Result<Interference, CloudError> {
    let status = stack.map_or(StackStatus::DeleteComplete, |stack| stack.status.clone());
    let stack = stack_name(&release.envelope);
    if status.is_of_deletion() {
        return Ok(Interference::StackDeleted { stack, status });
    }
    let successor = successor(stacks, release).await?.map(|found| found.id);
    Ok(Interference::ChangeSetDeleted { stack, status, change_set: change_set_name(&release.envelope), successor })
}
