//! What an operator has to do about a stack that a deploy cannot go on with.
//!
//! Every text here names a command that deletes, rolls back or retries. It has to be right wherever it is shown: before a
//! deploy (`CreateChangeSet`, `plan`), and after one that failed, whether or not that was cleaned up.

use crate::cloud::StackStatus;
use crate::names::stack_name;
use bifrost::account::DeployerAccount;
use bifrost::release::Envelope;

/// The account of the local cloud's default seed. AWS never assigns it.
#[cfg(feature = "cli")]
const LOCAL_ACCOUNT: &str = "000000000000";

/// What to do in the local cloud. A command for AWS would change a stack of the same name in the user's own account.
const IN_THE_LOCAL_CLOUD: &str =
    "the local cloud cannot repair a stack; deploy with `--fresh`, which replaces the local cloud";

/// The cloud that a stack is in. Only for a stack that is known to be on AWS may a text name a command for AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CloudKind {
    Aws,
    Local,
    /// Either of them.
    #[cfg(feature = "cli")]
    Unknown,
}

impl CloudKind {
    /// The cloud of a handler's deployer account.
    #[must_use]
    pub(crate) fn of(account: &DeployerAccount) -> Self {
        let is_local = account.cloud_arguments.split(' ').any(|word| matches!(word, "--local" | "--cloud"));
        if is_local { Self::Local } else { Self::Aws }
    }

    /// What the client knows from a release alone: a local cloud may have any account.
    #[must_use]
    #[cfg(feature = "cli")]
    pub(crate) fn of_release(envelope: &Envelope) -> Self {
        if envelope.aws_account_id.as_str() == LOCAL_ACCOUNT { Self::Local } else { Self::Unknown }
    }

    /// Adds to a remediation on AWS what to do in a local cloud, if the stack may be in one.
    fn complete(self, on_aws: String) -> String {
        match self {
            Self::Aws => on_aws,
            Self::Local => IN_THE_LOCAL_CLOUD.into(),
            #[cfg(feature = "cli")]
            Self::Unknown => {
                format!("{on_aws}; in a local cloud, which cannot repair a stack, deploy with `--fresh` instead")
            }
        }
    }
}

/// How to bring a stack out of a status in which no change set can update it. `None` if nothing has to be done by hand.
#[must_use]
#[cfg(any(feature = "cli", test))]
pub(crate) fn for_status(status: &StackStatus, envelope: &Envelope, cloud: CloudKind) -> Option<String> {
    Some(cloud.complete(on_aws(status, envelope, cloud)?))
}

/// What to do after a deploy that CloudFormation did not undo. The deploy must still hold its lock: without it, the lock to clear
/// would be a newer deploy's.
#[must_use]
pub(crate) fn with_lock_kept(status: &StackStatus, envelope: &Envelope, cloud: CloudKind) -> Option<String> {
    let on_aws = on_aws(status, envelope, cloud)?;
    Some(cloud.complete(format!("{on_aws}; then unlock")))
}

fn on_aws(status: &StackStatus, envelope: &Envelope, cloud: CloudKind) -> Option<String> {
    let fix = "fix the resources that its events show as failed";
    let how = |operation| how(operation, envelope, cloud);
    Some(match status {
        StackStatus::UpdateRollbackFailed => {
            format!("{fix}, then continue the rollback {}", how("continue-update-rollback"))
        }
        StackStatus::UpdateFailed => format!("{fix}, then roll the stack back {}", how("rollback-stack")),
        // `rollback-stack` takes stacks in CREATE_FAILED and UPDATE_FAILED alone.
        StackStatus::ImportRollbackFailed => {
            "CloudFormation has no command for this status, so contact AWS Support; do not delete the stack, as that \
             deletes resources that are in use"
                .into()
        }
        StackStatus::CreateFailed => format!(
            "the stack was never created completely: if it still exists and nothing uses its resources, delete it {}",
            how("delete-stack")
        ),
        StackStatus::RollbackFailed => format!(
            "the stack was never created completely, and not all of its resources could be deleted: {fix}, then delete \
             it {}",
            how("delete-stack")
        ),
        StackStatus::DeleteFailed => format!(
            "{fix}, then delete the stack again {}; to keep a resource and its data, add `--retain-resources` with its \
             logical id",
            how("delete-stack")
        ),
        _ => return None,
    })
}

/// What to do about a stack that a change set can neither create nor update now.
#[must_use]
pub(crate) fn before_deploy(status: &StackStatus, envelope: &Envelope, cloud: CloudKind) -> String {
    if status.is_in_progress() {
        return "another CloudFormation operation is changing it: wait until that has ended, then deploy again".into();
    }
    match on_aws(status, envelope, cloud) {
        Some(on_aws) => cloud.complete(format!("{on_aws}; then deploy again")),
        None => format!(
            "see its events in account {}, bring it into a status that can be updated, such as UPDATE_COMPLETE, then \
             deploy again",
            envelope.aws_account_id
        ),
    }
}

/// What to do after a deploy during which the stack was deleted, not by the deploy. An update then kept its lock, and must still
/// hold it.
#[must_use]
pub(crate) fn after_deletion(is_update: bool) -> String {
    if is_update { format!("unlock, then {AFTER_DELETION}") } else { AFTER_DELETION.to_owned() }
}

const AFTER_DELETION: &str = "deploy again to create it; a resource that was kept (`DeletionPolicy: Retain`) \
    still has the name that the new one needs, so first import it, or rename it in the template";

/// How to start an operation on the stack: with a command if it is known to be on AWS. Names the account: a user's own
/// credentials may be for another one.
fn how(operation: &str, envelope: &Envelope, cloud: CloudKind) -> String {
    let (account, region) = (&envelope.aws_account_id, &envelope.aws_region);
    let name = stack_name(envelope);
    if cloud == CloudKind::Aws {
        format!("in account {account}: `aws cloudformation {operation} --stack-name {name} --region {region}`")
    } else {
        format!("in account {account}, region {region} (stack {name}, CloudFormation operation `{operation}`)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::sample;

    fn envelope() -> Envelope {
        Envelope { aws_account_id: "222222222222".parse().unwrap(), ..sample::release().envelope }
    }

    /// Each status, the command that its text names, and why that command is safe in every state of a deploy.
    const REMEDIATIONS: [(&str, Option<&str>); 23] = [
        // Nothing to do by hand: a change set can update the stack.
        ("CREATE_COMPLETE", None),
        ("UPDATE_COMPLETE", None),
        ("UPDATE_ROLLBACK_COMPLETE", None),
        ("IMPORT_COMPLETE", None),
        ("IMPORT_ROLLBACK_COMPLETE", None),
        // Nothing to do by hand: the next deploy creates the stack.
        ("REVIEW_IN_PROGRESS", None),
        ("ROLLBACK_COMPLETE", None),
        ("DELETE_IN_PROGRESS", None),
        ("DELETE_COMPLETE", None),
        // CloudFormation is changing the stack. A command by hand would be refused or would interfere.
        ("CREATE_IN_PROGRESS", None),
        ("ROLLBACK_IN_PROGRESS", None),
        ("UPDATE_IN_PROGRESS", None),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", None),
        ("UPDATE_ROLLBACK_IN_PROGRESS", None),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", None),
        ("IMPORT_IN_PROGRESS", None),
        ("IMPORT_ROLLBACK_IN_PROGRESS", None),
        // The stack was in service before: never delete it. The commands restore what was deployed last.
        ("UPDATE_ROLLBACK_FAILED", Some("continue-update-rollback")),
        ("UPDATE_FAILED", Some("rollback-stack")),
        // In service, and no command restores it.
        ("IMPORT_ROLLBACK_FAILED", None),
        // Never in service as a whole. CREATE_FAILED only under the condition that nothing uses its resources.
        ("CREATE_FAILED", Some("delete-stack")),
        ("ROLLBACK_FAILED", Some("delete-stack")),
        // The deletion was started already, and CloudFormation allows nothing else.
        ("DELETE_FAILED", Some("delete-stack")),
    ];

    #[test]
    fn command_for_each_status() {
        for (status, command) in REMEDIATIONS {
            let text = for_status(&status.into(), &envelope(), CloudKind::Aws).unwrap_or_default();
            let named = text.split_once("`aws cloudformation ").and_then(|(_, rest)| rest.split(' ').next());
            assert_eq!(named, command, "{status}: {text}");
            if command.is_some() {
                let arguments = "--stack-name sam-coinbase-deploy-test-development --region us-east-1`";
                assert!(text.contains(arguments) && text.contains("in account 222222222222"), "{status}: {text}");
            }
        }
    }

    #[test]
    fn conditions_of_dangerous_commands() {
        let text = |status: &str| for_status(&status.into(), &envelope(), CloudKind::Aws).unwrap();
        assert!(text("CREATE_FAILED").contains("if it still exists and nothing uses its resources"));
        assert!(text("IMPORT_ROLLBACK_FAILED").contains("do not delete the stack"));
        assert!(text("DELETE_FAILED").contains("`--retain-resources`"));
    }

    #[test]
    fn before_a_deploy_operations_in_progress_are_waited_for() {
        for (status, _) in REMEDIATIONS {
            let status = StackStatus::from(status);
            let text = before_deploy(&status, &envelope(), CloudKind::Aws);
            assert_eq!(text.contains("wait until that has ended"), status.is_in_progress(), "{status}: {text}");
            assert!(text.ends_with("then deploy again"), "{status}: {text}");
        }
    }

    #[cfg(feature = "cli")]
    fn texts(status: &StackStatus, envelope: &Envelope, cloud: CloudKind) -> Vec<String> {
        let by_status = [for_status(status, envelope, cloud), with_lock_kept(status, envelope, cloud)];
        by_status.into_iter().flatten().chain([before_deploy(status, envelope, cloud)]).collect()
    }

    #[test]
    #[cfg(feature = "cli")]
    fn local_cloud_gets_no_command_for_aws() {
        for (status, _) in REMEDIATIONS {
            for text in texts(&status.into(), &envelope(), CloudKind::Local) {
                assert!(!text.contains("aws ") && !text.contains("unlock"), "{status}: {text}");
            }
        }
    }

    #[test]
    #[cfg(feature = "cli")]
    fn unknown_cloud_gets_no_command_for_aws() {
        for (status, command) in REMEDIATIONS {
            for text in texts(&status.into(), &envelope(), CloudKind::Unknown) {
                assert!(!text.contains("aws "), "{status}: {text}");
                if let Some(operation) = command {
                    let place = format!(
                        "in account 222222222222, region us-east-1 (stack {}, CloudFormation operation `{operation}`)",
                        stack_name(&envelope())
                    );
                    assert!(text.contains(&place) && text.contains("in a local cloud"), "{status}: {text}");
                }
            }
        }
    }

    #[test]
    #[cfg(feature = "cli")]
    fn release_alone_never_shows_that_a_stack_is_on_aws() {
        let kinds = [sample::release().envelope, envelope()].map(|envelope| CloudKind::of_release(&envelope));
        assert_eq!(kinds, [CloudKind::Local, CloudKind::Unknown]);
    }

    #[test]
    fn cloud_of_a_deployer_account() {
        let mut account = crate::harness::new_harness(&[]).cloud().account();
        for (arguments, kind) in [
            ("", CloudKind::Aws),
            (" --deployer acme-fenrir", CloudKind::Aws),
            (" --local", CloudKind::Local),
            (" --deployer acme-fenrir --cloud own.json", CloudKind::Local),
        ] {
            account.cloud_arguments = arguments.into();
            assert_eq!(CloudKind::of(&account), kind, "{arguments}");
        }
    }

    #[test]
    fn unknown_status_names_no_command() {
        let status = StackStatus::from("SOMETHING_NEW_FAILED");
        assert_eq!(for_status(&status, &envelope(), CloudKind::Aws), None);
        assert!(!before_deploy(&status, &envelope(), CloudKind::Aws).contains("aws cloudformation"));
    }
}
